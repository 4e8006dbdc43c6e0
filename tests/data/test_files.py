"""Where the files lie, how they are spelled, and their checksums."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from support.idx import IMAGES, LABELS, t10k
from weightinit_cli.data import NAMES, checksums, load, mnist
from weightinit_cli.errors import WinitError

DOTTED = {IMAGES: "t10k-images.idx3-ubyte", LABELS: "t10k-labels.idx1-ubyte"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("mnist")
    t10k(place)
    return place


def said(name: str, folder: str | Path | None) -> str:
    """The one line that both calls say."""
    lines = set()
    for call in (checksums, load):
        with pytest.raises(WinitError) as caught:
            call(name, folder)
        lines.update(caught.value.lines)
    (line,) = lines
    return line


def test_checksums_are_of_the_content(folder: Path):
    expected = {file: sha256((folder / file).read_bytes()).hexdigest() for file in (IMAGES, LABELS)}
    assert checksums("mnist_t10k", folder) == expected
    assert checksums("mnist_t10k", str(folder)) == expected
    assert load("mnist_t10k", folder).checksums == expected


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("names", [{}, DOTTED], ids=["canonical", "dotted"])
def test_every_spelling_is_the_same_data(
    folder: Path, tmp_path: Path, names: dict[str, str], packed: bool
):
    for file in (IMAGES, LABELS):
        content = (folder / file).read_bytes()
        name = names.get(file, file)
        (tmp_path / name).mkdir()  # some archives have a folder of the file's name
        if packed:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content, 1))
        else:
            (tmp_path / name).rmdir()
            (tmp_path / name).write_bytes(content)
    assert checksums("mnist_t10k", tmp_path) == checksums("mnist_t10k", folder)


def test_a_file_is_read_once_as_long_as_it_stays(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for file in (IMAGES, LABELS):
        shutil.copy(folder / file, tmp_path)
    read = []

    def counted(path: Path, shape: tuple[int, ...]) -> bytes:
        read.append(path.name)
        return path.read_bytes()

    monkeypatch.setattr(mnist, "read_idx", counted)
    monkeypatch.chdir(tmp_path)
    first = checksums("mnist_t10k", tmp_path)
    assert checksums("mnist_t10k", ".") == first
    assert read == [IMAGES, LABELS]
    content = bytearray((tmp_path / LABELS).read_bytes())
    content[-1] ^= 1
    (tmp_path / LABELS).write_bytes(content)
    os.utime(tmp_path / LABELS, ns=(0, 1))
    second = checksums("mnist_t10k", tmp_path)
    assert read == [IMAGES, LABELS, LABELS]
    assert second[IMAGES] == first[IMAGES]
    assert second[LABELS] != first[LABELS]


@pytest.mark.parametrize("name", ["mnist_t10k", "mnist"])
@pytest.mark.parametrize("folder", [None, ""])
def test_no_folder_given(name: str, folder: str | None):
    expected = f"{name}: needs a folder of files: give --data-dir or set WINIT_DATA_DIR"
    assert said(name, folder).startswith(f"{expected}; to be had from https://")


def test_a_folder_that_is_none(tmp_path: Path):
    advice = "--data-dir or WINIT_DATA_DIR must name that of mnist's files"
    there = tmp_path / "file"
    assert said("mnist", there) == f"{there}: no such folder; {advice}"
    assert said("mnist", there / "below") == f"{there / 'below'}: no such folder; {advice}"
    there.touch()
    assert said("mnist", there) == f"{there}: not a folder; {advice}"
    assert said("mnist", there / "below") == f"{there / 'below'}: no such folder; {advice}"


def test_a_folder_that_cannot_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert said("mnist", loop).startswith(f"{loop}: Too many levels")
    assert "null" in said("mnist", "a\0b")

    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    assert said("mnist", tmp_path) == f"{tmp_path}: Permission denied"


def test_missing_files(folder: Path, tmp_path: Path):
    source = (
        "to be had from https://ossci-datasets.s3.amazonaws.com/mnist/: winit downloads nothing"
    )
    assert said("mnist_t10k", tmp_path) == (
        f"{tmp_path}: lacks {IMAGES}, {LABELS} "
        f"(each plain or .gz, or spelled t10k-images.idx3-ubyte); {source}"
    )
    assert said("mnist", folder) == (
        f"{folder}: lacks train-images-idx3-ubyte, train-labels-idx1-ubyte "
        f"(each plain or .gz, or spelled train-images.idx3-ubyte); {source}"
    )


def test_what_is_no_file_counts_as_missing(tmp_path: Path):
    os.mkfifo(tmp_path / IMAGES)  # opening it would wait for ever
    assert f"lacks {IMAGES}, " in said("mnist_t10k", tmp_path)


def test_unknown_name():
    assert said("minst", None) == "unknown data set 'minst'; there are digits, mnist_t10k, mnist"
    assert set(NAMES) == {"digits", *mnist.FILES}


def test_the_names_cost_nothing():
    code = (
        "import sys, weightinit_cli.data\n"
        "print(sorted({'numpy', 'sklearn', 'scipy', 'gzip'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8"
    )
    assert run.stdout == "[]\n"
