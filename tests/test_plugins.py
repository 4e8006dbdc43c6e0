"""Plug-ins: initializers and activations of others, by name, in every command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import weightinit_cli as winit
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.cli import main
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.plugins import load_plugin
from weightinit_cli.spec import digest, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable

INITIALIZER = """\
import weightinit_cli as winit

@winit.initializer("half_he", std=lambda fans, gain: gain / fans.fan_in**0.5, law="normal")
def half_he(rng, shape, fans, gain=1.0):
    \"\"\"N(0, gain² / fan_in).\"\"\"
    return rng.standard_normal(shape) * gain / fans.fan_in**0.5
"""
ACTIVATION = """\
import numpy as np
import weightinit_cli as winit

@winit.activation("snake", derivative=lambda x, a: 1 + np.sin(2 * a * x))
def snake(x, a=1.0):
    \"\"\"x + sin²(ax) / a.\"\"\"
    return x + np.sin(a * x) ** 2 / a
"""
SPEC = "activation: tanh\ninitializer: half_he\nwidth: 40\nlayers: 3\nsamples: 200\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "mine.py").write_text(INITIALIZER, "utf-8")
    (tmp_path / "own.yaml").write_text(SPEC, "utf-8")
    return tmp_path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        return code, *capsys.readouterr()

    return run


def forget(*names: str) -> None:
    """Take plug-ins out of the tables, as another process does not have them."""
    for table in (INITIALIZERS, ACTIVATIONS):
        for name in names:
            table.pop(name, None)
        table.version += 1


def stats(folder: str) -> Any:
    return json.loads(Path(folder, "stats.json").read_text("utf-8"))


def of(initializer: str | dict[str, Any]) -> Any:
    text = json.dumps({"activation": "tanh", "initializer": initializer, "width": 30, "layers": 2})
    return parse_spec(text, source="own.yaml", stem="own")


def test_a_file_gives_its_names_to_every_command(command: Callable):
    for line in (
        "histogram -c own.yaml --no-plot",
        "validate own.yaml",
        "theory -c own.yaml",
        "batch own.yaml -o more --no-plot",
        "check outputs",
        "check own.yaml --against outputs",
        "phase -c own.yaml",
        "fix -c own.yaml",
        "new copy.yaml --like own.yaml",
    ):
        forget("half_he")
        code, _, err = command(*line.split(), "--plugin", "mine.py")
        assert (line, code, "defect" in err) == (line, 0, False)
    forget("half_he")
    _, out, _ = command("list", "initializers", "--plugin", "mine.py")
    assert "half_he" in out
    assert "mine.py (sha256" in out
    _, out, _ = command("schema", "--plugin", "mine.py")
    assert '"half_he"' in out


@pytest.mark.parametrize("arguments", ["rng, shape", "rng, shape, gain=1.0", "rng, shape, gain"])
def test_a_function_may_leave_out_the_fans(here: Path, arguments: str):
    given = {"gain": 2.0} if "gain" in arguments else {}
    words = "winit.Parameter('gain', 'multiplies std'), " if given else ""
    text = f"import weightinit_cli as winit\n@winit.initializer('short', {words}law='normal')\n"
    text += f"def short({arguments}):\n    drawn = rng.standard_normal(shape) / shape[0]**0.5\n"
    text += f"    return drawn{' * gain' if given else ''}\n"
    (here / "short.py").write_text(text, "utf-8")
    load_plugin(here / "short.py")
    load_plugin(here / "mine.py")
    ours = winit.run(of({"name": "short", **given})).layers
    theirs = winit.run(of({"name": "half_he", **given})).layers
    assert [layer.std for layer in ours] == [layer.std for layer in theirs]
    forget("short")


def test_a_result_records_whose_plugin_it_is_of_and_a_check_refuses_without(command: Callable):
    assert command("histogram", "-c", "own.yaml", "--no-plot", "--plugin", "mine.py")[0] == 0
    [(row, source)] = stats("outputs/own")["environment"]["plugins"].items()
    assert row == "initializer half_he"
    assert source.startswith("mine.py (sha256 ")
    forget("half_he")
    code, _, err = command("check", "outputs")
    assert code == 2
    assert f"the initializer 'half_he' is of {source}: --plugin mine.py gives it" in err
    code, _, err = command("batch", "own.yaml")
    assert code == 2
    assert "own.yaml:2:14: initializer: unknown initializer 'half_he'; " in err
    assert command("show", "outputs/own")[0] == 0
    assert command("plot", "outputs/own", "-o", "pictures")[0] == 0


def test_a_default_is_the_number_that_a_spec_gives(here: Path):
    text = INITIALIZER.replace("gain=1.0", "gain=1, power: int = 2.0").replace(
        "fans, gain:", "fans, gain, power:"
    )
    (here / "mine.py").write_text(text, "utf-8")
    load_plugin(Path("mine.py"))
    assert digest(of("half_he")) == digest(of({"name": "half_he", "gain": 1, "power": 2}))


def test_another_plugin_of_the_name_is_not_taken_for_it(command: Callable, here: Path):
    command("histogram", "-c", "own.yaml", "--no-plot", "--plugin", "mine.py")
    (here / "other.py").write_text(f"{INITIALIZER}# another", "utf-8")
    forget("half_he")
    code, _, err = command("check", "outputs", "--plugin", "other.py")
    assert code == 2
    assert "is of mine.py" in err
    assert "that of other.py" in err


def test_a_plugin_whose_file_has_another_name_now_is_the_same(command: Callable, here: Path):
    command("histogram", "-c", "own.yaml", "--no-plot", "--plugin", "mine.py")
    forget("half_he")
    (here / "mine.py").rename(here / "renamed.py")
    assert command("check", "outputs", "--plugin", "renamed.py")[0] == 0


def test_a_changed_plugin_is_run_again_by_a_batch(command: Callable, here: Path):
    line = ["batch", "own.yaml", "-o", "more", "--no-plot", "--plugin", "mine.py"]
    assert "1 done, 0 skipped" in command(*line)[1]
    forget("half_he")
    assert "0 done, 1 skipped" in command(*line)[1]
    changed = INITIALIZER.replace("* gain /", "* 1.5 * gain /")
    (here / "mine.py").write_text(changed, "utf-8")
    forget("half_he")
    assert "1 done, 0 skipped" in command(*line)[1]


def test_a_check_sees_what_a_changed_plugin_draws(command: Callable, here: Path):
    command("histogram", "-c", "own.yaml", "--no-plot", "--plugin", "mine.py")
    changed = INITIALIZER.replace("* gain /", "* 1.02 * gain /")
    (here / "mine.py").write_text(changed, "utf-8")
    forget("half_he")
    code, out, _ = command("check", "outputs", "--plugin", "mine.py")
    assert code == 1
    assert "own: rounding: " in out
    assert "mine.py (sha256 " in out


def test_workers_load_the_files(command: Callable, here: Path):
    (here / "own.yaml").write_text(f"{SPEC}sweep: {{initializer.gain: [1, 2]}}\n", "utf-8")
    code, out, _ = command("batch", "own.yaml", "-j", "2", "--no-plot", "--plugin", "mine.py")
    assert (code, "2 done" in out) == (0, True)


@pytest.fixture
def installed(here: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a distribution with entry points where Python finds it."""

    def install(name: str, points: str, **modules: str) -> None:
        place = here / f"site-{name}"
        info = place / f"{name}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(points)
        (info / "top_level.txt").write_text("\n".join(modules))
        for module, text in modules.items():
            (place / f"{module}.py").write_text(text, "utf-8")
        monkeypatch.syspath_prepend(str(place))

    yield install
    for module in ("halfpkg", "brokenpkg", "emptypkg", "otherpkg", "editedpkg"):
        sys.modules.pop(module, None)


HALF = "[weightinit_cli.initializers]\nhalf_he = halfpkg\n"


def test_an_installed_package_is_found_by_name(command: Callable, installed: Callable):
    installed("halfpkg", HALF, halfpkg=INITIALIZER)
    assert command("histogram", "-c", "own.yaml", "--no-plot")[0] == 0
    assert stats("outputs/own")["environment"]["plugins"] == {"initializer half_he": "halfpkg 1.2"}
    assert command("check", "outputs")[0] == 0
    assert "halfpkg 1.2" in command("list", "initializers")[1]
    forget("half_he")
    code, _, err = command("histogram", "-c", "own.yaml", "--set", "initializer=half_eh")
    assert (code, "did you mean 'half_he'?" in err) == (2, True)


def test_entry_points_that_cannot_be_used_are_notes(command: Callable, installed: Callable):
    installed("halfpkg", HALF, halfpkg=INITIALIZER)
    installed(
        "broken",
        "[weightinit_cli.initializers]\nbroken = brokenpkg\nempty = emptypkg\n"
        "he_normal = halfpkg\n",
        brokenpkg="import nowhere_to_be_found\n",
        emptypkg="",
    )
    code, out, err = command("list", "initializers")
    assert code == 0
    assert "half_he" in out
    assert (
        "initializer 'broken': broken 1.2 has it, but brokenpkg cannot be imported: "
        "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    ) in err
    assert "'empty': broken 1.2 names it, but emptypkg registers no initializer 'empty'" in err
    assert "initializer 'he_normal' of broken 1.2 is left out: the name is built in" in err
    text = "activation: tanh\ninitializer: broken\n"
    Path("broken.yaml").write_text(text)
    code, _, err = command("validate", "broken.yaml")
    assert code == 2
    assert "broken.yaml:2:14: initializer: initializer 'broken': broken 1.2 has it, but" in err


def test_a_package_that_its_author_edits_is_known_by_its_entry_point(installed: Callable):
    installed("half", HALF.replace("halfpkg", "editedpkg"), editedpkg=INITIALIZER)
    (Path("site-half") / "half-1.2.dist-info" / "top_level.txt").unlink()
    assert of("half_he").initializer.name == "half_he"
    assert INITIALIZERS["half_he"].source == "half 1.2"


def test_a_file_does_not_take_a_name_of_an_installed_package(
    command: Callable, installed: Callable
):
    installed("halfpkg", HALF, halfpkg=INITIALIZER)
    code, _, err = command("validate", "own.yaml", "--plugin", "mine.py")
    assert code == 2
    assert "two plug-ins have an initializer 'half_he': halfpkg 1.2 and mine.py (sha256 " in err
    assert command("conform", "mine.py:half_he", "--like", "he_normal")[0] == 1


def test_a_check_names_the_result_whose_plugin_two_packages_have(
    command: Callable, installed: Callable
):
    installed("halfpkg", HALF, halfpkg=INITIALIZER)
    command("histogram", "-c", "own.yaml", "--no-plot")
    forget("half_he")
    installed("otherpkg", HALF.replace("halfpkg", "otherpkg"), otherpkg=INITIALIZER)
    code, _, err = command("check", "outputs")
    assert code == 2
    assert err.startswith(f"{Path('outputs/own/stats.json')}: initializer 'half_he': halfpkg 1.2 a")


def test_an_entry_point_that_ends_python_is_a_note(command: Callable, installed: Callable):
    installed("broken", HALF.replace("halfpkg", "brokenpkg"), brokenpkg="raise SystemExit(4)\n")
    code, _, err = command("list", "initializers")
    assert code == 0
    assert "brokenpkg cannot be imported: SystemExit: 4" in err


def test_a_name_of_two_packages_is_nobodys(command: Callable, installed: Callable):
    installed("halfpkg", HALF, halfpkg=INITIALIZER)
    installed("otherpkg", HALF.replace("halfpkg", "otherpkg"), otherpkg=INITIALIZER)
    code, _, err = command("validate", "own.yaml")
    assert code == 2
    assert "halfpkg 1.2 and otherpkg 1.2 both have one; uninstall one of them" in err


REGISTERING = "import weightinit_cli as w\n@w.initializer({name})\ndef f({arguments}): pass\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "registers nothing; @weightinit_cli.initializer(...) or @weightinit_cli."),
        ("x = (\n", "SyntaxError: '(' was never closed"),
        ("def f():\n    1 / 0\nf()\n", "ZeroDivisionError: division by zero (bad.py, line 2)"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3 (bad.py, line 2)"),
        (
            REGISTERING.format(name="'he_normal'", arguments="rng, shape, fans"),
            "'he_normal' is a built-in initializer; a plug-in needs another name",
        ),
        (
            REGISTERING.format(name="'glorot_uniform'", arguments="rng, shape, fans"),
            "'glorot_uniform' is a built-in initializer",
        ),
        (
            REGISTERING.format(name="'my init'", arguments="rng, shape, fans"),
            "'my init' cannot be the name of an initializer: letters, digits and _",
        ),
        (
            REGISTERING.format(name="'f'", arguments="rng"),
            "f must take rng, shape: f(rng, shape, **parameters)",
        ),
        (
            REGISTERING.format(name="'f'", arguments="rng, shape, fans, mode='in'"),
            "f: the default of mode must be a number, or one of the choices of Parameter('mode',",
        ),
        (
            REGISTERING.format(name="'f', w.Parameter('a', '')", arguments="rng, shape, fans"),
            "f does not take the parameter 'a'",
        ),
        (
            REGISTERING.format(name="'He_Normal'", arguments="rng, shape, fans"),
            "'He_Normal' is a built-in initializer",
        ),
        (
            "import weightinit_cli as w\n@w.initializer\ndef f(rng, shape, fans): pass\n",
            "must be a text, as in @weightinit_cli.initializer('mine', ...)",
        ),
        (
            2 * REGISTERING.format(name="'f'", arguments="rng, shape, fans"),
            "the initializer 'f' is registered twice",
        ),
        (
            REGISTERING.format(name="'f'", arguments="rng, shape, fans, a=float('inf')"),
            "f: the default of a must be a finite number within its bounds, not inf",
        ),
        (
            REGISTERING.format(
                name="'f', w.Parameter('a', '', above=1)", arguments="rng, shape, fans, a=1"
            ),
            "f: the default of a must be a finite number within its bounds, not 1",
        ),
        (
            REGISTERING.format(
                name="'f', w.Parameter('a', '', choices=('in',))", arguments="rng, shape, fans, a=1"
            ),
            "f: the default of a must be one of in, not 1",
        ),
        (
            REGISTERING.format(name="'f'", arguments="rng, shape, fans, a, /"),
            "f: a must be taken by name; leave out the /",
        ),
        (
            REGISTERING.format(name="'f'", arguments="rng, shape, *, fans"),
            "f must take rng, shape, fans: ",
        ),
        (
            REGISTERING.format(name="'f', 'a'", arguments="rng, shape, fans, a"),
            "must be Parameter('gain', 'what it is'), not 'a'",
        ),
        (
            REGISTERING.format(name="'f', std=0.1", arguments="rng, shape, fans"),
            "std must be a function fn(fans), not 0.1",
        ),
        (
            REGISTERING.format(name="'f', std=lambda fans: 1", arguments="rng, shape, fans, a=1"),
            "std must be a function fn(fans, a): got an unexpected keyword argument 'a'",
        ),
        (
            REGISTERING.format(name="'f', law='cauchy'", arguments="rng, shape, fans"),
            "law must be one of normal, truncated_normal, uniform, not 'cauchy'",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    command: Callable, here: Path, text: str, message: str
):
    (here / "bad.py").write_text(text, "utf-8")
    code, _, err = command("list", "initializers", "--plugin", "bad.py")
    assert code == 2
    assert len(err.splitlines()) == 1
    assert err.startswith("bad.py: ")
    assert message in err


@pytest.mark.parametrize("name", ["nowhere.py", "own.yaml", "."])
def test_what_is_no_python_file(command: Callable, name: str):
    code, _, err = command("list", "initializers", "--plugin", name)
    assert (code, len(err.splitlines())) == (2, 1)


def test_two_plugins_of_one_name_clash_and_the_same_one_replaces_itself(here: Path):
    load_plugin(Path("mine.py"))
    load_plugin(Path("mine.py"))
    (here / "other.py").write_text(INITIALIZER, "utf-8")
    with pytest.raises(winit.WinitError, match=r"two plug-ins .* 'half_he': mine\.py"):
        load_plugin(Path("other.py"))


def test_two_files_of_one_name_clash(here: Path):
    load_plugin(Path("mine.py"))
    (here / "other").mkdir()
    (here / "other" / "mine.py").write_text(INITIALIZER, "utf-8")
    with pytest.raises(
        winit.WinitError, match=r"two plug-ins .*[/\\]mine\.py and .*other[/\\]mine"
    ):
        load_plugin(Path("other/mine.py"))


def test_a_function_of_another_package_is_of_the_file_that_gives_it_a_name(here: Path):
    text = "import numpy as np, weightinit_cli as winit\n"
    text += "winit.activation('own', derivative=lambda x: 1 - np.tanh(x) ** 2)(np.tanh)\n"
    (here / "mine.py").write_text(text, "utf-8")
    load_plugin(Path("mine.py"))
    assert ACTIVATIONS["own"].source.startswith("mine.py (sha256 ")
    assert ACTIVATIONS["own"].parameters == ()


def drawing(function: Callable[..., Any], **formula: Any) -> Any:
    winit.initializer("own", **formula)(function)
    return of("own")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda rng, shape, fans: 1 / 0, r"own: ZeroDivisionError: division by zero \(test_plug"),
        (lambda rng, shape, fans: rng.normal(size=3), r"own returned shape \(3,\); shape \(30, 30"),
        (lambda rng, shape, fans: [1, 2], r"own returned shape \(2,\)"),
        (lambda rng, shape, fans: [[1], [1, 2]], "own returned what is no array"),
        (lambda rng, shape, fans: None, "own must return an array of real numbers, not None"),
        (lambda rng, shape, fans: np.ones(shape, complex), "not one of complex128"),
        (lambda rng, shape, fans: np.full(shape, "a"), "not one of <U1"),
        (lambda rng, shape, fans: sys.exit(3), r"own: SystemExit: 3 \(test_plugins"),
        (lambda rng, shape, fans: np.ma.zeros(shape), "not a masked one"),
        (lambda rng, shape, fans: rng.normal(size=shape) * 1e300, "which have no standard dev"),
        (lambda rng, shape, fans: np.full(shape, np.nan), "own returned 900 of 900 values that"),
        (lambda rng, shape, fans: np.random.random_sample(shape), "other numbers from the same rn"),  # noqa: NPY002
    ],
)
def test_an_initializer_that_does_not_draw_as_it_must(function: Callable, message: str):
    with pytest.raises(winit.WinitError, match=message) as caught:
        winit.run(drawing(function))
    assert str(caught.value).startswith("own.yaml:1:")


@pytest.mark.parametrize("key", ["width", "features"])
def test_what_does_not_fit_in_memory_is_not_tried(key: str):
    def own(rng: Any, shape: Any, fans: Any) -> Any:
        raise AssertionError("must not be asked")

    winit.initializer("own")(own)
    keys = {"activation": "tanh", "initializer": own, "width": 10_000, "layers": 1}
    for call in (winit.run, winit.predict):
        with pytest.raises(winit.WinitError, match=rf": {key}: needs .* GiB of memory, and "):
            call({**keys, key: 10**9})


@pytest.mark.parametrize(
    "std", [lambda fans: "a", lambda fans: -1.0, lambda fans: np.inf, lambda fans: None]
)
def test_a_formula_that_is_none(std: Callable):
    with pytest.raises(winit.WinitError, match="own: its std"):
        winit.run(drawing(lambda rng, shape, fans: rng.normal(size=shape), std=std))


def test_what_draws_nothing_is_said(command: Callable, here: Path):
    text = INITIALIZER.replace("rng.standard", "np.random.default_rng(0).standard")
    (here / "mine.py").write_text(f"import numpy as np\n{text}", "utf-8")
    _, _, err = command("validate", "own.yaml", "--plugin", "mine.py")
    assert "half_he draws nothing from rng: layers of one shape have the same weights" in err


def test_what_draws_from_a_child_of_rng_draws(command: Callable, here: Path):
    text = INITIALIZER.replace("rng.standard", "rng.spawn(1)[0].standard")
    (here / "mine.py").write_text(text, "utf-8")
    assert "draws nothing" not in command("validate", "own.yaml", "--plugin", "mine.py")[2]


def test_a_formula_that_is_another_one_than_the_draws_is_said(command: Callable, here: Path):
    (here / "mine.py").write_text(INITIALIZER.replace("gain: gain /", "gain: gain *"), "utf-8")
    _, _, err = command("validate", "own.yaml", "--plugin", "mine.py")
    assert "the standard deviation of 40 by 40 weights is 6.325, but in one draw it is 0.15" in err


def test_a_law_that_is_another_one_than_the_draws_is_said(command: Callable, here: Path):
    text = INITIALIZER.replace(
        "rng.standard_normal(shape)", "rng.uniform(-(3**0.5), 3**0.5, shape)"
    )
    (here / "mine.py").write_text(text, "utf-8")
    _, _, err = command("validate", "own.yaml", "--plugin", "mine.py")
    assert err.count("\n") == 1
    assert (
        "by its law, normal, the kurtosis of 40 by 40 weights is 3, but in one draw it is 1." in err
    )


def test_draws_of_two_values_are_told_apart():
    own = drawing(lambda rng, shape, fans: rng.random(shape) < 0.5)
    assert len({layer.weights.stream for layer in winit.run(own).layers}) == 2


def test_a_scale_that_is_measured_is_said(command: Callable, here: Path):
    text = INITIALIZER.replace(", std=lambda fans, gain: gain / fans.fan_in**0.5", "")
    (here / "mine.py").write_text(text.replace(', law="normal"', ""), "utf-8")
    _, out, err = command("histogram", "-c", "own.yaml", "--no-plot", "--plugin", "mine.py")
    assert "half_he has no formula for its standard deviation, which is measured" in err
    assert "z (std)" not in out


def test_a_registered_function_stands_for_its_name():
    @winit.initializer("own")
    def own(rng: Any, shape: Any, fans: Any, gain: float = 1.0) -> Any:
        return rng.normal(0, gain / 10, shape)

    keys = {"activation": "tanh", "layers": 1, "width": 20, "samples": 20}
    assert winit.run(keys | {"initializer": own}).spec["initializer"]["name"] == "own"
    result = winit.run(keys | {"initializer": {"name": own, "gain": 2}})
    assert result.spec["initializer"] == {"name": "own", "gain": 2}
    with pytest.raises(winit.WinitError, match=r"@weightinit_cli\.activation gives a function"):
        winit.phase(own)
    for key in ("initializer", "activation"):
        with pytest.raises(winit.WinitError, match=f"@weightinit_cli.{key} gives a function a na"):
            winit.run(keys | {"initializer": "zeros"} | {key: lambda: 0})


def test_it_is_the_network_of_the_built_in_row_that_it_repeats():
    """The same draws, law and figures, theory's z-scores and the check's law included."""
    load_plugin(Path("mine.py"))
    own = winit.run(of({"name": "half_he", "gain": 2}))
    std = {"name": "normal", "std": 2 / 30**0.5}
    built_in = winit.run(of(std))
    for ours, theirs in zip(own.layers, built_in.layers, strict=True):
        assert ours.weights.std == pytest.approx(theirs.weights.std, rel=0.1)
        assert ours.theory.figures["std"].value == pytest.approx(theirs.theory.figures["std"].value)
        assert abs(ours.theory.figures["std"].z) < 5
    assert not winit.check(own).failed


def test_what_a_plugin_prints_is_not_on_stdout(command: Callable, here: Path):
    text = INITIALIZER.replace("    return", "    print('drawing')\n    return")
    (here / "mine.py").write_text(f"print('loading')\n{text}", "utf-8")
    line = ["histogram", "-c", "own.yaml", "--json", "--no-plot", "--plugin", "mine.py"]
    code, out, err = command(*line)
    assert code == 0
    assert json.loads(out)["name"] == "own"
    assert {"loading", "drawing"} <= set(err.splitlines())


def test_layers_with_the_same_draws_are_told():
    """Their hashes are equal whatever their scale, as those of built-in rows are."""
    load_plugin(Path("mine.py"))
    one, other = (winit.run(of({"name": "half_he", "gain": g})) for g in (1, 0.3))
    streams = [[layer.weights.stream for layer in each.layers] for each in (one, other)]
    assert streams[0] == streams[1]
    assert len(set(streams[0])) == 2


def test_an_activation_of_ones_own_in_every_command(command: Callable, here: Path):
    (here / "snake.py").write_text(ACTIVATION, "utf-8")
    text = "activation: {name: snake, a: 2}\ninitializer: critical\nwidth: 60\nsamples: 300\n"
    text += "bias: {name: normal, std: 0.2}\n"
    (here / "own.yaml").write_text(text, "utf-8")
    for line in (
        "histogram -c own.yaml --no-plot",
        "list activations",
        "batch own.yaml -o more --no-plot -j 2",
    ):
        forget("snake")
        code, _, err = command(*line.split(), "--plugin", "snake.py")
        assert (line, code, "defect" in err) == (line, 0, False)
    layer = stats("outputs/own")["layers"][-1]
    assert abs(layer["theory"]["figures"]["std"]["z"]) < 5


def test_of_many_kinks_the_nearest_are_listed(command):
    Path("stairs.py").write_text(
        "import numpy as np\n"
        "import weightinit_cli as winit\n"
        'winit.activation("stairs", derivative=np.zeros_like)(lambda x: np.round(x))\n',
        "utf-8",
    )
    _, out, _ = command("list", "activations", "--plugin", "stairs.py")
    kinks = "kinks at -2.5, -1.5, -0.5, 0.5, 1.5, 2.5 and 122 more"
    assert f"no bounds given; {kinks}; no flat end" in " ".join(out.split())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kinks": 0.0}, "kinks must be a list of finite numbers, not 0.0"),
        ({"kinks": ["a"]}, "kinks must be a list of finite numbers"),
        ({"kinks": lambda: 1 / 0}, r"its kinks: ZeroDivisionError: division by zero \(test_plug"),
        ({"bounds": lambda: 1 / 0}, "its bounds: ZeroDivisionError"),
        ({"bounds": (1,)}, r"bounds must be \(low, high\)"),
        ({"bounds": None}, r"bounds must be \(low, high\)"),
    ],
)
def test_what_an_activation_is_said_to_have_is_no_such_thing(given: Any, message: str):
    winit.activation("own", derivative=np.ones_like, **given)(lambda x: x + 0.0)
    with pytest.raises(winit.WinitError, match=f"own: {message}"):
        winit.histogram(activation="own", initializer="zeros")


def test_a_registered_activation_stands_for_its_name():
    @winit.activation("own", derivative=lambda x, a: a * np.ones_like(x))
    def own(x: Any, a: float = 1.0) -> Any:
        return a * x

    assert winit.phase(own) == winit.phase("own")


@pytest.mark.parametrize("derivative", [None, lambda: 0, lambda x: x])
def test_a_derivative_that_takes_something_else(derivative: Any):
    with pytest.raises(TypeError, match=r"derivative must be a function fn\(x, a\)"):
        winit.activation("own", derivative=derivative)(lambda x, a=1.0: a * x)


@pytest.mark.parametrize("key", ["output", "residual"])
def test_an_initializer_of_an_output_layer_or_of_branches_alone(command: Callable, key: str):
    """It is tried before the run, told of and named beside the result, as that of the layers is."""
    beside = {"output": "{classes: 3, initializer: half_he}", "residual": "{initializer: half_he}"}
    keys = SPEC.replace("half_he", "he_normal") + f"{key}: {beside[key]}\n"
    Path("own.yaml").write_text(keys, "utf-8")
    code, _, _ = command("histogram", "-c", "own.yaml", "--no-plot", "--plugin", "mine.py")
    assert code == 0
    assert list(stats("outputs/own")["environment"]["plugins"]) == ["initializer half_he"]
    forget("half_he")
    Path("mine.py").write_text(INITIALIZER.replace("shape) * gain", "3) * gain"), "utf-8")
    code, _, err = command("validate", "own.yaml", "--plugin", "mine.py")
    assert code == 2
    assert f"{key}.initializer: half_he returned shape (3,)" in err


def test_a_registered_function_in_an_output_layer():
    @winit.initializer("own")
    def own(rng: Any, shape: Any, fans: Any) -> Any:
        return rng.normal(0, 0.1, shape)

    keys = {"activation": "tanh", "initializer": "he_normal", "layers": 1, "width": 20}
    result = winit.run(keys | {"output": {"classes": 3, "initializer": own}})
    assert result.spec["output"]["initializer"] == {"name": "own"}
