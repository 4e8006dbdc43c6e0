"""Completion: what is proposed where, and that bash, zsh and fish put it on their line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.screens import shown_on
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.activations import ALIASES as ACTIVATION_ALIASES
from weightinit_cli.cli import COMMANDS, names
from weightinit_cli.cli.shells import SHELLS
from weightinit_cli.initializers import ALIASES, INITIALIZERS
from weightinit_cli.results.model import SEVERITIES
from weightinit_cli.spec import shipped_configs
from weightinit_cli.spec.kinds import TABLES
from weightinit_cli.verdicts import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS = ACTIVATIONS["hard_sigmoid"].parameters[0].choices
CONFIGS = [path.stem for path in shipped_configs()]


@pytest.fixture
def ask(winit: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[str]]]:
    """Ask as a shell does; return the words of each line of the answer."""

    def asked(line: str, shell: str = "fish") -> list[list[str]]:
        with monkeypatch.context() as patch:
            patch.setenv("_WINIT_COMPLETE", f"{shell}_complete")
            patch.setenv("COMP_LINE", line)
            run = winit()
        assert (run.code, run.err) == (0, "")
        return [answer.split("\t") for answer in run.out.splitlines() if answer]

    return asked


@pytest.fixture
def plain(ask: Callable) -> Callable[..., list[str]]:
    """The words that are proposed, without what a shell completes itself."""

    def asked(line: str, shell: str = "fish") -> list[str]:
        return [value for kind, value, _ in ask(line, shell) if kind == "plain"]

    return asked


def test_commands(plain: Callable, ask: Callable):
    assert plain("winit ") == list(COMMANDS)
    assert ask("winit his") == [["plain", "histogram", COMMANDS["histogram"][1]]]
    assert sorted(plain("winit -")) == ["--help", "--version", "-V", "-h"]


def test_options(plain: Callable):
    assert plain("winit histogram --no") == ["--no-plot"]
    assert plain("winit check x --al") == ["--alpha"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("winit histogram -c ", CONFIGS),
        ("winit histogram -c relu_x", ["relu_xavier"]),
        ("winit validate relu_h", ["relu_he"]),
        ("winit batch pre_", ["pre_norm"]),
        ("winit new x.yaml --like lsu", ["lsuv"]),
        ("winit conform x.py:f --like ", [*INITIALIZERS, *ALIASES]),
        ("winit phase -a ", [*ACTIVATIONS, *ACTIVATION_ALIASES]),
        ("winit phase --activation=tanh_", ["--activation=tanh_shrink"]),
        ("winit histogram --fail-on ", [*SEVERITIES, *DEFINITIONS]),
        ("winit histogram --format ", ["png", "svg", "pdf"]),
        ("winit histogram --output-format g", ["github"]),
        ("winit fix --code ", ["torch", "keras", "jax"]),
        ("winit explain satur", ["saturation", "saturated"]),
        ("winit explain std", ["std", "std_inputs", "std_entries", "std_fan_in"]),
        ("winit explain he_", ["he_normal", "he_uniform"]),
        ("winit explain momen", ["momentum"]),
        ("winit list ", ["initializers", "activations", "configs"]),
        ("winit completion ", ["bash", "zsh", "fish"]),
        ("winit histogram --set dty", ["dtype="]),
        ("winit histogram --set output.cl", ["output.classes="]),
        ("winit histogram --set initializer.std", ["initializer.std="]),
        ("winit train --set mom", ["momentum="]),
        ("winit histogram --set mom", []),
        ("winit batch x --set mom", ["momentum="]),
        ("winit histogram --set initializer=zer", ["initializer=zeros"]),
        ("winit histogram --set bias.mode=fan_i", ["bias.mode=fan_in"]),
        ("winit histogram --set initializer.gain=", ["initializer.gain=auto"]),
        ("winit histogram --set activation.form=", [f"activation.form={each}" for each in FORMS]),
        ("winit histogram --set=initializer.name=zer", ["--set=initializer.name=zeros"]),
        ("winit histogram --set backward=", ["backward=true", "backward=false"]),
        ("winit histogram --set padding=c", ["padding=circular"]),
        ("winit histogram --set experiment=", [f"experiment={each}" for each in TABLES]),
        ("winit histogram --set normalization=layer", ["normalization=layer_norm"]),
        ("winit histogram --set histogram.range=per", ["histogram.range=per_layer"]),
        ("winit histogram --set width=", []),
        ("winit histogram --set nonsense.x=", []),
        ("winit probe model.py:build --loss c", ["cross_entropy"]),
    ],
)
def test_words(plain: Callable, line: str, words: list):
    assert plain(line) == words


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("winit histogram -c x", ["yaml", "x", ""]),
        ("winit histogram --config=x", ["yaml", "x", "--config="]),
        ("winit histogram -o x", ["folder", "x", ""]),
        ("winit histogram --plugin x", ["python", "x", ""]),
        ("winit probe x", ["python", "x", ""]),
        ("winit show 'a b", ["file", "a b", ""]),
        ("winit check ", ["file", "", ""]),
        ("winit plot x --style ", ["file", "", ""]),
    ],
)
def test_paths_are_left_to_the_shell(ask: Callable, line: str, answer: list):
    assert ask(line)[-1] == answer


def test_what_a_file_of_ones_own_defines(here: Path, plain: Callable):
    (here / "init.py").write_text("import math\ndef mine(): 1 / 0\nclass Mine: pass\n_x = 1\n")
    assert plain("winit conform init.py:") == ["init.py:mine", "init.py:Mine"]
    assert plain("winit conform init.py:mi", "bash") == ["mine"]
    assert plain("winit probe m.py:f --input x=init.py:mi") == ["x=init.py:mine"]
    assert plain("winit conform nowhere.py:") == []


def test_every_key_of_every_experiment(plain: Callable):
    for experiment, command in (("histogram", "histogram"), ("training", "train")):
        proposed = plain(f"winit {command} --set ")
        assert [f"{field.name}=" for field in TABLES[experiment] if field.name] == [
            word for word in proposed if "." not in word
        ]


def test_bash_completes_what_stands_after_the_sign(plain: Callable):
    assert plain("winit histogram --set initializer=zer", "bash") == ["zeros"]
    assert plain("winit histogram --config=relu_h", "bash") == ["relu_he"]
    assert plain("winit histogram --set=initializer=zer", "zsh") == ["zeros"]


def test_words_on_a_name(ask: Callable):
    """A sentence, which no initial ends: (K. Saito, ...)."""
    words = {word: on for _, word, on in ask("winit histogram -c sigmoid_std")}
    assert words["sigmoid_std1"].startswith(
        "Standard deviation 1: the activations crowd at 0 and 1 (K"
    )
    assert words["sigmoid_std1"].endswith("...")
    words = {word: on for _, word, on in ask("winit conform init.py:mine --like ")}
    assert words["glorot_uniform"] == "same as xavier_uniform"
    assert words["he_normal"] == "std sqrt(2 / fan_in), truncated and corrected"


def test_what_is_wrong_shows_nowhere(
    ask: Callable, winit: Callable, monkeypatch: pytest.MonkeyPatch
):
    for line in (
        "winit nope ",
        "winit nope --x ",
        "winit histogram 'a",
        "",
        "winit",
        "winit -x a ",
    ):
        assert isinstance(ask(line), list)
    for asked in ("tcsh_complete", "bash_dance", "x"):
        with monkeypatch.context() as patch:
            patch.setenv("_WINIT_COMPLETE", asked)
            run = winit("histogram", "-c", "relu_he")
        assert (run.code, run.out, run.err) == (0, "", "")
    assert not Path("outputs").exists()
    Path("broken.yaml").write_text("a: [")
    assert "dtype=" in [word for _, word, *_ in ask("winit histogram -c broken.yaml --set ")]


def test_no_code_of_a_person_is_run(ask: Callable):
    Path("mine.py").write_text("print('run'); open('run', 'w')\n")
    assert ask("winit list initializers --plugin mine.py --pl") != []
    assert not Path("run").exists()


def test_light(process: Callable):
    first = (
        "import atexit, os, sys\n"
        "heavy = {'numpy', 'matplotlib', 'scipy', 'yaml', 'psutil', 'threadpoolctl'}\n"
        "atexit.register(lambda: os.write(2, repr(sorted(heavy & set(sys.modules))).encode()))"
    )
    # A table of initializers or activations has functions of arrays.
    for line, heavy in {"-c ": [], "--fail-on ": [], "--set initializer=": ["numpy"]}.items():
        env = {"_WINIT_COMPLETE": "bash_complete", "COMP_LINE": f"winit histogram {line}"}
        run = process(first=first, env=env)
        assert (run.code, run.err) == (0, str(heavy))
        assert len(run.out.splitlines()) > 10


@pytest.mark.parametrize("shell", SHELLS)
def test_script(winit: Callable, monkeypatch: pytest.MonkeyPatch, shell: str):
    run = winit("completion", shell)
    assert (run.code, run.err) == (0, "")
    assert run.out == SHELLS[shell].source_template
    assert f"winit completion {shell}" in winit("completion", "--help").out
    with monkeypatch.context() as patch:
        patch.setenv("_WINIT_COMPLETE", f"{shell}_source")
        assert winit().out.rstrip() == run.out.rstrip()


# In the shells themselves.

TYPED = {
    "winit histog": "winit histogram",
    "winit histogram --config=sigmoid_x": "winit histogram --config=sigmoid_xavier",
    "winit histogram -c my": r"winit histogram -c my\ spec.yml",
    "winit histogram -c conf": "winit histogram -c configs",
    "winit histogram -c ~/at": "winit histogram -c ~/at_home.yaml",
    "winit histogram --set initializer=he_n": "winit histogram --set initializer=he_normal",
    "winit histogram --set dty": "winit histogram --set dtype=",
    "winit histogram --fail-on vanishing_s": "winit histogram --fail-on vanishing_signal",
    "winit histogram --output-dir=out": "winit histogram --output-dir=outputs",
    "winit show out": "winit show outputs",
    "winit list --plugin mod": "winit list --plugin model.py",
    "winit phase -a=nothing": "winit phase -a=nothing",
}


@pytest.fixture
def place(tmp_path: Path, here: Path) -> dict[str, str]:
    """Files to complete, and the environment of a shell that finds them and this winit."""
    for folder in ("bin", "home"):
        (tmp_path / folder).mkdir()
    for folder in ("configs", "outputs"):
        (here / folder).mkdir()
    for file in ("my spec.yml", "model.py", "model.txt", "myself.md"):
        (here / file).touch()
    (tmp_path / "home" / "at_home.yaml").touch()
    script = tmp_path / "bin" / "winit"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m weightinit_cli "$@"\n')
    script.chmod(0o755)
    root = str(Path(names.__file__).parents[2])
    return {
        "PATH": f"{script.parent}:{os.environ['PATH']}",
        "PYTHONPATH": root,
        "HOME": str(tmp_path / "home"),
        "ZDOTDIR": str(tmp_path / "home"),
        "TERM": "dumb",
        "LANG": "C.UTF-8",
    }


STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(winit completion bash)"\n'),
    "zsh": (["zsh", "-f", "-i"], 'bindkey -e; eval "$(winit completion zsh)"\n'),
}


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("shell", STARTS)
def test_typed_in_a_terminal(place: dict[str, str], shell: str):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    arguments, start = STARTS[shell]
    # After the tab: to the line's begin and end, so that the line as it is now is printed.
    typed = "".join(f'{line}\t\x01echo "<<\x05>>"\n' for line in TYPED)
    master, slave = os.openpty()
    with subprocess.Popen(
        arguments, stdin=slave, stdout=slave, stderr=slave, env=place, start_new_session=True
    ):
        os.close(slave)
        os.write(master, f"{start}{typed}exit\n".encode())
        shown = shown_on(master)
    lines = re.findall(r"^<<(.*?)[ /]?>>\r?$", shown.decode(), re.MULTILINE)
    assert lines == list(TYPED.values())


def test_asked_of_fish(place: dict[str, str]):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    asked = "".join(f"echo '<'; complete -C '{line}'\n" for line in TYPED)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"winit completion fish | source\n{asked}"],
        env=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    _, *answers = done.stdout.split("<\n")
    for (line, whole), answer in zip(TYPED.items(), answers, strict=True):
        proposed = [each.partition("\t")[0].rstrip("/") for each in answer.splitlines()]
        last = whole.replace("\\", "").removeprefix(f"{line.rpartition(' ')[0]} ")
        assert proposed == ([] if line == whole else [last])
