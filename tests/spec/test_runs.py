"""Variants and sweeps: which runs a spec describes, and where each one goes."""

from __future__ import annotations

import hashlib
import pickle
from itertools import product
from random import Random

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import run
from weightinit_cli.spec import (
    digest,
    expand,
    former_folders,
    load,
    normal_form,
    parse_spec,
    spec_from_normal_form,
)

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
    return [former_folders(run) for run in expand(spec)]


def test_former_folders_are_those_of_earlier_versions():
    assert former("") == [()]
    assert former("sweep: {seed: [1, 2]}\nvariants: {std = 1: {}}\n") == [(), ()]
    digits = hashlib.sha256("重み".encode()).hexdigest()[:8]
    assert former("", "重み") == [(f"spec-{digits}",)]
    assert former("", "résumé") == [("r-sum", "re-sume")] == former("", "re\u0301sume\u0301")
    assert former("name: résumé\n", "重み") == [()]
    for more in ("sweep: {width: [[4, 5]]}\n", f"variants: {{{'v' * 81}: {{}}}}\n"):
        (run,) = expand(spec_of(more))
        assert former_folders(run) == (f"x/{digest(run)[:12]}",)
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
    with pytest.raises(ValueError, match=r"2 runs; compare\(\[run\(each\) for each in expand"):
        run(spec_of("sweep: {seed: [1, 2]}\n"))


AXES = {
    "initializer": ["prelu", "xavier_normal", "{name: normal, std: -1}", "identity", "dirac"],
    "initializer.std": ["1", "-1", "x"],
    "activation": ["relu", "{name: prelu, a: 0.1}", "sigmod"],
    "width": ["4", "[3, 4]", "[1, 2, 3]", "0"],
    "layers": ["2", "3", "x"],
    "features": ["3", "no"],
    "histogram.bins": ["3", "0"],
    "histogram.range": ["[0, 1.0e-300]", "auto", "[1, 0]"],
    "seed": ["1", "-1"],
    "nonsense": ["1", "2"],
    "channels": ["[2, 3]", "4"],
    "kernel": ["3", "99"],
    "pretraining": ["{}", "{steps: 0}"],
}


@pytest.mark.parametrize("seed", range(12))
def test_what_is_wrong_with_any_run_is_found_without_building_all(
    seed: int, monkeypatch: pytest.MonkeyPatch
):
    random = Random(seed)  # noqa: S311
    base = {"activation": "relu", "initializer": "{name: normal, std: 1}", "seed": "3"}
    base |= {"kernel": "3"} if seed % 3 == 0 else {}
    axes = random.sample(sorted(AXES), 3)
    more = "".join(f"  {axis}: [{', '.join(AXES[axis])}]\n" for axis in axes)
    own = random.sample(sorted(AXES), 2)
    variants = "".join(f"  v{n}: {{{key}: {AXES[key][n]}}}\n" for n, key in enumerate(own))
    text = "".join(f"{key}: {value}\n" for key, value in base.items())
    text += f"sweep:\n{more}variants:\n{variants}"

    def lines() -> list[str]:
        try:
            parse_spec(text, source="x.yaml", stem="x")
        except SpecError as error:
            return list(error.lines)
        return []

    quick = lines()
    monkeypatch.setattr(load, "checked_together", lambda keys, by_layer: [keys])
    assert quick == lines()


def test_every_run_is_what_the_same_spec_alone_would_be():
    """Although runs share what was read for others."""
    runs = expand(
        spec_of(
            "variants:\n  a: {width: [3, 4]}\n  b: {initializer: {name: normal, std: 2}}\n"
            "sweep:\n  activation: [tanh, {name: elu, alpha: 2}]\n  samples: [5, 6]\n"
        )
    )
    for each in [*runs, *reversed(runs)]:
        form = normal_form(each)
        alone = spec_from_normal_form(form, "saved")
        assert (alone, digest(alone)) == (each, digest(each))
        assert each.marks["activation"].line > len(BASE.splitlines())


def test_what_one_run_has_is_no_other_runs():
    runs = expand(
        spec_of("variants: {a: {layers: 3}, b: {}, c: {width: [1, 2]}, d: {seed: 4}, e: {}}\n")
    )
    assert [run.width for run in runs] == [(4,) * 3, (4,) * 2, (1, 2), (4,) * 2, (4,) * 2]
    assert [run.seed for run in reversed(runs)] == [0, 4, 0, 0, 0]


def test_numbers_of_runs_by_what_their_keys_hold():
    runs = spec_of(
        "variants: {a: {width: 3}, b: {width: 4}}\nsweep: {seed: [1, 2, 3], samples: [5, 6]}\n"
    ).runs
    assert runs is not None
    assert list(runs.first_of_each({"samples"})) == [0, 1]
    assert list(runs.first_of_each({"width", "seed"})) == [0, 2, 4, 6, 8, 10]
    assert list(runs.first_of_each({"dtype"})) == [0]
    assert list(runs.like(9, {"width", "seed"})) == [8, 9]
    assert list(runs.like(9, {"samples"})) == [1, 3, 5, 7, 9, 11]
    assert list(runs.like(9, {"dtype"})) == list(range(12))


def test_more_runs_than_can_be_counted():
    more = "sweep:\n" + "".join(f"  a{number}: [1, 2]\n" for number in range(2_000))
    with pytest.raises(SpecError, match=r"describes more than 10\^18 runs"):
        spec_of(more)


def test_a_path_may_be_no_deeper_than_a_file():
    deep = "a." * 3000 + "b"
    for more, overrides in ((f"sweep:\n  ? {deep}\n  : [1]\n", ()), ("", (f"{deep}=1",))):
        with pytest.raises(SpecError, match="more than 20"):
            spec_of(more, overrides)
