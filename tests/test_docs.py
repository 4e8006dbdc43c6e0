"""The README and every page of docs/: files are written, commands run, and print what is shown."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from support.markdown import PAGES, ROOT, Block, Command, blocks, steps
from support.written_pages import PAGES as WRITTEN_PAGES
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.cli import COMMANDS, main, winit
from weightinit_cli.initializers import INITIALIZERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DOCS = ROOT / "docs"

# Commands that are shown and not run here, by their beginnings, and why.
NOT_RUN = {
    "python3 -m venv .venv": "installs winit; .ci/run runs both commands in clones of their own",
    "winit batch big.yaml --scheduler": "needs a cluster; tests/batch has one",
    "winit conform torch.nn.init:": "tests/conformity/test_peers_live.py calls torch, where it is",
    "winit conform keras.initializers:": "the same of Keras",
    "winit conform jax.nn.initializers:": "the same of JAX",
}
# Commands whose exit code says something, and which.
EXITS = {
    "winit validate typo.yaml": 2,
    "winit conform init.py:": 1,
    "winit check specs --against baseline --output-format github": 1,
    "winit check specs --against baseline --update": 1,
    "winit probe mymodel.py:build --input 8,3,16,16": 1,
}
NEEDS_TORCH = re.compile(r"\bwinit probe\b|\bimport torch\b|\bfrom torch\b|\btorch\.")


def commands(page: Path) -> list[str]:
    return [step.line for step in steps(page) if isinstance(step, Command)]


def write(block: Block) -> None:
    path = Path(block.file)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(block.text, "utf-8")


def words(lines: Iterable[str]) -> str:
    """A text whose lines may be broken anywhere, and whose columns may be of any width."""
    return " ".join(" ".join(lines).split())


def pieces(printed: list[str]) -> Iterator[str]:
    """What is printed, between the places where something is left out."""
    piece: list[str] = []
    for line in [*printed, "..."]:
        if line == "...":
            yield words(piece)
            piece = []
        else:
            piece.append(line)


def run(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command in the current folder; return its exit code, and what it prints."""
    if line.startswith("winit ") and not re.search(r"[|>]", line):
        code = main(shlex.split(line, comments=True)[1:])
        return code, "".join(capsys.readouterr())
    here = f'winit() {{ "{sys.executable}" -m weightinit_cli "$@"; }}; '
    here += f'python() {{ "{sys.executable}" "$@"; }}; set -o pipefail; '
    done = subprocess.run(["bash", "-c", here + line], check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The current folder, whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.usefixtures("empty_folder")
def test_the_page_can_be_walked(page: Path, capsys: pytest.CaptureFixture[str]):
    found = steps(page)
    for step in found:
        if isinstance(step, Block) and step.file:
            write(step)
    names: dict[str, object] = {}
    for step in found:
        text = step.line if isinstance(step, Command) else step.text
        if NEEDS_TORCH.search(text) and find_spec("torch") is None:
            continue
        if isinstance(step, Command):
            hold(step, capsys)
        elif step.file:
            write(step)
        elif step.kind == "python":
            if find_spec("pandas") is None:
                text = re.sub(r"^.*to_frame.*\n", "", text, flags=re.MULTILINE)
            exec(text, names)  # noqa: S102


def hold(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a command, and see that it ends and prints as the page says."""
    line = command.line
    if line.startswith(tuple(NOT_RUN)):
        return
    code, out = run(line, capsys)
    expected = next((EXITS[each] for each in EXITS if line.startswith(each)), 0)
    assert code == expected, f"{line}\n{out}"
    for piece in pieces(command.printed):
        assert piece in words([out]), line


def test_what_is_not_run_is_shown():
    shown = [line for page in PAGES for line in commands(page)]
    for beginning in (*NOT_RUN, *EXITS):
        assert any(line.startswith(beginning) for line in shown), beginning


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_stand_where_they_are_run(page: Path):
    """Not in blocks that are indented, nor in fences without a name or of another one."""
    if page in WRITTEN_PAGES:  # which show what commands print
        return
    text = page.read_text("utf-8")
    assert len(re.findall(r"^ *```", text, re.MULTILINE)) == 2 * len(list(blocks(page)))
    assert re.findall(r"^    (?:\$ |winit |python3? |pip ).*", text, re.MULTILINE) == []
    assert {block.kind for block in blocks(page)} <= {
        "console",
        "python",
        "sh",
        "text",
        "toml",
        "yaml",
    }
    for block in blocks(page):
        if block.kind == "text":
            assert re.findall(r"^\$? ?winit .*", block.text, re.MULTILINE) == []


def inline(page: Path) -> list[list[str]]:
    """The words of the commands of winit within sentences."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [each.split() for each in re.findall(r"`(winit[\s][^`]*)`", text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_within_sentences_are_there(page: Path):
    """Their names and options; what they are given may be a placeholder there."""
    for _, name, *rest in inline(page):
        if not name.isupper() and name.islower() and name.isalpha():
            assert name in COMMANDS, f"winit {name}"
            command = winit.get_command(None, name)  # type: ignore[arg-type]
            assert command is not None
            known = {each for option in command.params for each in option.opts}
            given = {each for each in rest if re.fullmatch(r"--?[a-z][a-z-]*", each)}
            assert given <= known | {"-h", "--help"}, f"winit {name} {' '.join(rest)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_are_named_are_there(page: Path):
    text = page.read_text("utf-8")
    for name in re.findall(r"\bpython ((?:benchmarks|tests)/\S+?\.py)", text):
        assert (ROOT / name).is_file()
    for name in re.findall(r"`((?:benchmarks|tests)/\w[\w/]*\.py)`", text):
        assert (ROOT / name).is_file() or any(block.file == name for block in blocks(page)), name


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_listed():
    for start in (DOCS / "index.md", ROOT / ".mkdocs.yml"):
        text = start.read_text("utf-8")
        for page in DOCS.glob("*.md"):
            assert page.name == start.name or page.name in text, f"{page.name} in {start.name}"


@pytest.mark.parametrize("page", WRITTEN_PAGES, ids=lambda page: page.stem)
def test_a_page_of_what_winit_prints_is_that(page: Path):
    assert page.read_text("utf-8") == WRITTEN_PAGES[page](), (
        "tests/support/written_pages.py writes it"
    )


def test_the_workflow_runs_what_the_page_does():
    page = DOCS / "initializers.md"
    (workflow,) = (each.text for each in blocks(page) if each.text.startswith("name: initializers"))
    (job,) = yaml.safe_load(workflow)["jobs"].values()
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs[1].removesuffix(" --output-format github") in commands(page)
    assert runs[2] in commands(page)


def test_the_entry_points_are_of_the_tables_groups():
    (text,) = (each.text for each in blocks(DOCS / "initializers.md") if each.kind == "toml")
    assert list(tomllib.loads(text)["project"]["entry-points"]) == [INITIALIZERS.group]
    assert ACTIVATIONS.group in (DOCS / "activations.md").read_text("utf-8")
