"""Which files of folders are specs of a batch: each once, and nothing is left out in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from weightinit_cli.batch import find_specs


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a folder `cfg` that holds b.yaml, and `other` with x.yaml."""
    monkeypatch.chdir(tmp_path)
    for name in ("cfg/b.yaml", "other/x.yaml"):
        write(name)
    return tmp_path


def write(name: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("activation: relu\n")
    return path


def link(name: str, target: str) -> None:
    path = Path(name)
    try:
        path.symlink_to(target, target_is_directory=(path.parent / target).is_dir())
    except OSError:
        pytest.skip("no right to make links")


def found(*paths: str, exclude: tuple[str, ...] = ()) -> tuple[list[str], list[str], list[str]]:
    specs, left_out, problems = find_specs(paths, exclude)
    return (
        [Path(spec).as_posix() for spec in specs],
        [line.replace("\\", "/") for line in left_out],
        [str(problem).replace("\\", "/") for problem in problems],
    )


def test_in_order_to_the_bottom():
    for name in ("cfg/z.yml", "cfg/deep/er/c.yaml", "cfg/A.YAML", "cfg/d.Yml", "cfg/notes.txt"):
        write(name)
    names = ["A.YAML", "b.yaml", "d.Yml", "deep/er/c.yaml", "z.yml"]
    expected = sorted(f"cfg/{name}" for name in names)
    assert found("cfg") == (expected, [], [])
    assert found("other", "cfg")[0] == ["other/x.yaml", *expected]


def test_a_linked_folder_is_searched():
    link("cfg/shared", "../other")
    assert found("cfg") == (["cfg/b.yaml", "cfg/shared/x.yaml"], [], [])


@pytest.mark.parametrize("order", [("cfg", "other"), ("other", "cfg")])
def test_a_real_folder_is_searched_once_and_by_its_own_name(order: tuple[str, str]):
    link("cfg/shared", "../other")
    specs, left_out, problems = found(*order)
    assert sorted(specs) == ["cfg/b.yaml", "other/x.yaml"]
    assert left_out == ["cfg/shared: left out: the same folder as other"]
    assert problems == []


def test_links_in_a_circle_end():
    link("cfg/loop", ".")
    link("cfg/up", "..")
    specs, left_out, problems = found("cfg")
    assert specs == ["cfg/b.yaml", "cfg/up/other/x.yaml"]
    assert left_out == [
        "cfg/loop: left out: the same folder as cfg",
        "cfg/up/cfg: left out: the same folder as cfg",
    ]
    assert problems == []


@pytest.mark.parametrize("paths", [("cfg",), ("cfg/0link.yaml", "cfg/b.yaml")])
def test_a_file_under_two_names_is_taken_by_its_own(paths: tuple[str, ...]):
    link("cfg/0link.yaml", "b.yaml")
    told = ["cfg/0link.yaml: left out: the same file as cfg/b.yaml"]
    assert found(*paths) == (["cfg/b.yaml"], told, [])
    assert found("cfg/0link.yaml") == (["cfg/0link.yaml"], [], [])


def test_of_two_links_to_a_file_elsewhere_the_first_is_taken():
    link("cfg/l1.yaml", "../other/x.yaml")
    link("cfg/l2.yaml", "../other/x.yaml")
    told = ["cfg/l2.yaml: left out: the same file as cfg/l1.yaml"]
    assert found("cfg") == (["cfg/b.yaml", "cfg/l1.yaml"], told, [])


def test_of_two_names_without_a_link_the_first_is_taken():
    try:
        os.link("cfg/b.yaml", "cfg/c.yaml")
    except OSError:
        pytest.skip("no hard links here")
    told = ["cfg/c.yaml: left out: the same file as cfg/b.yaml"]
    assert found("cfg") == (["cfg/b.yaml"], told, [])


def test_the_same_name_twice_needs_no_word():
    assert found("cfg", "cfg", "cfg/b.yaml", "./cfg/b.yaml") == (["cfg/b.yaml"], [], [])


def test_a_link_is_taken_where_the_real_file_is_excluded():
    link("cfg/0link.yaml", "b.yaml")
    assert found("cfg", exclude=("b.yaml",)) == (["cfg/0link.yaml"], ["cfg/b.yaml: excluded"], [])


def test_dead_links():
    link("cfg/dead.yaml", "gone.yaml")
    link("cfg/round.yaml", "round.yaml")
    link("cfg/gone", "nowhere")
    specs, left_out, problems = found("cfg")
    assert specs == ["cfg/b.yaml"]
    assert left_out == ["cfg/gone: left out: a link that leads nowhere"]
    assert [line.partition(",")[0] for line in problems] == [
        "cfg/dead.yaml: a link to gone.yaml",
        "cfg/round.yaml: a link to round.yaml",
    ]


def test_what_is_hidden_is_not_searched():
    for name in (".ipynb_checkpoints/b.yaml", ".github/workflows/ci.yml", ".own.yaml", ".rc"):
        write(f"cfg/{name}")
    told = ["cfg: left out, as hidden: .github, .ipynb_checkpoints, .own.yaml"]
    assert found("cfg") == (["cfg/b.yaml"], told, [])
    assert found("cfg/.own.yaml") == (["cfg/.own.yaml"], [], [])
    assert found("cfg/.github")[0] == ["cfg/.github/workflows/ci.yml"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_is_no_regular_file_is_not_opened():
    os.mkfifo("cfg/pipe.yaml")
    told = ["cfg/pipe.yaml: no regular file, so it is not read"]
    assert found("cfg") == (["cfg/b.yaml"], [], told)


def test_a_folder_of_that_name_hides_no_shipped_config():
    Path("relu_he").mkdir()
    assert found("relu_he") == (["relu_he"], [], [])
    assert found("./relu_he")[2] == ["./relu_he: a folder without *.yaml or *.yml"]


def test_an_unreadable_folder_stops_no_other(monkeypatch: pytest.MonkeyPatch):
    write("cfg/locked/c.yaml")
    scandir = os.scandir

    def guarded(place: Path):
        if Path(place).name == "locked":
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", guarded)
    told = ["cfg/locked: cannot be searched: permission denied"]
    assert found("cfg", "other") == (["cfg/b.yaml", "other/x.yaml"], [], told)
    assert found("cfg/locked")[2] == told
