"""Variants and sweeps: which runs a spec describes, and where each one goes."""

from __future__ import annotations

import hashlib
import pickle
from itertools import product

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import run
from weightinit_cli.spec import digest, expand, normal_form, parse_spec, spec_from_normal_form

BASE = "activation: sigmoid\ninitializer: xavier_normal\nsamples: 5\nwidth: 4\nlayers: 2\n"


def spec_of(more: str, overrides: tuple[str, ...] = (), most_runs: int = 1000):
    return parse_spec(
        BASE + more, source="x.yaml", stem="x", overrides=overrides, most_runs=most_runs
    )


def test_a_plain_spec_is_its_own_run():
    spec = spec_of("")
    assert list(expand(spec)) == [spec]
    assert spec.runs is None
    assert (spec.run, spec.folder, spec.varied) == ("", "x", ())


def test_variants_times_sweep_in_order():
    spec = spec_of(
        "variants:\n  std = 10: {initializer: {name: normal, std: 10}}\n  Xavier: {}\n"
        "sweep:\n  width: [4, 6]\n  seed: [1, 2, 3]\n"
    )
    runs = expand(spec)
    assert len(runs) == 12
    expected = list(product(("std = 10", "Xavier"), (4, 6), (1, 2, 3)))
    assert [(dict(r.varied)["variant"], r.width[0], r.seed) for r in runs] == expected
    assert runs[0].folder == "x/std-10,width=4,seed=1"
    assert runs[-1].run == "Xavier,width=6,seed=3"
    assert runs[0].initializer.arguments["std"] == 10
    assert runs[-1].initializer.name == "xavier_normal"
    assert [r.run for r in runs[2:4]] == [runs[2].run, runs[3].run]
    with pytest.raises(IndexError):
        runs[12]


def test_an_override_widens_a_bare_name():
    runs = expand(spec_of("sweep: {initializer.gain: [1, 2.5]}\n"))
    assert [r.initializer.arguments["gain"] for r in runs] == [1, 2.5]
    assert runs[1].run == "initializer.gain=2.5"


def test_a_run_is_what_the_same_spec_alone_would_be():
    (alone,) = expand(spec_of("seed: 7\n"))
    varied = expand(spec_of("sweep: {seed: [7, 8]}\n"))[0]
    assert varied == alone
    assert digest(varied) == digest(alone)
    assert normal_form(varied) == normal_form(alone)
    assert spec_from_normal_form(normal_form(varied), "saved") == alone


def names_of(more: str) -> list[str]:
    return [run.run for run in expand(spec_of(more))]


def test_what_is_no_scalar_is_told_in_words():
    assert names_of(
        "sweep:\n  initializer:\n    - {name: normal, std: 0.05}\n    - xavier_normal\n"
        "    - {std: 2, name: normal, mean: -1}\n"
    ) == ["initializer=normal-0.05", "initializer=xavier-normal", "initializer=normal-2--1"]
    assert names_of("sweep: {activation: [{name: gelu, approximate: none}, tanh]}\n") == [
        "activation=gelu-none",
        "activation=tanh",
    ]
    assert names_of("sweep: {width: [[4, 5], [5, 4], 3]}\n") == [
        "width=4-5",
        "width=5-4",
        "width=3",
    ]
    assert names_of("sweep: {histogram: [{bins: 3}, {range: [-1, 1]}]}\n") == [
        "histogram=bins-3",
        "histogram=range--1-1",
    ]


def test_a_number_keeps_its_sign():
    names = ["initializer.mean=-0.5", "initializer.mean=0.5", "initializer.mean=1e-05"]
    base = "variants: {n: {initializer: {name: normal, std: 1}}}\n"
    sweep = "sweep: {initializer.mean: [-0.5, 0.5, 1e-5]}\n"
    assert names_of(base + sweep) == [f"n,{name}" for name in names]


def test_variants_of_any_script_keep_their_names():
    runs = expand(spec_of("variants:\n  重み 0.01: {}\n  偏り 0.01: {}\n  cafe\u0301: {}\n"))
    assert [run.run for run in runs] == ["重み-0.01", "偏り-0.01", "café"]
    assert [run.label for run in runs] == ["重み 0.01", "偏り 0.01", "café"]
    assert [run.varied for run in runs] == [(("variant", run.label),) for run in runs]


def test_runs_whose_words_are_equal_get_a_number():
    more = "variants:\n  std 1: {}\n  STD-1: {seed: 1}\n  std = 1: {seed: 2}\n  std-1-2: {}\n"
    runs = expand(spec_of(more + "sweep: {samples: [3]}\n"))
    names = ["std-1", "STD-1-2", "std-1-3", "std-1-2-2"]
    assert [run.run for run in runs] == [f"{name},samples=3" for name in names]
    assert [run.label.partition(",")[0] for run in runs] == ["std 1", "STD-1", "std = 1", "std-1-2"]
    normals = "[{name: normal, std: 1, mean: 2}, {name: normal, mean: 1, std: 2}]"
    assert names_of(f"sweep: {{initializer: {normals}}}\n") == [
        "initializer=normal-1-2",
        "initializer=normal-1-2-2",
    ]


def test_names_that_a_system_or_winit_uses_are_changed():
    more = "".join(f"  {name}: {{}}\n" for name in ("aux", "com1.x", "Summary.csv", "run-aux"))
    runs = expand(spec_of(f"variants:\n{more}"))
    assert [run.run for run in runs] == ["run-aux", "run-com1.x", "run-Summary.csv", "run-aux-2"]
    assert [run.label for run in runs] == ["aux", "com1.x", "Summary.csv", "run-aux"]
    assert names_of("variants: {'a. ': {}, ' .b': {}}\n") == ["a", "b"]


def test_what_is_too_long_is_cut_and_told_apart_by_a_digest():
    first, second, wide, emoji = names_of(
        f"variants: {{{'v' * 81}: {{}}, {'v' * 82}: {{}}, {'重' * 90}: {{}}, '%%': {{}}}}\n"
    )
    assert first != second
    assert first.rpartition("-")[0] == second.rpartition("-")[0] == "v" * 67
    assert max(len(each.encode()) for each in (first, second, wide)) <= 255
    assert wide.startswith("重重")
    assert len(emoji) == 12
    assert names_of(f"variants: {{{'v' * 80}: {{}}}}\n") == ["v" * 80]


def former(more: str, stem: str = "x") -> list[tuple[str, ...]]:
    spec = parse_spec(BASE + more, source="x.yaml", stem=stem)
    return [run.former_folders for run in expand(spec)]


def test_former_folders_are_those_of_earlier_versions():
    assert former("") == [()]
    assert former("sweep: {seed: [1, 2]}\nvariants: {std = 1: {}}\n") == [(), ()]
    digits = hashlib.sha256("重み".encode()).hexdigest()[:8]
    assert former("", "重み") == [(f"spec-{digits}",)]
    assert former("", "résumé") == [("r-sum", "re-sume")] == former("", "re\u0301sume\u0301")
    assert former("name: résumé\n", "重み") == [()]
    for more in ("sweep: {width: [[4, 5]]}\n", f"variants: {{{'v' * 81}: {{}}}}\n"):
        (run,) = expand(spec_of(more))
        assert run.former_folders == (f"x/{digest(run)[:12]}",)
    assert former("variants: {重み 0.01: {}, aux: {}}\n") == [("x/0.01",), ("x/aux",)]


def test_folders_stay_below_the_output():
    for name in ("../evil", "a/../b", "..", "/etc", "con", " . "):
        (only,) = expand(spec_of(f"variants: {{{name!r}: {{}}}}\n"))
        assert "/" not in only.run
        assert only.run.strip(". ") not in ("", "..")


def test_set_applies_last_to_every_run():
    runs = expand(spec_of("sweep: {width: [4, 6]}\n", ("seed=9",)))
    assert {r.seed for r in runs} == {9}


@pytest.mark.parametrize("path", ["width=3", "initializer=relu", "initializer.gain=2"])
def test_setting_what_is_varied_is_refused(path: str):
    with pytest.raises(SpecError, match="by variants or a sweep"):
        spec_of("variants: {a: {initializer.gain: 1}}\nsweep: {width: [4, 6]}\n", (path,))


def test_too_many_runs_are_refused_before_they_are_built():
    more = "sweep:\n" + "".join(
        f"  {key}: [{', '.join(map(str, range(1, 100)))}]\n" for key in ("seed", "samples", "width")
    )
    with pytest.raises(SpecError, match="970,299 runs; at most 1,000"):
        spec_of(more)


def test_runs_are_light_to_send():
    runs = expand(spec_of("sweep: {seed: [1, 2]}\n"))
    sent = pickle.loads(pickle.dumps(runs[1]))  # noqa: S301
    assert (sent, sent.folder, sent.varied) == (runs[1], runs[1].folder, runs[1].varied)
    assert len(pickle.dumps(runs[1])) < 2000


def test_run_says_that_there_are_several():
    with pytest.raises(ValueError, match=r"2 runs; expand\(spec\)"):
        run(spec_of("sweep: {seed: [1, 2]}\n"))
