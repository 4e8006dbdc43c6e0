"""winit probe: the table, what is written, exit codes, and what a person must mend."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from weightinit_cli import load_result

if TYPE_CHECKING:
    from collections.abc import Callable

torch = pytest.importorskip("torch")

# Models as people have them, right ones and wrong ones.
MODELS = """\
import warnings

import torch
from torch import nn


class Inner(nn.Module):
    def __init__(self, width=10):
        super().__init__()
        self.fc = nn.Linear(width, 5)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self, width=10):
        super().__init__()
        self.a = Inner(width)
        self.b = nn.Linear(5, 3)

    def forward(self, x):
        print("running")
        warnings.warn("talks too much")
        return self.b(torch.relu(self.a(x)))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(100, 8)
        self.head = nn.Linear(8, 100)

    def forward(self, tokens, mask=None):
        return {"state": self.table(tokens), "logits": self.head(self.table(tokens))}


class Segments(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 1)

    def forward(self, image):
        return self.conv(image)


class WithLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(10, 4)

    def forward(self, x, target=None):
        out = self.fc(x)
        return out, out.square().mean()


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(50, 8), nn.Linear(8, 50)

    def forward(self, tokens, labels, ahead=True):
        logits = self.head(self.table(tokens))
        rows, ahead = (logits[:, :-1], labels[:, 1:]) if ahead else (logits, labels)
        return logits, nn.functional.cross_entropy(rows.flatten(0, 1), ahead.flatten())


net = Net()
text = "no model"
script = torch.jit.script(nn.Sequential(nn.Linear(3, 4)))


def build():
    print("building")
    return Net()


def needs(width, depth=2):
    return Net(width)


def broken():
    return helper(3)


def helper(number):
    return undefined + number


def leaves():
    raise SystemExit("leaving")


def number():
    return 5


def without():
    return nn.Sequential(nn.ReLU())


def meta():
    return nn.Linear(3, 4, device="meta")


def quantized():
    from torch.ao.nn.quantized.dynamic import Linear
    return nn.Sequential(nn.Linear(3, 4), Linear(4, 2))


def huge():
    return nn.Linear(10_000_000, 10_000_000)


def mean(output, batch):
    return (output - batch.mean()).square().mean()


def rows(output, batch):
    return output.mean(dim=1)


def plain(output, batch):
    return 3.0


def apart(output, batch):
    return torch.tensor(2.0)


def fails(output, batch):
    return output.nothing()


def batch():
    return {"x": torch.ones(4, 10)}


def tokens():
    return torch.arange(24).reshape(4, 6), torch.arange(24).reshape(4, 6) + 1, False


def same():
    return torch.arange(24).reshape(4, 6), torch.arange(24).reshape(4, 6)


def pair():
    return torch.ones(4, 10), torch.ones(4)


def takes(count):
    return torch.ones(count, 10)
"""


@pytest.fixture(autouse=True)
def models(here: Path) -> Path:
    """The models in the current folder."""
    Path("models.py").write_text(MODELS)
    return here


def test_the_table(winit: Callable):
    done = winit("probe", "models.py:Net", "--input", "4,10", "--loss", "cross_entropy")
    assert done.code == 0
    assert done.err == "running\n"
    heading, size, loss, heads, *rows = done.out.splitlines()
    assert heading == ("models.Net: models.py:Net (torch), input 4,10, loss cross_entropy, seed 0")
    assert size == "3 values, 4 parameters with 73 entries"
    assert loss.endswith("; an indifferent model has 1.099 (ln 3)")
    assert heads.split()[:2] == ["value", "shape"]
    names = [row.split()[0] for row in rows[:4]]
    assert names[:3] == ["a.fc.linear", "Net.relu", "b.linear"]


def test_nothing_is_written_unless_it_is_said_where(winit: Callable, here: Path):
    before = set(here.rglob("*"))
    assert winit("probe", "models.py:Net", "--input", "4,10").code == 0
    assert {each for each in here.rglob("*") if "__pycache__" not in each.parts} <= before


def test_saved_and_shown_again(winit: Callable):
    line = ("probe", "models.py:Net", "--input", "4,10", "--loss", "mean_square")
    done = winit(*line, "-o", "out", "--no-plot")
    assert done.code == 0
    *table, path = done.out.splitlines()
    assert path == str(Path("out/models.Net/stats.json"))
    assert winit("show", "out/models.Net").out.splitlines() == table
    assert winit(*line, "-o", "out", "--no-plot", "-q").out == ""
    worst = winit("show", "out/models.Net", "--worst", "1").out
    assert worst == winit(*line, "--worst", "1").out


def test_json_is_the_saved_result(winit: Callable):
    line = ("probe", "models.py:build", "--input", "4,10", "-o", "out", "--no-plot", "--json")
    done = winit(*line)
    (only,) = done.out.splitlines()
    assert "building" in done.err
    saved = json.loads(Path("out/models.build/stats.json").read_text())
    assert json.loads(only) == saved
    assert load_result("out/models.build").spec["inputs"] == {"0": "4,10"}


def test_the_seed_decides_all_draws(winit: Callable):
    line = ("probe", "models.py:net", "--input", "4,10", "--json")
    first, again, other = (winit(*line, "--seed", seed).out for seed in (1, 1, 2))
    assert first == again
    weights = [json.loads(out)["parameters"][0]["statistics"]["std"] for out in (first, other)]
    assert weights[0] != weights[1]


@pytest.mark.parametrize(
    ("target", "inputs", "loss", "said", "classes"),
    [
        ("Words", ["int:4,6<100"], "cross_entropy", "cross_entropy of logits", 100),
        ("Words", ["tokens=int:4,6<100"], "cross_entropy:100", "of logits", 100),
        ("Segments", ["2,3,5,7"], "cross_entropy:6", "cross_entropy:6", 6),
        ("Segments", ["2,3,5,7"], "cross_entropy", "cross_entropy", 6),
        ("WithLoss", ["4,10"], None, "the model's own", None),
        ("Tokens", ["int:4,6<50", "int:4,6<50"], None, "the model's own, cross_entropy", 50),
        ("Tokens", ["models.py:same"], None, "the model's own, cross_entropy", 50),
        ("Tokens", ["models.py:tokens"], None, "the model's own, cross_entropy", 50),
        ("WithLoss", ["4,10", "target=4"], "cross_entropy", "of output 0", 4),
        ("Net", ["models.py:batch"], "mean_square", "mean_square", None),
        ("WithLoss", ["models.py:pair"], "mean_square", "mean_square of output 0", None),
        ("Net", ["4,10"], "models.py:mean", "models.py:mean", None),
    ],
)
def test_inputs_and_losses(
    winit: Callable, target: str, inputs: list[str], loss: str | None, said: str, classes: int
):
    asked = [part for each in inputs for part in ("--input", each)]
    asked += ["--loss", loss] if loss else []
    done = winit("probe", f"models.py:{target}", *asked, "--json")
    assert done.code == 0
    found = json.loads(done.out)["loss"]
    assert found["said"].endswith(said)
    assert found["classes"] == classes


def test_what_is_not_asked_for_is_no_loss(winit: Callable):
    done = winit("probe", "models.py:Net", "--input", "4,10", "--json")
    assert json.loads(done.out)["loss"] is None


def test_files_of_arrays(winit: Callable):
    np.save("x.npy", np.random.default_rng(0).normal(size=(4, 10)))
    np.save("tokens.npy", np.arange(8, dtype=np.int16).reshape(4, 2))
    done = winit("probe", "models.py:Net", "--input", "x.npy", "--json")
    assert json.loads(done.out)["input"]["0"]["std"] == pytest.approx(np.load("x.npy").std())
    assert winit("probe", "models.py:Words", "--input", "tokens.npy", "-q").code == 0
    np.save("x.npy", np.random.default_rng(1).normal(size=(4, 10)))
    other = winit("probe", "models.py:Net", "--input", "x.npy", "--json")
    assert json.loads(other.out)["digest"] != json.loads(done.out)["digest"]


def test_a_script_sees_no_arguments_of_winit(winit: Callable, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["winit", "probe", "script.py:build", "--width", "7"])
    Path("script.py").write_text(
        "import argparse\nfrom torch import nn\n\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--width', type=int, default=10)\nwidth = parser.parse_args().width\n"
        "\n\ndef build():\n    return nn.Linear(parser.parse_args().width, width)\n"
    )
    assert winit("probe", "script.py:build", "--input", "4,10").code == 0
    with Path("script.py").open("a") as file:
        file.write("parser.add_argument('data')\nparser.parse_args()\n")
    done = winit("probe", "script.py:build", "--input", "4,10")
    assert done.code == 2
    assert done.err.splitlines() == [
        "usage: script.py [-h] [--width WIDTH] data",
        "script.py: error: the following arguments are required: data",
        "script.py: SystemExit: 2 (script.py, line 12)",
        "  script.py:12, in <module>: parser.parse_args()",
    ]
    assert sys.argv[0] == "winit"


def test_a_module_that_is_a_file_here(winit: Callable):
    Path("nets").mkdir()
    Path("nets/mine.py").write_text("")
    done = winit("probe", "nets.mine:build", "--input", "4,10")
    assert (done.code, done.out) == (2, "")
    hint = "a file is named with its ending, as nets/mine.py:name"
    assert done.err == f"nets.mine: no module of this name; {hint}\n"


def test_a_result_names_no_folder_of_the_machine(winit: Callable, here: Path):
    np.save("x.npy", np.ones((4, 10)))
    saved = []
    for folder, name in (("", "near"), (f"{here}/", "absolute")):
        parts = f"{folder}models.py:Net", f"{folder}x.npy", f"{folder}models.py:mean"
        line = ("--input", parts[1], "--loss", parts[2], "-o", name, "--no-plot", "-q")
        assert winit("probe", parts[0], *line).code == 0
        saved.append(Path(name, "models.Net", "stats.json").read_bytes())
    assert saved[0] == saved[1]
    written = [each for each in Path("absolute").rglob("*.*") if each.is_file()]
    assert len(written) == 1
    assert not [each for each in written if str(here).encode() in each.read_bytes()]
    (here / "work").mkdir()
    os.chdir("work")
    elsewhere = winit("probe", f"{here}/models.py:Net", "--input", f"{here}/x.npy", "--json")
    spec = json.loads(elsewhere.out)["spec"]
    assert (spec["target"], spec["inputs"]) == ("models.py:Net", {"0": "x.npy"})


def test_fail_on(winit: Callable):
    line = ("probe", "models.py:Net", "--input", "4,10", "-q")
    assert winit(*line, "--fail-on", "overflow", "--junit", "report.xml").code == 0
    assert 'failures="0"' in Path("report.xml").read_text()
    bad = winit(*line, "--fail-on", "overflw")
    assert (bad.code, bad.out) == (2, "")


def test_what_fails_is_annotated_at_its_line(winit: Callable):
    with Path("models.py").open("a") as file:
        file.write(
            "\n\nclass Nan(Net):\n    def __init__(self):\n        super().__init__()\n"
            "        nn.init.constant_(self.b.weight, float('nan'))\n"
        )
    done = winit(
        "probe", "models.py:Nan", "--input", "4,10", "--fail-on", "severe",
        "--output-format", "github", "--junit", "report.xml", "-q",
    )  # fmt: skip
    assert done.code == 1
    (line,) = done.out.splitlines()
    number = MODELS.splitlines().index("        return self.b(torch.relu(self.a(x)))") + 1
    assert line.startswith(f"::error file=models.py,line={number},title=winit probe::models.Nan: ")
    assert f'file="models.py" line="{number}"' in Path("report.xml").read_text()
    assert 'failures="1"' in Path("report.xml").read_text()


NET = ("models.py:Net", "--input", "4,10")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.py:build", "--input", "4"), "missing.py: No such file or directory"),
        (("models.py:bild", "--input", "4"), "models.py: no 'bild' in it; did you mean 'build'?"),
        (
            ("models.py", "--input", "4"),
            "models.py: must be file.py:name or package.module:name; it defines Inner, Net, Words, "
            "Segments, WithLoss, Tokens, build, needs, broken, helper, ...",
        ),
        (
            ("models.py:needs", "--input", "4"),
            "models.py:needs: needs arguments (width): name a function without any, which calls "
            "it with them: def build(): return needs(...)",
        ),
        (
            ("models.py:number", "--input", "4"),
            "models.py:number: builds a value of type int: a torch.nn.Module is needed",
        ),
        (
            ("models.py:text", "--input", "4"),
            "models.py:text: is a value of type str: a torch.nn.Module, or a function that builds "
            "one",
        ),
        (
            ("models.py:without", "--input", "4"),
            "models.py:without: the model has no parameters: there is no initialization to look at",
        ),
        (("models.py:meta", "--input", "4"), "models.py:meta: the model is on the meta device"),
        (
            ("models.py:script", "--input", "4"),
            "models.py:script: the model is scripted or traced by torch",
        ),
        (("models.py:quantized", "--input", "4"), "models.py:quantized: the model is quantized"),
        (
            ("models.py:Net",),
            "models.py:Net: no --input says what the model is called with; for a.fc (Linear), for "
            "instance, --input 64,10",
        ),
        (("models.py:Words",), "for table (Embedding), for instance, --input 'int:16,32<100'"),
        (("models.py:Net", "--input", "4x10"), "--input 4x10: must be a shape as 64,3,32,32"),
        (("models.py:Net", "--input", "int:4,10"), "--input int:4,10: must be a shape as"),
        (("models.py:Net", "--input", "int:4<0"), "the bound must be at least 1"),
        (("models.py:Net", "--input", "4,0"), "--input 4,0: every size must be at least 1"),
        (("models.py:Net", "--input", "9" * 9 + ",99999"), "GB of memory, and"),
        (("models.py:Net", "--input", "none.npy"), "--input none.npy: No such file or directory"),
        (("models.py:Net", "--input", "models.py:text"), "is str: a function is needed"),
        (("models.py:Net", "--input", "models.py:takes"), "needs arguments (count)"),
        (
            ("models.py:Net", "--input", "x=4,10", "--input", "x=4,10"),
            "--input x=4,10: there is another input 'x'",
        ),
        (
            (*NET, "--loss", "cross_entrpy"),
            "--loss cross_entrpy: must be cross_entropy, cross_entropy:CLASSES, mean_square, or "
            "file.py:function; did you mean 'cross_entropy'?",
        ),
        ((*NET, "--loss", "cross_entropy:1"), "--loss cross_entropy:1: must be"),
        (
            (*NET, "--loss", "cross_entropy:7"),
            "models.py:Net: --loss cross_entropy:7: the model's output has shape 4,3: no axis of 7 "
            "classes",
        ),
        ((*NET, "--loss", "models.py:text"), "--loss models.py:text: is str: a function is needed"),
        (
            (*NET, "--loss", "models.py:rows"),
            "models.py:Net: the loss (models.py:rows) has shape 4: one number is needed",
        ),
        ((*NET, "--loss", "models.py:plain"), "is float: a tensor is needed"),
        ((*NET, "--loss", "models.py:apart"), "does not depend on what the model returns"),
        ((*NET, "--worst", "2", "--depth", "1"), "with --worst nothing is folded"),
        ((*NET, "--parameters", "--depth", "1"), "with --parameters nothing is folded"),
    ],
)
def test_what_a_person_must_mend(winit: Callable, arguments: tuple, message: str):
    done = winit("probe", *arguments, "--json")
    assert (done.code, done.out) == (2, "")
    (line,) = (each for each in done.err.splitlines() if each not in {"running", "building"})
    assert message in line


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([{}], dtype=object), "holds Python objects: numbers are needed"),
        (np.zeros((4, 10), complex), "holds complex128: real numbers are needed"),
        (np.float64(3), "has shape (): at least one input is needed, on its first axis"),
        (np.array(["a"]), "holds <U1: real numbers are needed"),
        (np.array([[1.0, np.nan], [np.nan, 0]]), "is nan at [0, 1], and at 1 more places"),
    ],
)
def test_files_that_are_no_input(winit: Callable, array: np.ndarray, message: str):
    np.save("x.npy", array, allow_pickle=True)
    done = winit("probe", "models.py:Net", "--input", "x.npy")
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.endswith(message)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (
            ("models.py:broken", "--input", "4,10"),
            [
                "models.py:broken: cannot be built: NameError: name 'undefined' is not defined",
                "  models.py:*, in broken: return helper(3)",
                "  models.py:*, in helper: return undefined + number",
            ],
        ),
        (
            ("models.py:leaves", "--input", "4,10"),
            [
                "models.py:leaves: cannot be built: SystemExit: leaving",
                '  models.py:*, in leaves: raise SystemExit("leaving")',
            ],
        ),
        (
            ("models.py:Net", "--input", "4,11"),
            [
                "models.py:Net: cannot be run, in a.fc (Linear): RuntimeError: mat1 and mat2 "
                "shapes cannot be multiplied (4x11 and 10x5)",
                "  given 4,11 (float32)",
                "  models.py:*, in forward: return self.b(torch.relu(self.a(x)))",
                "  models.py:*, in forward: return self.fc(x)",
            ],
        ),
        (
            ("models.py:Words", "--input", "int:4,99<1000"),
            [
                "models.py:Words: cannot be run, in table (Embedding): IndexError: index out of "
                "range in self",
                "  given 4,99 (int64)",
                "  it has 100 rows, and the integers go up to 99*",
                "  models.py:*, in forward: "
                'return {"state": self.table(tokens), "logits": self.head(self.table(tokens))}',
            ],
        ),
        (
            (*NET, "--loss", "models.py:fails"),
            [
                "models.py:Net: --loss models.py:fails, called with the model's output and the "
                "batch: AttributeError: 'Tensor' object has no attribute 'nothing'",
                "  models.py:*, in fails: return output.nothing()",
            ],
        ),
        (
            ("models.py:huge", "--input", "4,10"),
            [
                "models.py:huge: cannot be built: not enough memory: 400,000.0 GB are asked for",
                "  models.py:*, in huge: return nn.Linear(10_000_000, 10_000_000)",
            ],
        ),
    ],
)
def test_errors_of_a_person_s_code(winit: Callable, arguments: tuple, lines: list[str]):
    done = winit("probe", *arguments)
    assert (done.code, done.out) == (2, "")
    told = [line for line in done.err.splitlines() if line not in {"running", "building"}]
    assert len(told) == len(lines)
    for line, expected in zip(told, lines, strict=True):
        begin, star, end = expected.partition("*")
        assert line.startswith(begin) if star else line == expected
        assert line.endswith(end)


def test_arguments_that_are_missing(winit: Callable):
    done = winit("probe", "models.py:WithLoss", "--input", "y=4,10")
    assert done.code == 2
    assert done.err.splitlines() == [
        "models.py:WithLoss: cannot be run, in WithLoss: TypeError: WithLoss.forward() got an "
        "unexpected keyword argument 'y'",
        "  given y 4,10 (float32)",
        "  its forward takes x, target=None",
    ]


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("None", "None"),
        ("'text'", "a value of type str"),
        ("x.argmax(1)", "a tensor of int64"),
        ("x.mean()", "a single number"),
    ],
)
def test_outputs_that_have_no_loss(winit: Callable, returned: str, said: str):
    with Path("models.py").open("a") as file:
        file.write(f"\n\nclass Odd(Net):\n    def forward(self, x):\n        return {returned}\n")
    done = winit("probe", "models.py:Odd", "--input", "4,10", "--loss", "cross_entropy")
    assert done.code == 2
    assert done.err == (
        f"models.py:Odd: the model returns {said}: a tensor of floating-point numbers is needed, "
        "with the inputs on its first axis\n"
    )


def test_which_output_has_the_loss_is_said(winit: Callable):
    done = winit("probe", "models.py:Words", "--input", "int:4,6<100", "--loss", "cross_entropy")
    assert "\nloss 4." in done.out
    assert " (cross_entropy of logits); an indifferent model has 4.605 (ln 100)\n" in done.out
    done = winit("probe", "models.py:WithLoss", "--input", "4,10")
    assert " (the model's own)\n" in done.out


def test_a_file_that_cannot_be_run(winit: Callable):
    Path("inner.py").write_text("def go():\n    raise ValueError('no')\n\n\ngo()\n")
    Path("outer.py").write_text("import inner\n")
    done = winit("probe", "outer.py:build", "--input", "4")
    assert done.code == 2
    assert done.err.splitlines() == [
        "outer.py: ValueError: no (outer.py, line 1)",
        "  outer.py:1, in <module>: import inner",
        "  inner.py:5, in <module>: go()",
        "  inner.py:2, in go: raise ValueError('no')",
    ]


def test_a_file_of_a_package_may_import_its_neighbours(
    winit: Callable, monkeypatch: pytest.MonkeyPatch
):
    import sys

    Path("ownpackage/models").mkdir(parents=True)
    Path("ownpackage/__init__.py").touch()
    Path("ownpackage/models/__init__.py").touch()
    Path("ownpackage/sizes.py").write_text("WIDTH = 10\n")
    Path("ownpackage/models/net.py").write_text(
        "import torch\nfrom ..sizes import WIDTH\n\n\n"
        "def build():\n    return torch.nn.Linear(WIDTH, 3)\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])
    place = "ownpackage/models/net.py:build"
    assert winit("probe", place, "--input", "4,10", "-q").code == 0
    Path("elsewhere/ownpackage").mkdir(parents=True)
    Path("elsewhere/ownpackage/__init__.py").touch()
    Path("elsewhere/ownpackage/sizes.py").touch()
    done = winit("probe", "elsewhere/ownpackage/sizes.py:build", "--input", "4,10")
    assert done.code == 2
    assert "elsewhere/ownpackage/sizes.py: ownpackage.sizes is another module here, " in done.err
    for name in [each for each in sys.modules if each.startswith("ownpackage")]:
        del sys.modules[name]


def test_stopping_it(winit: Callable):
    with Path("models.py").open("a") as file:
        file.write(
            "\n\nclass Stopped(Net):\n    def forward(self, x):\n        raise KeyboardInterrupt\n"
        )
    done = winit("probe", "models.py:Stopped", "--input", "4,10")
    assert (done.code, done.out, done.err) == (130, "", "interrupted\n")


def test_a_file_is_run_once(winit: Callable):
    with Path("models.py").open("a") as file:
        file.write("\nprint('loaded')\n")
    done = winit("probe", "models.py:Net", "--input", "models.py:batch", "--loss", "models.py:rows")
    assert done.err.splitlines().count("loaded") == 1


def test_warnings_that_are_errors_do_not_stop_it(winit: Callable, monkeypatch: pytest.MonkeyPatch):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert winit("probe", *NET, "-q").code == 0


def test_an_error_of_winit_is_not_said_to_be_the_model_s(
    winit: Callable, monkeypatch: pytest.MonkeyPatch
):
    from weightinit_cli.probing.pytorch import watching

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(watching, "figures_of", broken)
    done = winit("probe", *NET)
    assert done.code == 3
    assert "this is a defect of winit" in done.err


def test_an_error_on_the_way_back_is_the_model_s(winit: Callable):
    with Path("models.py").open("a") as file:
        file.write(
            "\n\nclass Back(torch.autograd.Function):\n"
            "    @staticmethod\n    def forward(ctx, x):\n        return x.clone()\n\n"
            "    @staticmethod\n    def backward(ctx, gradient):\n        return gradient.no()\n\n"
            "\nclass Wrong(Net):\n"
            "    def forward(self, x):\n        return Back.apply(super().forward(x))\n"
        )
    done = winit("probe", "models.py:Wrong", "--input", "4,10")
    assert done.code == 2
    assert "AttributeError: 'Tensor' object has no attribute 'no'" in done.err
    assert "in backward: return gradient.no()" in done.err
