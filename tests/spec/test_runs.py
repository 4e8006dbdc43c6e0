"""Variants and sweeps: which runs a spec describes, and where each one goes."""

from __future__ import annotations

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


def test_what_is_no_scalar_or_too_long_is_called_by_its_digest():
    runs = expand(spec_of("sweep: {width: [[4, 5], [5, 4]]}\n"))
    assert [r.run for r in runs] == [digest(r)[:12] for r in runs]
    name = "v" * 81
    (long,) = expand(spec_of(f"variants: {{{name}: {{}}}}\n"))
    assert long.run == digest(long)[:12]
    (odd,) = expand(spec_of("variants: {'%%': {}}\n"))
    assert odd.run == digest(odd)[:12]


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
