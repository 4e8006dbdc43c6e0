"""What runs winit in others' CI: the action, the hooks, and the workflows of docs/ci.md.

Each step of theirs is run by its shell in a new folder, as on a runner; those that set up Python or
install winit are read, since both are here already.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from support.markdown import ROOT, blocks
from weightinit_cli import __version__

if TYPE_CHECKING:
    from pathlib import Path

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = {
    each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_bytes())
}
PAGE = list(blocks(ROOT / "docs" / "ci.md"))
RUNNERS = {"bash": "bash --noprofile --norc -eo pipefail {0}", "python": "python {0}"}
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")
SPEC = "activation: tanh\ninitializer: xavier_normal\nwidth: 20\nsamples: 50\n"
DRIFT = "::error file=baseline/mlp/stats.json,title=winit check::mlp: differs"


def workflows() -> list[dict[str, Any]]:
    return [yaml.safe_load(each.text) for each in PAGE if each.text.startswith("name: ")]


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    (job,) = workflow["jobs"].values()
    return job["steps"]


class Runner:
    """A folder with a repository of somebody else's, and what GitHub's runner has beside it."""

    def __init__(self, folder: Path) -> None:
        self.repository, self.temporary = folder / "repository", folder / "temporary"
        self.output = self.temporary / "output"
        for each in (self.repository / "specs", self.temporary / "bin"):
            each.mkdir(parents=True)
        self.output.touch()
        for name, command in (("python", ""), ("winit", " -m weightinit_cli")):
            program = self.temporary / "bin" / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}"{command} "$@"\n')
            program.chmod(0o755)
        self.write(SPEC)

    def write(self, spec: str) -> None:
        (self.repository / "specs" / "mlp.yaml").write_text(spec)

    def run(
        self, script: str, shell: str = "bash", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        file = self.temporary / "script"
        file.write_text(script)
        command = RUNNERS[shell].format(file)
        path = f"{self.temporary / 'bin'}{os.pathsep}{os.environ['PATH']}"
        given = {**os.environ, "PATH": path, "GITHUB_OUTPUT": str(self.output), **environment}
        return subprocess.run(
            shlex.split(command),
            cwd=self.repository,
            env=given,
            check=False,
            capture_output=True,
            text=True,
        )

    def act(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the action's last step, with these inputs and else its defaults."""
        values = {name: each["default"] for name, each in ACTION["inputs"].items()} | inputs
        *_, step = ACTION["runs"]["steps"]
        environment = {
            name: INPUT.sub(lambda found: values[found[1]], text)
            for name, text in step["env"].items()
        }
        return self.run(step["run"], step["shell"], **environment)

    def junit(self, file: str = "winit.xml") -> ET.Element:
        return ET.fromstring((self.repository / file).read_bytes())  # noqa: S314


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner whose repository has its first baseline, by the command of the page."""
    runner = Runner(tmp_path)
    (console, *_) = (each.text for each in PAGE if each.kind == "console")
    baseline, *_ = console.removeprefix("$ ").splitlines()
    assert baseline == "winit batch specs -o baseline --no-plot"
    done = runner.run(baseline)
    assert (done.returncode, done.stderr) == (0, "")
    return runner


# -- the workflow -------------------------------------------------------------------------------


def test_the_workflow_passes_and_then_finds_a_drift(runner: Runner):
    workflow, _ = workflows()
    (setup, install, check) = (each for each in steps_of(workflow)[1:] if "if" not in each)
    assert setup["uses"].startswith("actions/setup-python@v")
    assert install["run"] == f"pip install weightinit-cli=={__version__}"
    done = runner.run(check["run"])
    assert (done.returncode, done.stderr) == (0, "")
    assert runner.junit().get("failures") == "0"
    runner.write(SPEC.replace("xavier_normal", "xavier_uniform"))
    done = runner.run(check["run"])
    assert done.returncode == 1
    assert DRIFT in done.stdout
    assert runner.junit().get("failures") == "1"


def test_what_the_workflow_keeps_is_what_it_wrote(runner: Runner):
    workflow, _ = workflows()
    *_, check, upload = steps_of(workflow)
    assert upload["uses"].startswith("actions/upload-artifact@v")
    runner.run(check["run"])
    assert (runner.repository / upload["with"]["path"]).is_file()


# -- the action ---------------------------------------------------------------------------------


def test_the_action_passes_and_then_finds_a_drift(runner: Runner):
    _, workflow = workflows()
    *_, step = steps_of(workflow)
    assert step["uses"].endswith(f"@v{__version__}")
    done = runner.act(**step["with"])
    assert (done.returncode, done.stderr) == (0, "")
    assert runner.output.read_text() == "junit=winit.xml\n"
    runner.write(SPEC.replace("tanh", "sigmoid"))
    done = runner.act()
    assert done.returncode == 1
    assert DRIFT in done.stdout
    assert runner.junit().get("failures") == "1"


def test_the_action_looks_for_verdicts(runner: Runner):
    runner.write("activation: sigmoid\ninitializer: xavier_normal\nwidth: 20\nlayers: 8\n")
    command = "batch specs -o 'out put' --no-plot --fail-on warning"
    done = runner.act(command=command, junit="out.xml")
    assert done.returncode == 1
    assert "::error file=specs/mlp.yaml,line=2,col=1" in done.stdout
    assert runner.junit("out.xml").get("failures") == "1"
    assert (runner.repository / "out put" / "mlp" / "stats.json").is_file()


def test_a_spec_that_cannot_be_read_fails_the_action(runner: Runner):
    runner.write("activation: tanh\n")
    done = runner.act()
    assert done.returncode == 2
    assert "::error file=specs/mlp.yaml" in done.stdout
    assert runner.junit().get("errors") == "1"


def test_what_an_input_says_is_no_script(runner: Runner):
    text = '"; touch bad; $(touch bad) `touch bad` "'
    assert runner.act(command=f"check baseline {text}").returncode != 0
    assert runner.act(junit=text).returncode == 0
    assert (runner.repository / text).is_file()
    assert not (runner.repository / "bad").exists()


@pytest.mark.parametrize(
    "inputs", [{"command": 'check "specs'}, {"junit": "a.xml\nother=1"}, {"junit": ""}]
)
def test_an_input_that_cannot_be_is_said_in_a_line(runner: Runner, inputs: dict[str, str]):
    done = runner.act(**inputs)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"::error title=winit::the input (junit|command) .*\n", done.stderr)
    assert runner.output.read_text() == ""


def test_no_script_of_the_action_has_an_expression_in_it():
    steps = ACTION["runs"]["steps"]
    assert not [step for step in steps if "${{" in step.get("run", "")]
    assert not [step for step in steps if ("run" in step) != ("shell" in step)]
    used = INPUT.findall(yaml.safe_dump(steps)) + re.findall(r"inputs\.([\w-]+) ", steps[0]["if"])
    assert set(used) == set(ACTION["inputs"])
    told = re.findall(
        r"^\| `([\w-]+)` \|", (ROOT / "docs" / "ci.md").read_text("utf-8"), re.MULTILINE
    )
    assert told == list(ACTION["inputs"])


@pytest.mark.parametrize(
    ("version", "installed"), [("", "/the/action"), ("0.3.0", "weightinit-cli==0.3.0")]
)
def test_what_the_action_installs(tmp_path: Path, version: str, installed: str):
    runner = Runner(tmp_path)
    (runner.temporary / "bin" / "python").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (step,) = (each for each in ACTION["runs"]["steps"] if each.get("name") == "Install winit")
    done = runner.run(step["run"], VERSION=version, GITHUB_ACTION_PATH="/the/action")
    assert done.stdout.split() == ["-m", "pip", "install", installed]


# -- the hooks ----------------------------------------------------------------------------------


def hook(runner: Runner, name: str, *files: str) -> subprocess.CompletedProcess[str]:
    """Run a hook's entry as pre-commit does, with the files where it takes them."""
    words = [*shlex.split(HOOKS[name]["entry"]), *HOOKS[name].get("args", ())]
    given = files if HOOKS[name].get("pass_filenames", True) else ()
    return runner.run(shlex.join([*words, *given]))


def test_the_hook_reads_specs(runner: Runner):
    assert hook(runner, "winit-validate", "specs/mlp.yaml").returncode == 0
    runner.write("activation: tanh\ninitialiser: zeros\n")
    done = hook(runner, "winit-validate", "specs/mlp.yaml")
    assert done.returncode == 2
    assert "specs/mlp.yaml:2:1: initialiser: unknown key" in done.stderr


def test_the_hook_holds_specs_to_the_baseline(runner: Runner):
    assert hook(runner, "winit-check").returncode == 0
    runner.write(SPEC.replace("tanh", "sigmoid"))
    done = hook(runner, "winit-check", "specs/mlp.yaml")
    assert done.returncode == 1
    assert "activation.name: tanh, now sigmoid" in done.stdout


def test_the_files_of_the_hooks():
    files = ["specs/mlp.yaml", "baseline/mlp/stats.json", "src/specs/a.yml", "src/init.py"]
    taken = {
        name: [each for each in files if re.search(hook["files"], each)]
        for name, hook in HOOKS.items()
    }
    assert taken == {"winit-validate": [files[0], files[2]], "winit-check": files[:2]}
    assert HOOKS["winit-validate"]["types"] == ["yaml"]


def test_the_page_names_the_hooks():
    (config,) = (yaml.safe_load(each.text) for each in PAGE if "- repo: URL" in each.text)
    (repository,) = config["repos"]
    assert repository["rev"] == f"v{__version__}"
    assert [each["id"] for each in repository["hooks"]] == list(HOOKS)
