"""From Python: `from weightinit_cli import load_spec, run, load_result`."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

import weightinit_cli
from weightinit_cli import Result, Spec, WinitError, load_result, load_spec, run
from weightinit_cli.errors import DEFECT, SpecError
from weightinit_cli.parameters import ParameterError
from weightinit_cli.results import dump_result, write_files

TEXT = """\
samples: 300
width: [20, 10]
activation: tanh
initializer: {name: normal, std: 0.2}
histogram: {bins: 8, range: [-1, 1]}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT)
    return load_spec(path)


@pytest.fixture
def result(spec: Spec) -> Result:
    return run(spec)


def test_typed_spec(spec: Spec):
    assert isinstance(spec, Spec)
    assert (spec.name, spec.seed, spec.samples, spec.layers) == ("mine", 0, 300, 2)
    assert (spec.width, spec.features) == ((20, 10), 20)
    assert (spec.activation.name, spec.initializer.arguments["std"]) == ("tanh", 0.2)
    assert (spec.histogram.bins, spec.histogram.range) == (8, (-1.0, 1.0))
    with pytest.raises(FrozenInstanceError):
        spec.seed = 1  # type: ignore[misc]


def test_typed_result(result: Result):
    assert isinstance(result, Result)
    assert result.name == "mine"
    assert isinstance(result.layers, tuple)
    layer = result.layers[0]
    assert isinstance(layer.mean, float)
    assert isinstance(layer.nonfinite, int)
    assert isinstance(layer.distinct_units, int)
    assert len(layer.histogram.counts) == 8
    assert layer.weights is not None
    assert layer.weights.std == pytest.approx(0.2, rel=0.2)
    assert result.resolved.layers[1].fan_in == 20
    assert result.input.std == pytest.approx(1, abs=0.1)
    assert result.spec["initializer"] == {"name": "normal", "std": 0.2, "mean": 0.0}


def test_spread_splits_into_inputs_and_units(result: Result):
    for layer in result.layers:
        assert layer.std**2 == pytest.approx(layer.std_across_inputs**2 + layer.std_across_units**2)


def test_saved_and_loaded(result: Result, tmp_path: Path):
    write_files(tmp_path, result.name, {"stats.json": dump_result(result).encode()})
    assert load_result(tmp_path / "mine") == result
    assert load_result(str(tmp_path / "mine" / "stats.json")) == result


def test_shipped_name_and_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    spec = load_spec("relu_he", ["samples=20", "width=3"])
    assert (spec.name, run(spec).layers[0].histogram.edges[0]) == ("relu_he", 0.0)


def test_run_is_deterministic(spec: Spec):
    assert run(spec) == run(spec)
    assert dump_result(run(spec, threads=1)) == dump_result(run(spec, threads=3))


def test_seed_decides(spec: Spec, tmp_path: Path):
    other = load_spec(tmp_path / "mine.yaml", ["seed=1"])
    one, two = run(spec), run(other)
    assert one.layers[0].mean != two.layers[0].mean
    assert one.digest != two.digest


def test_progress_is_told_of_all_the_work(spec: Spec):
    class Sum:
        total = done = 0.0

        def start(self, total: float) -> None:
            assert self.total == self.done == 0
            self.total = total

        def step(self, amount: float) -> None:
            assert self.total > 0
            self.done += amount

    told = Sum()
    run(spec, progress=told)
    assert told.done == pytest.approx(told.total)


@pytest.mark.parametrize("threads", [0, -2])
def test_fewer_threads_than_one(spec: Spec, threads: int):
    with pytest.raises(ValueError, match=f"at least 1, not {threads}"):
        run(spec, threads=threads)


def test_result_draws_itself(result: Result):
    picture = result._repr_png_()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.rstrip(b"\0").endswith(b"IEND\xaeB`\x82")
    assert picture == result._repr_png_()


def test_loaded_result_draws_itself(result: Result, tmp_path: Path):
    write_files(tmp_path, "", {"stats.json": dump_result(result).encode()})
    assert load_result(tmp_path)._repr_png_() == result._repr_png_()


def test_dir_has_the_public_names():
    names = ["Result", "Spec", "WinitError", "check", "load_result", "load_spec", "run"]
    assert set(names) <= set(dir(weightinit_cli))
    assert set(weightinit_cli.__all__) <= set(dir(weightinit_cli))
    assert all(getattr(weightinit_cli, name) is not None for name in names)


def test_unknown_attribute():
    with pytest.raises(AttributeError, match=r"weightinit_cli.*'load'"):
        _ = weightinit_cli.load
    with pytest.raises(ImportError, match="nothing_here"):
        from weightinit_cli import nothing_here  # noqa: F401
    assert not hasattr(weightinit_cli, "nothing_here")


def test_import_is_lazy():
    code = (
        "import sys, weightinit_cli; dir(weightinit_cli); weightinit_cli.__version__;"
        "print(sorted({'numpy', 'yaml', 'click', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(weightinit_cli.__file__).parent.parent,
    )
    assert done.stdout == "[]\n"


def again(thing: object) -> object:
    return pickle.loads(pickle.dumps(thing))  # noqa: S301


def test_spec_and_result_pickle(spec: Spec, result: Result):
    assert again(spec) == spec
    assert again(spec).marks == spec.marks  # type: ignore[attr-defined]
    assert again(result) == result
    assert run(again(spec)) == result  # type: ignore[arg-type]


def test_errors_pickle():
    with pytest.raises(SpecError) as caught:
        load_spec("no such", ["layers=0"])
    for error in (
        caught.value,
        WinitError("x: damaged"),
        WinitError("a line", "of several", exit_code=DEFECT),
        ParameterError("std", "must be positive"),
    ):
        copied = again(error)
        assert type(copied) is type(error)
        assert str(copied) == str(error)
        for name in ("lines", "exit_code"):
            assert getattr(copied, name, None) == getattr(error, name, None)


def test_every_problem_at_once(tmp_path: Path):
    path = tmp_path / "bad.yaml"
    path.write_text("activation: sigmod\ninitializer: nromal\nlayers: 0\n")
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert [problem.path for problem in caught.value.problems] == [
        "activation",
        "initializer",
        "layers",
    ]
    assert [problem.mark.line for problem in caught.value.problems] == [1, 2, 3]
    assert isinstance(caught.value, WinitError)
    assert caught.value.exit_code == 2


def test_too_large_a_request_is_a_spec_error(spec: Spec, tmp_path: Path):
    big = load_spec(tmp_path / "mine.yaml", ["width=[10000000, 10000000]"])
    with pytest.raises(SpecError, match="GiB"):
        run(big)
