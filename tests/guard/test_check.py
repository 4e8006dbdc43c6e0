"""`check` from Python: what is judged, by what, and what comes back."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from functools import cache
from math import prod, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from weightinit_cli import check, load_result
from weightinit_cli.errors import SpecError, WinitError
from weightinit_cli.experiments import run
from weightinit_cli.guard import CheckOutcome, Drift, Gate, Outcome, Report
from weightinit_cli.guard.flatten import Place
from weightinit_cli.results import dump_result
from weightinit_cli.results.figures import FIGURES
from weightinit_cli.results.files import write_files
from weightinit_cli.spec import expand, load_spec, parse_spec

if TYPE_CHECKING:
    from weightinit_cli.results import AnyResult, Result
    from weightinit_cli.spec import Spec

TEXT = "samples: 30\nwidth: 20\nlayers: 2\nactivation: tanh\ninitializer: lecun_normal\n"
FEW = 10
VERSIONS = Path(__file__).parent.parent / "results"


def spec_of(*overrides: str, text: str = TEXT, name: str = "mine") -> Spec:
    return parse_spec(text, source=f"{name}.yaml", stem=name, overrides=overrides)


@cache
def result_of(*overrides: str) -> Result:
    return run(spec_of(*overrides))


def sound(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    drawn = rng.standard_normal(shape)
    while (outside := np.abs(drawn) > 2).any():
        drawn[outside] = rng.standard_normal(outside.sum())
    return drawn / 0.87962566103423978 / sqrt(prod(shape[:-1]))


def wide(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return 1e4 * sound(rng, shape)


def save(folder: Path, *results: AnyResult) -> Path:
    for number, result in enumerate(results):
        write_files(folder / f"r{number}", "", {"stats.json": dump_result(result).encode()})
    return folder


def gates(outcome: CheckOutcome) -> list[Gate | None]:
    return [report.outcome.gate for report in outcome.reports]


def sentences(outcome: CheckOutcome) -> list[str]:
    return [line for report in outcome.reports for line in report.outcome.structure]


# -- an own function, held to the spec that names its law ---------------------------------------


def test_a_sound_function_passes():
    outcome = check(run(spec_of(), weights=sound), networks=FEW)
    assert not outcome.failed, outcome
    assert gates(outcome) == [Gate.STATISTICAL]
    assert str(outcome) == repr(outcome) == "statistical: 1 run, none differs"
    assert (outcome.drifts, outcome.errors) == ((), ())


def test_a_function_of_another_scale_is_told(capfd: pytest.CaptureFixture[str]):
    outcome = check(run(spec_of(), weights=wide), networks=FEW)
    assert outcome.failed
    assert {drift.run for drift in outcome.drifts} == {"mine"}
    assert all(drift.off > 1 for drift in outcome.drifts)
    stds = [drift for drift in outcome.drifts if drift.figure == "weights.std"]
    assert stds
    assert all(drift.old == pytest.approx(1e4 * drift.new, rel=0.2) for drift in stds)
    first, *_, end = str(outcome).splitlines()
    assert first.startswith("mine: statistical: ")
    why = f"by the statistical gate, since it has weights by {__name__}.wide, now by winit"
    assert why in str(outcome)
    assert end == "statistical: 1 run, one differs"
    assert capfd.readouterr() == ("", "")


def test_layers_of_the_same_draws_are_told():
    def fixed(_: object, shape: tuple[int, ...]) -> np.ndarray:
        return sound(np.random.Generator(np.random.SFC64(1)), shape)

    outcome = check(run(spec_of(), weights=fixed), networks=FEW)
    expected = "layers 1 and 2 have the same draws"
    assert expected in sentences(outcome)


def test_biases_are_held_to_the_spec_too():
    def biases(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return 5 * rng.standard_normal(shape)

    outcome = check(run(spec_of(), biases=biases))
    assert outcome.failed
    assert "layer 1 biases.std: " in str(outcome)
    assert outcome.reports[0].outcome.why.startswith("biases by ")


# -- whatever is given, and against whatever ----------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return save(tmp_path / "out", result_of())


def test_a_result_by_the_spec_inside_it(saved: Path):
    for given in (result_of(), saved, str(saved), saved / "r0" / "stats.json", saved / "r0"):
        outcome = check(given)
        assert gates(outcome) == [Gate.EXACT]
        assert not outcome.failed
    moved = replace(result_of(), layers=result_of().layers[::-1])
    assert check(moved).drifts[0].run == "mine"


def test_a_spec_in_either_order(saved: Path, tmp_path: Path):
    file = tmp_path / "specs" / "r0.yaml"
    write_files(file.parent, "", {file.name: TEXT.encode()})
    specs = (spec_of(), file, str(file), file.parent)
    for spec, given in zip(
        specs, (saved, result_of(), saved / "r0" / "stats.json", saved), strict=False
    ):
        for outcome in (check(given, spec), check(spec, against=given)):
            assert gates(outcome) == [Gate.EXACT]
            assert not outcome.failed, outcome


def test_a_spec_that_has_changed(saved: Path):
    for given in (result_of(), saved):
        outcome = check(given, spec_of("samples=60"))
        assert sentences(outcome) == ["the spec has changed since: samples: 30, now 60"]
    other_seed = check(saved, spec_of("seed=3"), networks=FEW)
    assert gates(other_seed) == [Gate.STATISTICAL]
    assert not other_seed.failed, other_seed


def test_runs_of_one_side_alone(saved: Path, tmp_path: Path):
    specs = tmp_path / "specs"
    other = TEXT.replace("20", "21")
    files = {"r0.yaml": TEXT.encode(), "r1.yaml": other.encode()}
    write_files(specs, "", files)
    assert sentences(check(saved, specs)) == ["no saved result"]
    # one in memory is held to the spec that it is of
    assert not check(result_of(), specs).failed
    assert not check(specs, run(load_spec(specs / "r1.yaml"))).failed
    (report,) = check(result_of("samples=9"), specs).reports
    assert report.outcome.structure == ("the result of none of these specs",)
    two = save(tmp_path / "two", result_of(), result_of("seed=1"))
    assert sentences(check(saved, two)) == ["a missing run"]
    assert sentences(check(two, saved)) == ["an additional run"]


def test_a_run_of_several_is_found_by_its_spec():
    spec = spec_of(text=f"{TEXT}variants:\n  one: {{}}\n  two: {{width: 9}}\n")
    for each in expand(spec):
        assert gates(check(run(each), spec)) == [Gate.EXACT]


# -- saved results on both sides ----------------------------------------------------------------


def elsewhere(result: Result, **changes: Any) -> Result:
    return replace(result, environment={**result.environment, **changes})


def test_the_strictest_gate_of_two_results(saved: Path):
    one = result_of()
    for old in (one, saved, saved / "r0" / "stats.json"):
        for given in (one, saved):
            assert gates(check(given, old)) == [Gate.EXACT]
    within = replace(one.layers[0], mean=one.layers[0].mean * (1 + 1e-9))
    near = replace(one, layers=(within, *one.layers[1:]))
    assert check(near, one).failed
    outcome = check(near, elsewhere(one, numpy="1.99"))
    assert gates(outcome) == [Gate.ROUNDING]
    assert not outcome.failed, outcome


def test_the_given_one_is_held_to_fresh_networks():
    own, spoilt = run(spec_of(), weights=sound), run(spec_of("seed=1"), weights=wide)
    outcome = check(result_of("seed=2"), spoilt, networks=FEW)
    assert gates(outcome) == [Gate.STATISTICAL]
    assert not outcome.failed, outcome
    assert check(spoilt, result_of(), networks=FEW).failed
    assert gates(check(own, own)) == [Gate.EXACT]


@pytest.mark.parametrize("version", [1, 4])
def test_what_an_older_schema_lacked_is_not_missed(version: int):
    file = VERSIONS / f"version_{version}.json"
    assert sentences(check(file)) == sentences(check(load_result(file))) == []


def test_what_an_older_schema_lacked_is_held_to_no_fresh_network(tmp_path: Path):
    values = json.loads(dump_result(result_of("width=30")))
    flushed = FIGURES["gradient.float16_flushed"]
    values["schema_version"] = flushed.since - 1
    for layer in values["layers"]:
        del layer["gradient"]["float16_flushed"]
    write_files(tmp_path / "mine", "", {"stats.json": json.dumps(values).encode()})
    outcome = check(tmp_path, spec_of("width=30", "seed=1"), networks=FEW)
    assert gates(outcome) == [Gate.STATISTICAL]
    assert not outcome.failed, outcome


def test_results_of_other_specs():
    outcome = check(result_of("samples=60"), result_of())
    assert sentences(outcome) == ["spec.samples: 30, now 60"]
    assert gates(outcome) == [None]


def test_a_course_over_steps():
    text = "experiment: symmetry\nsteps: 3\nactivation: tanh\ninitializer: xavier_normal\n"
    result = run(spec_of(text=text))
    for against in (None, result, spec_of(text=text)):
        assert gates(check(result, against)) == [Gate.EXACT]


# -- what cannot be checked ---------------------------------------------------------------------


def test_one_that_cannot_be_read_is_an_error_among_others(saved: Path, tmp_path: Path):
    write_files(saved / "broken", "", {"stats.json": b"{"})
    for outcome in (check(saved), check(saved, saved)):
        assert outcome.failed
        assert len(outcome.reports) == 2
        (line,) = outcome.errors
        assert line.startswith(f"{saved / 'broken' / 'stats.json'}: ")
        assert "could not be checked: 1 run" in str(outcome)
    specs = tmp_path / "specs"
    write_files(specs, "", {"r0.yaml": TEXT.encode(), "broken.yaml": b"widht: 3\n"})
    outcome = check(saved, specs)
    assert any("unknown key" in line for line in outcome.errors)
    assert len(outcome.reports) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3,), "a result, a spec or the path of either can be checked, not int"),
        ((None,), "a result, a spec or the path of either can be checked, not NoneType"),
        (("relu_he",), "no result to check: one of the two must be or hold results"),
        (("relu_he", "configs"), "no result to check"),
        (("nothing.json",), "nothing.json: no such"),
        (("no/thing",), "no/thing: no such file"),
        (("empty",), r"empty: holds no results \(stats.json\) and no specs"),
    ],
)
def test_bad_arguments(
    arguments: tuple[Any, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(TEXT)
    with pytest.raises(WinitError, match=message) as caught:
        check(*arguments)
    assert len(caught.value.lines) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0}, "alpha must lie between 0 and 1, not 0"),
        ({"alpha": float("nan")}, "alpha must lie between 0 and 1, not nan"),
        ({"networks": 9}, "networks must be at least 10, not 9"),
    ],
)
def test_bad_numbers(options: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        check("nothing", **options)


@pytest.mark.parametrize("option", ["jobs", "threads"])
@pytest.mark.parametrize("against", [None, "itself"])
def test_fewer_than_one(option: str, against: str | None):
    result = result_of()
    with pytest.raises(ValueError, match="must be at least 1"):
        check(result, against and result, **{option: 0})


def test_a_spec_that_cannot_be_read(saved: Path, tmp_path: Path):
    (tmp_path / "bad.yaml").write_text("widht: 3\n")
    with pytest.raises(SpecError, match=r"bad\.yaml:1:1: widht: unknown key"):
        check(saved, tmp_path / "bad.yaml")


# -- the outcome --------------------------------------------------------------------------------


def test_an_outcome_is_short_and_plain_data():
    drift = Drift(Place(3, "std"), 1.0, 2.0, 12.0)
    outcome = Outcome(Gate.EXACT, structure=("a\x1b",) * 40, drifts=(drift,), compared=9)
    reports = tuple(Report(f"run{k}", "p", outcome) for k in range(30))
    found = CheckOutcome(
        (*reports, Report("x", "p", errors=("no",)), Report("y", "p", Outcome(None)))
    )
    lines = str(found).splitlines()
    assert len(lines) == 10
    assert lines[:2] == ["run0: exact: 1 of 9 figures differs", r"  a\x1b"]
    assert lines[-4:] == [
        "and 1,256 other lines",
        "exact: 30 runs, 30 differ",
        "not compared: 1 run, none differs",
        "could not be checked: 1 run",
    ]
    assert found.drifts[0] == ("run0", 3, "std", 1.0, 2.0, 12.0)
    assert found.errors == ("no",)
    with pytest.raises(FrozenInstanceError):
        found.reports = ()  # type: ignore[misc]
