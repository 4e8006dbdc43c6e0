"""IDX files: what goes in comes out, and whatever else is refused in a line."""

from __future__ import annotations

import gzip
import re
import tracemalloc
from math import prod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.idx import idx
from weightinit_cli.data.mnist import header_size, read_idx
from weightinit_cli.errors import WinitError

SHAPE = (2, 3)
RIGHT = idx(np.arange(6, dtype=np.uint8).reshape(SHAPE))
PACKED = gzip.compress(RIGHT, mtime=0)


def message(path: Path, shape: tuple[int, ...] = SHAPE) -> str:
    """What is said of a file, without its name."""
    with pytest.raises(WinitError) as caught:
        read_idx(path, shape)
    assert caught.value.exit_code == 2
    (line,) = caught.value.lines
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line.removeprefix(f"{path}: ")


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple), st.data(), st.booleans())
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, ...],
    data: st.DataObject,
    packed: bool,
):
    size = prod(shape)
    values = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), np.uint8)
    content = idx(values.reshape(shape))
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read_idx(path, shape) == content
    assert content[header_size(shape) :] == values.tobytes()


def test_the_name_does_not_say_whether_it_is_compressed(tmp_path: Path):
    for name, content in (("a", PACKED), ("b.gz", RIGHT), ("c", RIGHT), ("d.gz", PACKED)):
        path = tmp_path / name
        path.write_bytes(content)
        assert read_idx(path, SHAPE) == RIGHT


CASES = {
    b"": "empty, must be an IDX file of 2 x 3 unsigned bytes",
    b"\0\0": "truncated within its header",
    RIGHT[:11]: "truncated within its header",
    RIGHT[:-1]: "truncated: ends after 17 bytes, must be the 18 of its header",
    RIGHT + b"\0": "goes on after the 18 bytes that its header promises",
    b"\x89PNG": "not an IDX file: begins with 89 50 4e 47, must be 00 00 08 02",
    b"<html>": "not an IDX file: begins with 3c 68 74 6d, must be 00 00 08 02",
    b"<": "not an IDX file: begins with 3c, must be 00 00 08 02",
    idx(np.zeros(SHAPE, ">f4"), 0x0D): "holds 32-bit floats, must be unsigned bytes",
    idx(np.zeros(SHAPE, np.int8), 0x09): "holds signed bytes, must be unsigned bytes",
    idx(np.zeros(SHAPE, np.int8), 0x77): "holds values of unknown type 77, must be unsigned bytes",
    idx(np.zeros(6, np.uint8)): "dimensions: 1, must be 2 (2 x 3)",
    idx(np.zeros((3, 2), np.uint8)): "holds 3 x 2 values, must be 2 x 3",
    idx(np.zeros((1, 3), np.uint8)): "holds 1 x 3 values, must be 2 x 3",
    b"\0\0\x08\x02" + b"\xff" * 8: "holds 4,294,967,295 x 4,294,967,295 values, must be 2 x 3",
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("content", "said"), CASES.items(), ids=CASES.values())
def test_what_is_not_right_is_refused(tmp_path: Path, content: bytes, said: str, packed: bool):
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert message(path) == said


@pytest.mark.parametrize("length", [2, 5, 15, len(PACKED) - 9, len(PACKED) - 1])
def test_truncated_gzip(tmp_path: Path, length: int):
    path = tmp_path / "file.gz"
    path.write_bytes(PACKED[:length])
    assert message(path) == "truncated: the gzip data end too early"


@pytest.mark.parametrize("place", [2, 10, len(PACKED) - 8], ids=["method", "data", "checksum"])
def test_broken_gzip(tmp_path: Path, place: int):
    path = tmp_path / "file.gz"
    path.write_bytes(PACKED[:place] + bytes([PACKED[place] ^ 0xFF]) + PACKED[place + 1 :])
    assert re.fullmatch(r"broken gzip data \(.+\); get the file again", message(path))


def test_gzip_followed_by_something_else(tmp_path: Path):
    path = tmp_path / "file.gz"
    path.write_bytes(PACKED + b"something")
    assert message(path).startswith("broken gzip data")


@settings(deadline=None)
@given(st.integers(0, len(PACKED) - 1), st.binary(max_size=3), st.integers(0, 5))
def test_damage_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, place: int, other: bytes, gone: int
):
    path = tmp_path_factory.mktemp("damage") / "file.gz"
    path.write_bytes(PACKED[:place] + other + PACKED[place + gone :])
    try:
        assert read_idx(path, SHAPE) == RIGHT  # a name or a date in its header
    except WinitError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017


def test_a_bomb_is_not_blown_up(tmp_path: Path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as bomb:
        bomb.write(RIGHT)
        for _ in range(64):
            bomb.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        assert message(path) == "goes on after the 18 bytes that its header promises"
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert message(tmp_path / "none") == "No such file or directory"
    assert message(tmp_path) == "Is a directory"

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert message(tmp_path / "secret") == "Permission denied"
