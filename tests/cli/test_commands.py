"""The other commands: validate, schema, list, new, show, plot; help and version."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from support.trees import edit
from weightinit_cli import __version__, load_result, load_spec
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.cli import COMMANDS, terminal
from weightinit_cli.cli.paths import TargetText
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.spec import shipped_configs
from weightinit_cli.spec.kinds import GRID, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

MODELINE = "# yaml-language-server: $schema=winit.schema.json"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def saved(winit: Callable, spec: Callable) -> Path:
    """The folder of a saved result, without its spec beside it."""
    path = spec()
    assert winit("histogram", "-c", path).code == 0
    path.unlink()
    return Path("outputs/tiny")


# validate


def test_validate(winit: Callable, spec: Callable):
    spec("a.yaml")
    spec("b.yaml")
    run = winit("validate", "a.yaml", "b.yaml")
    assert (run.code, run.out, run.err) == (0, "a.yaml: ok, 1 run\nb.yaml: ok, 1 run\n", "")
    assert not Path("outputs").exists()


def test_validate_tries_every_file(winit: Callable, spec: Callable):
    Path("a.yaml").write_text("activation: sigmod\ninitializer: xavier_normal\nlayers: 0\n")
    spec("b.yaml")
    run = winit("validate", "a.yaml", "b.yaml", "missing.yaml")
    assert (run.code, run.out) == (2, "b.yaml: ok, 1 run\n")
    starts = ["a.yaml:1:13: activation: ", "a.yaml:3:9: layers: ", "missing.yaml: no such file"]
    lines = run.err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


def test_validate_takes_bare_names_and_quiet(winit: Callable):
    assert winit("validate", "relu_he").out == "relu_he: ok, 1 run\n"
    run = winit("validate", "-q", "relu_he")
    assert (run.code, run.out, run.err) == (0, "", "")


@pytest.mark.skipif(os.name != "posix", reason="such names are POSIX")
def test_validate_gives_no_command_to_a_runner(winit: Callable, spec: Callable):
    spec("::error::x.yaml")
    assert winit("validate", "::error::x.yaml").out == "\\x3a:error::x.yaml: ok, 1 run\n"


def test_validate_searches_folders_as_batch_does(winit: Callable, spec: Callable):
    Path("cfg/.hidden").mkdir(parents=True)
    spec("cfg/b.yaml")
    spec("cfg/A.YAML")
    Path("cfg/.hidden/c.yaml").write_text("activation: sigmod\n")
    told = "cfg: left out, as hidden: .hidden\n"
    run = winit("validate", "cfg")
    lines = [f"{Path('cfg', name)}: ok, 1 run" for name in ("A.YAML", "b.yaml")]
    assert (run.code, run.out.splitlines(), run.err) == (0, lines, told)
    assert winit("validate", "-q", "cfg").err == ""
    assert winit("batch", "cfg", "--no-plot", "-j", 1).err == told
    assert winit("check", "cfg", "--against", "outputs").err == told
    Path("empty").mkdir()
    run = winit("validate", "empty", "cfg/b.yaml")
    assert (run.code, run.err) == (2, "empty: a folder without *.yaml or *.yml\n")


# standard input, paths


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Let standard input hold these bytes."""

    def put(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))

    return put


def test_a_spec_from_stdin(winit: Callable, spec: Callable, stdin: Callable):
    text = spec().read_bytes()
    for arguments, out in (
        (("validate", "-"), "-: ok, 1 run\n"),
        (("histogram", "-c", "-", "--no-plot"), f"{Path('outputs/spec/stats.json')}\n"),
        (("batch", "-", "--no-plot", "-j", 1), "1 run: 0 done, 1 skipped, 0 failed\n"),
        (("theory", "-c", "-"), "spec: "),
        (("fix", "-c", "-"), "spec: "),
        (("phase", "-c", "-"), "spec"),
        (("check", "-", "--against", "outputs"), "exact: 1 run, none differs"),
        (("new", "copy", "--like", "-"), "copy.yaml: written; run it with winit histogram"),
    ):
        stdin(text)
        run = winit(*arguments)
        assert (run.code, run.err) == (0, "")
        assert out in run.out
    assert Path("copy.yaml").read_bytes().endswith(text)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("symmetry", "experiment: symmetry\nsteps: 2\nactivation: tanh\ninitializer: zeros\n"),
        ("train", "experiment: training\nsteps: 2\nactivation: tanh\ninitializer: zeros\n"),
    ],
)
def test_another_spec_from_stdin(winit: Callable, stdin: Callable, command: str, text: str):
    if command == "train":
        pytest.importorskip("sklearn")
    stdin(text.encode())
    run = winit(command, "--config=-", "--no-plot")
    assert (run.code, run.err) == (0, "")
    assert Path("outputs/spec/stats.json").is_file()


@pytest.mark.parametrize("command", ["histogram", "symmetry", "train", "fix", "theory", "phase"])
def test_stdin_is_read_once(winit: Callable, command: str):
    run = winit(command, "-c", "-", "-c", "-")
    assert (run.code, run.out) == (2, "")
    assert "- is standard input, which is read once; give it once" in run.err


def test_stdin_that_is_a_terminal_is_asked_for(
    winit: Callable, spec: Callable, stdin: Callable, monkeypatch: pytest.MonkeyPatch
):
    stdin(spec().read_bytes())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    run = winit("validate", "-")
    assert (run.code, run.out) == (0, "-: ok, 1 run\n")
    assert run.err == "reading a spec from the terminal; ^D on a line of its own ends it\n"


def test_a_bad_spec_from_stdin(winit: Callable, stdin: Callable, monkeypatch: pytest.MonkeyPatch):
    Path("-").write_text("a file of this name is not meant")
    stdin(b"activation: sigmod\ninitializer: zeros\n")
    run = winit("histogram", "-c", "-", "--set", "seed=x")
    assert run.code == 2
    starts = ["stdin:1:13: activation: ", "--set seed=x: seed: "]
    for line, start in zip(run.err.splitlines(), starts, strict=True):
        assert line.startswith(start)
    monkeypatch.setattr(sys, "stdin", None)
    assert winit("validate", "-").err == "stdin: cannot be read: it is closed\n"


def test_home_at_the_start_of_a_path(
    winit: Callable, spec: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    spec().rename(home / "tiny.yaml")
    assert winit("histogram", "-c", "~/tiny.yaml", "-o", "~/out", "--no-plot").code == 0
    assert (home / "out" / "tiny" / "stats.json").is_file()
    assert winit("plot", "~/out/tiny", "-o", "~").code == 0
    assert winit("show", "~/out/tiny").code == 0
    assert (home / "depth.png").is_file()
    assert winit("check", "~/tiny.yaml", "--against", "~/out").code == 0
    assert winit("new", "~/new.yaml").code == 0
    assert winit("validate", "~").out.count(": ok") == 2
    assert not Path("~").exists()
    run = winit("histogram", "-c=~/tiny.yaml", "-o=~/with", "--junit=~/j.xml", "--no-plot", "-q")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert winit("histogram", "--config=~/tiny.yaml", "--output-dir=~/with", "-q").code == 0
    assert winit("fix", "-c", "~/tiny.yaml", "--write=~/mended", "-q").code == 0
    assert winit("plot", "~/with/tiny", "-o=~/pictures", "--style=~/none").err.startswith(str(home))
    for file in ("with/tiny/stats.json", "with/tiny/depth.png", "j.xml", "mended.yaml"):
        assert (home / file).is_file()
    (home / "init.py").write_text(
        "import weightinit_cli\n"
        "@weightinit_cli.initializer('mine')\n"
        "def mine(rng, shape, fans):\n    return rng.normal(size=shape)\n"
        "def drawn(rng, shape):\n    return rng.normal(size=shape)\n"
    )
    assert winit("list", "initializers", "--plugin=~/init.py").code == 0
    conformed = winit("conform", "~/init.py:drawn", "--like", "{name: normal, std: 1}")
    assert (conformed.code, conformed.err) == (0, "")
    assert [path.name for path in Path().iterdir()] == []
    assert winit("histogram", "-c", "relu_he", "-o", "a~", "--no-plot", "-q").code == 0
    assert Path("a~/relu_he").is_dir()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("~/net.py:build", "{}/net.py:build"),
        ("batch=~/x.npy", "batch={}/x.npy"),
        ("64,3,32,32", "64,3,32,32"),
        ("int:16,128<50257", "int:16,128<50257"),
        ("a~/x.npy", "a~/x.npy"),
    ],
)
def test_home_of_a_target_and_of_an_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, text: str
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert TargetText().convert(given, None, None) == text.format(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        *(("histogram", "-c", "relu_he", "-o", ""), ("batch", "relu_he", "-o", "")),
        *(("phase", "-a", "tanh", "-o", ""), ("check", "x", "--against", ""), ("new", "")),
        *(("show", ""), ("plot", ""), ("diff", "", "x"), ("check", "x", "--junit", "")),
        *(("check", ""), ("histogram", "-c", ""), ("batch", ""), ("validate", "")),
    ],
)
def test_an_empty_path_is_refused(winit: Callable, files: Callable, arguments: tuple):
    run = winit(*arguments)
    assert (run.code, run.out) == (2, "")
    assert "a path must not be empty; the current folder is '.'" in run.err
    assert files(Path()) == []


# schema


def test_schema_accepts_what_is_shipped(winit: Callable):
    run = winit("schema")
    assert (run.code, run.err) == (0, "")
    schema = json.loads(run.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in shipped_configs():
        validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"activation": "sigmod", "initializer": "zeros"})


# list


@pytest.mark.parametrize(
    ("what", "table"), [("initializers", INITIALIZERS), ("activations", ACTIVATIONS)]
)
def test_list_of_a_table(winit: Callable, what: str, table: dict):
    run = winit("list", what)
    assert (run.code, run.err) == (0, "")
    names = [line.split()[0] for line in run.out.splitlines()[1:] if line and line[0] != " "]
    assert names[: len(table)] == list(table)
    parameters = [line.strip() for line in run.out.splitlines() if line.startswith("    ")]
    wanted = [parameter.name for entry in table.values() for parameter in entry.parameters]
    heads = [line.partition(": ")[0] for line in parameters if ": " in line]
    assert [head for head in heads if head.isidentifier()] == wanted


def test_list_of_initializers_has_deviation_and_convention(winit: Callable):
    lines = {
        line.split()[0]: line for line in winit("list", "initializers").out.splitlines() if line
    }
    assert "0.8796 std" in lines["truncated_normal"]
    assert "Keras" in lines["he_normal"]
    assert "torch" in lines["kaiming_normal"]
    assert "fan_in" in lines["he_normal"]


def entries(text: str) -> dict[str, str]:
    """What is printed of each entry, on one line."""
    found: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines()[1:]:
        if line[0] != " ":
            name = line.split()[0]
            found[name] = ""
        found[name] += f" {' '.join(line.split())}"
    return found


def test_list_of_initializers_says_what_each_is(winit: Callable):
    shown = entries(winit("list", "initializers").out)
    assert shown["he_uniform"].startswith(
        " he_uniform sqrt(2 / fan_in) Keras U(± sqrt(6 / fan_in))"
    )
    for name, entry in INITIALIZERS.items():
        assert entry.doc in shown[name]
        assert entry.reference in shown[name]


def test_list_of_activations_says_how_each_is_shaped(winit: Callable):
    shown = entries(winit("list", "activations").out)
    flat = "bounds 0 and 1; no kink; flat where x <= -4.357 or x >= 4.357"
    assert flat in shown["sigmoid"]
    assert "with derivative 1 / cosh²x" in shown["tanh"]
    assert "unbounded; no kink; no flat end" in shown["linear"]
    assert "kinks at 0, 6; flat where x <= 0 or x >= 6" in shown["relu6"]
    assert "with alpha 1: bounds -1 and inf" in shown["elu"]
    assert "with omega 30: bounds -1 and 1" in shown["sin"]
    assert "flat where x <= 0 or x > 0" in shown["step"]
    for form in ("form torch: ", "form keras2: "):
        assert f"with {form}bounds 0 and 1" in shown["hard_sigmoid"]
    for name, entry in ACTIVATIONS.items():
        assert entry.reference in shown[name]
        assert entry.reference
        assert "flat" in shown[name]


@pytest.mark.parametrize("what", ["initializers", "activations", "configs"])
@pytest.mark.parametrize("columns", [60, 80, None])
def test_list_wraps_between_words(winit: Callable, wide: Callable, what: str, columns: int | None):
    unbroken = winit("list", what).out
    wide(columns)
    narrow = winit("list", what).out
    assert max(map(len, narrow.splitlines())) <= (columns or terminal.PIPED_COLUMNS)
    assert sorted(narrow.split()) == sorted(unbroken.split())


def test_list_of_configs_says_what_each_shows(winit: Callable):
    run = winit("list", "configs")
    lines = [line for line in run.out.splitlines()[1:] if line[0] != " "]
    rows = dict(line.split(maxsplit=1) for line in lines)
    assert list(rows) == [path.stem for path in shipped_configs()]
    assert all(len(text) > 20 for text in rows.values())


# new


def test_new_writes_a_spec_that_runs(winit: Callable):
    run = winit("new", "mine.yaml")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("mine.yaml: written")
    assert load_spec("./mine.yaml").name == "mine"
    assert "#" in Path("mine.yaml").read_text(encoding="utf-8")
    quick = ("--no-plot", "--set", "samples=20", "--set", "width=5")
    assert winit("histogram", "-c", "mine.yaml", *quick).code == 0
    assert Path("outputs/mine/stats.json").is_file()


def test_new_writes_a_file_that_batch_finds(winit: Callable):
    for name, written in (("foo", "foo.yaml"), ("v1.0", "v1.0.yaml"), ("B.YML", "B.YML")):
        run = winit("new", name)
        first, *_ = run.out.splitlines()
        assert first == f"{written}: written; run it with winit histogram -c {written}"
    assert winit("validate", ".").out.splitlines() == [
        f"{name}: ok, 1 run" for name in ("B.YML", "foo.yaml", "v1.0.yaml")
    ]
    for name in (".", ".."):
        assert winit("new", name).err == f"{name}: exists already; choose another name\n"


@pytest.mark.parametrize("more", [(), ("--all",), ("--like", "relu_he")])
def test_new_to_stdout(winit: Callable, files: Callable, more: tuple):
    run = winit("new", "-", *more)
    assert (run.code, run.err) == (0, "")
    assert files(Path()) == []
    assert winit("new", "same.yaml", *more).code == 0
    assert Path("same.yaml").read_text(encoding="utf-8") == f"{MODELINE}\n{run.out}"


def test_new_writes_the_schema_that_its_first_line_names(winit: Callable):
    Path("sub").mkdir()
    for more in ((), ("--all",), ("--like", "relu_he")):
        assert winit("new", f"sub/mine{len(more)}{more[:1]}", *more).code == 0
    file, *others = sorted(Path("sub").glob("*.yaml"))
    first, *_ = file.read_text(encoding="utf-8").splitlines()
    assert first == MODELINE
    schema = json.loads(Path("sub", first.partition("$schema=")[2]).read_text(encoding="utf-8"))
    assert schema == json.loads(winit("schema").out)
    for each in (file, *others):
        jsonschema.validate(yaml.safe_load(each.read_text(encoding="utf-8")), schema)


def test_new_leaves_a_schema_that_is_there_and_the_line_of_another(winit: Callable, spec: Callable):
    Path("winit.schema.json").write_text("{}")
    assert (
        winit("new", "mine").out == "mine.yaml: written; run it with winit histogram -c mine.yaml\n"
    )
    assert Path("winit.schema.json").read_text() == "{}"
    Path("winit.schema.json").unlink()
    text = "# yaml-language-server: $schema=https://example.org/winit.json\n" + spec().read_text()
    Path("tiny.yaml").write_text(text)
    assert winit("new", "copy", "--like", "tiny.yaml").code == 0
    assert Path("copy.yaml").read_text() == text
    assert not Path("winit.schema.json").exists()


def test_new_is_short_and_has_every_key_where_asked(winit: Callable):
    short, whole = winit("new", "-").out, winit("new", "-", "--all").out
    assert len(short.splitlines()) < 12
    assert set(yaml.safe_load(short)) == {
        *("activation", "initializer", "layers", "width", "samples", "seed")
    }
    for field in (*TABLES["histogram"], *GRID):
        assert re.search(rf"^(# )?{field.name}:", whole, re.MULTILINE)
    run = winit("new", "x", "--all", "--like", "relu_he")
    assert (run.code, run.out) == (2, "")
    assert "give one of them" in run.err


def test_new_like_a_shipped_config(winit: Callable):
    assert winit("new", "mine.yaml", "--like", "relu_he").code == 0
    quick = ("--no-plot", "--set", "samples=20", "--set", "width=5")
    assert winit("histogram", "-c", "mine.yaml", *quick).code == 0
    result = load_result("outputs/mine")
    assert (result.name, result.spec["initializer"]["name"]) == ("mine", "kaiming_normal")


def test_new_like_an_own_file(winit: Callable, spec: Callable):
    text = spec("a.yaml", "# a comment\n").read_text()
    assert winit("new", "b.yaml", "--like", "a.yaml").code == 0
    assert Path("b.yaml").read_text() == f"{MODELINE}\n{text}"


def test_new_like_reads_the_file_once(
    winit: Callable, spec: Callable, monkeypatch: pytest.MonkeyPatch
):
    """What is checked is what is written, even if the file changes in between."""
    spec("a.yaml")
    opened = []
    os_open = os.open

    def counted(path: Any, *arguments: Any, **options: Any) -> int:
        opened.append(Path(path).name)
        return os_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", counted)
    assert winit("new", "b.yaml", "--like", "a.yaml").code == 0
    assert opened.count("a.yaml") == 1


def test_new_like_a_folder(winit: Callable):
    Path("folder").mkdir()
    run = winit("new", "b.yaml", "--like", "./folder")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("./folder: a folder; ")


def test_new_leaves_an_existing_file_alone(winit: Callable):
    Path("mine.yaml").write_text("mine")
    for more in ((), ("--like", "relu_he")):
        run = winit("new", "mine.yaml", *more)
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith("mine.yaml: ")
        assert "exists" in run.err
    assert Path("mine.yaml").read_text() == "mine"


def test_new_like_nothing(winit: Callable):
    run = winit("new", "mine.yaml", "--like", "relu_hee")
    assert run.code == 2
    assert "did you mean the shipped config 'relu_he'?" in run.err
    assert not Path("mine.yaml").exists()


def test_new_like_a_bad_spec(winit: Callable):
    Path("bad.yaml").write_text("activation: sigmod\ninitializer: zeros\n")
    run = winit("new", "mine.yaml", "--like", "bad.yaml")
    assert run.code == 2
    assert run.err.startswith("bad.yaml:1:13: activation: ")
    assert not Path("mine.yaml").exists()


@pytest.mark.parametrize("name", ["nowhere/mine.yaml", "n" * 300 + ".yaml"])
def test_new_in_a_place_that_cannot_be(winit: Callable, name: str):
    run = winit("new", name)
    assert run.code == 2
    assert run.err.startswith(name)
    assert len(run.err.splitlines()) == 1


# show and plot


def test_show_is_the_table_again(winit: Callable, spec: Callable):
    spec()
    *told, path = winit("histogram", "-c", "tiny.yaml", "--no-plot").out.splitlines()
    assert path == str(Path("outputs/tiny/stats.json"))
    table = [line for line in told if "winit fix -c tiny.yaml" not in line]
    assert winit("show", "outputs/tiny").out.splitlines() == table
    assert winit("show", "outputs/tiny/stats.json").out.splitlines() == table


def test_show_json(winit: Callable, saved: Path):
    (line,) = winit("show", saved, "--json").out.splitlines()
    assert json.loads(line) == json.loads((saved / "stats.json").read_text())


def test_show_and_plot_need_the_statistics_alone(
    winit: Callable, saved: Path, tmp_path: Path, files: Callable
):
    moved = tmp_path / "moved" / "away"
    moved.mkdir(parents=True)
    shutil.move(saved / "stats.json", moved / "renamed.json")
    shutil.rmtree("outputs")
    run = winit("show", moved / "renamed.json")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("tiny: sigmoid")
    run = winit("plot", moved / "renamed.json")
    assert (run.code, run.err) == (0, "")
    assert run.out == f"{moved / 'histogram.png'}\n{moved / 'depth.png'}\n"
    assert files(moved) == ["depth.png", "histogram.png", "renamed.json"]


def test_plot_draws_the_same_picture_again(winit: Callable, saved: Path):
    pictures = [saved / "histogram.png", saved / "depth.png"]
    former = [picture.read_bytes() for picture in pictures]
    for picture in pictures:
        picture.write_bytes(b"something else")
    run = winit("plot", saved)
    assert (run.code, run.out, run.err) == (0, "".join(f"{each}\n" for each in pictures), "")
    assert [picture.read_bytes() for picture in pictures] == former
    for picture in pictures:
        picture.unlink()
    assert winit("plot", saved / "stats.json", "-q").out == ""
    assert [picture.read_bytes() for picture in pictures] == former


def test_plot_elsewhere_in_other_formats(winit: Callable, saved: Path):
    run = winit("plot", saved, "-o", "else/where", "--format", "svg", "--format", "png")
    assert run.code == 0
    assert sorted(path.name for path in Path("else/where").iterdir()) == [
        "depth.png",
        "depth.svg",
        "histogram.png",
        "histogram.svg",
    ]
    assert Path("else/where/histogram.png").read_bytes().startswith(PNG)


def test_plot_through_a_linked_folder(winit: Callable, saved: Path, tmp_path: Path):
    shutil.move(saved, tmp_path / "real")
    try:
        Path("link").symlink_to(tmp_path / "real", target_is_directory=True)
    except OSError:
        pytest.skip("no right to make links")
    (tmp_path / "real" / "histogram.png").unlink()
    assert winit("plot", "link").code == 0
    assert (tmp_path / "real" / "histogram.png").is_file()


@pytest.mark.parametrize("command", ["show", "plot"])
@pytest.mark.parametrize("path", ["nowhere", "nowhere/stats.json", ".", "n" * 300])
def test_no_such_result(winit: Callable, command: str, path: str):
    run = winit(command, path)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith(path)


@pytest.mark.parametrize("command", ["show", "plot"])
def test_damaged_result(winit: Callable, saved: Path, command: str):
    file = saved / "stats.json"
    data = file.read_bytes()
    for damaged in (b"", data[: len(data) // 2], b"\x89PNG\r\n\x1a\n\0", b"[]", b"{}"):
        file.write_bytes(damaged)
        run = winit(command, saved)
        assert (run.code, run.out) == (2, "")
        (line,) = run.err.splitlines()
        assert line.startswith(str(file))


SPEC_DAMAGE = {
    "no activation": lambda spec: spec.pop("activation"),
    "no width": lambda spec: spec.pop("width"),
    "no seed": lambda spec: spec.pop("seed"),
    "no widths": lambda spec: spec.update(width=[]),
    "width of text": lambda spec: spec.update(width="wide"),
    "an initializer of text": lambda spec: spec.update(initializer="zeros"),
    "an initializer without name": lambda spec: spec.update(initializer={"std": 1}),
    "a parameter that is a list": lambda spec: spec["initializer"].update(gain=[1]),
}


@pytest.mark.parametrize("command", ["show", "plot"])
@pytest.mark.parametrize("damage", SPEC_DAMAGE)
def test_result_with_a_damaged_spec(winit: Callable, saved: Path, command: str, damage: str):
    edit(saved, lambda tree: SPEC_DAMAGE[damage](tree["spec"]))
    run = winit(command, saved)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith(f"{saved / 'stats.json'}: spec")


def test_show_escapes_what_a_result_holds(winit: Callable, saved: Path):
    edit(saved, lambda tree: tree.update(name="evil\x1b]0;title\x07\u202e"))
    run = winit("show", saved)
    assert run.code == 0
    assert run.out.startswith(r"evil\x1b]0;title\x07\u202e: sigmoid")


# commands that do not exist


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("hist", "did you mean 'histogram'?"),
        ("histo-gram", "did you mean 'histogram'?"),
        ("trian", "did you mean 'train'?"),
        ("run", "specs are run by histogram, symmetry, train and batch"),
        ("qqq", "there are histogram, symmetry, "),
    ],
)
def test_command_that_does_not_exist(winit: Callable, name: str, hint: str):
    run = winit(name)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(f"winit: no command {name!r}; {hint}")


# help and version


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(winit: Callable, option: str):
    run = winit(option)
    assert (run.code, run.err) == (0, "")
    assert __version__ in run.out
    assert run.out.startswith("winit")
    assert len(run.out.splitlines()) == 1


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_command(winit: Callable, option: str):
    run = winit(option)
    assert (run.code, run.err) == (0, "")
    for command in COMMANDS:
        (line,) = (line for line in run.out.splitlines() if line.split()[:1] == [command])
        assert len(line.split()) > 3
        assert len(line) <= 80


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_help_has_no_markup_left(winit: Callable, command: tuple):
    run = winit(*command, "--help")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("Usage: winit")
    assert "\\b" not in run.out
    assert "\b" not in run.out
    assert "  ...\n" not in run.out


def test_help_shows_examples_a_line_each(winit: Callable):
    examples = [line.strip() for line in winit("--help").out.splitlines()]
    assert any(line.startswith("winit histogram -") for line in examples)
    assert "winit list configs" in examples


def test_no_command_at_all_is_the_help_page(winit: Callable):
    run = winit()
    assert (run.code, run.out) == (2, "")
    assert run.err.rstrip("\n") == winit("--help").out.rstrip("\n")
