"""What a person has set up for matplotlib changes no picture, crashes nothing, prints nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

# Not UTF-8; and a setting that leaves all colours out of a PDF.
BROKEN = b"font.family: \xff\n"
COLOURLESS = b"pdf.inheritcolor: True\npath.sketch: 2, 100, 2\nfont.size: 30\n"
TINY = "samples: 60\nwidth: 12\nlayers: 2\nactivation: sigmoid\ninitializer: xavier_normal\n"
FORMATS = ("--format", "png", "--format", "pdf")


def pictures(out: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(out, "tiny").glob("*.p*")}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The pictures as they are made in this process."""
    folder = tmp_path_factory.mktemp("expected")
    config = folder / "tiny.yaml"
    config.write_text(TINY)
    assert main(["histogram", "-c", str(config), "-o", str(folder), "-q", *FORMATS]) == 0
    found = pictures(str(folder))
    assert len(found) == 4
    return found


@pytest.fixture
def expected(drawn: dict[str, bytes], here: Path) -> dict[str, bytes]:
    """These pictures, of the spec that is in the current folder."""
    Path("tiny.yaml").write_text(TINY)
    return drawn


def here(content: bytes) -> dict[str, str]:
    Path("matplotlibrc").write_bytes(content)
    return {}


def named(content: bytes) -> dict[str, str]:
    Path("mine").write_bytes(content)
    return {"MATPLOTLIBRC": "mine"}


def configured(content: bytes) -> dict[str, str]:
    folder = Path("config/matplotlib")
    folder.mkdir(parents=True)
    folder.joinpath("matplotlibrc").write_bytes(content)
    return {"XDG_CONFIG_HOME": str(Path("config").absolute())}


def backend(name: str) -> dict[str, str]:
    return {"MPLBACKEND": name}


def homeless() -> dict[str, str]:
    """A home in which no folder can be made, and no configuration elsewhere."""
    Path("file").touch()
    home = str(Path("file").absolute())
    return {"HOME": home, "USERPROFILE": home, "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": ""}


PLACES = {
    "here": lambda: here(BROKEN) | backend("module://nowhere.backend"),
    "named": lambda: named(BROKEN) | backend("Agg "),
    "configured": lambda: configured(COLOURLESS) | backend("inline"),
    "homeless": lambda: homeless() | named(COLOURLESS),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_run(process: Callable, expected: dict, place: str):
    run = process("histogram", "-c", "tiny.yaml", "-q", *FORMATS, env=PLACES[place]())
    assert (run.code, run.out, run.err) == (0, "", "")
    assert pictures("outputs") == expected


def test_no_temporary_folder_is_left(process: Callable, expected: dict, tmp_path: Path):
    """Also by processes that are killed at the end of a batch."""
    place = tmp_path / "temporary"
    place.mkdir()
    env = homeless() | {name: str(place) for name in ("TMPDIR", "TEMP", "TMP")}
    run = process("batch", "tiny.yaml", "-q", "-j", 2, *FORMATS, env=env)
    assert (run.code, run.out, run.err) == (0, "", "")
    assert pictures("outputs") == expected
    assert list(place.iterdir()) == []


def test_a_batch_in_processes(process: Callable, expected: dict):
    run = process("batch", "tiny.yaml", "-q", "-j", 2, *FORMATS, env=PLACES["here"]())
    assert (run.code, run.out, run.err) == (0, "", "")
    assert pictures("outputs") == expected
