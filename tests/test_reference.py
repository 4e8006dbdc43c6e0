"""Every committed reference result is recomputed from the spec inside its own stats.json."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from weightinit_cli import load_result, run
from weightinit_cli.spec import digest, expand, load_spec, shipped_configs, spec_from_normal_form

REFERENCE = Path(__file__).parent.parent / "outputs" / "reference"
SPECS = {path.stem: load_spec(path.stem) for path in shipped_configs()}
RUNS = {run.folder: run for spec in SPECS.values() for run in expand(spec)}

# Another processor rounds otherwise. Between three of OpenBLAS's kernels (SkylakeX, Haswell,
# Sandybridge), with numpy's SIMD features to match, the figures moved by at most 4e-6 of a layer's
# scale, a quantile by 4e-5 (the median of two piles lies where there are hardly any values) and a
# bin by 2 values. Each limit is ten times that. The weights are the same; only the sums over them
# are rounded in another order. A wrong standard deviation, range or stream is off by thousands of
# times more.
FIGURE, QUANTILE, COUNT, WEIGHTS = 4e-5, 4e-4, 20, 1e-12


def test_every_shipped_config_has_its_reference_result():
    assert {path.name for path in REFERENCE.iterdir()} == set(SPECS)
    files = REFERENCE.rglob("stats.json")
    saved = {path.parent.relative_to(REFERENCE).as_posix() for path in files}
    assert saved == set(RUNS)


@pytest.mark.parametrize("folder", RUNS)
def test_reference_result_is_of_the_shipped_config(folder):
    assert load_result(REFERENCE / folder).digest == digest(RUNS[folder])


@pytest.mark.parametrize("folder", RUNS)
def test_reference_result_is_recomputed(folder):
    saved = load_result(REFERENCE / folder)
    fresh = run(spec_from_normal_form(saved.spec, "saved"))
    assert fresh.resolved == saved.resolved
    for old, new in zip((saved.input, *saved.layers), (fresh.input, *fresh.layers), strict=True):
        scale = max(abs(old.mean), old.std)
        if old.weights is not None:
            assert new.weights.stream == old.weights.stream
            for key, value in asdict(old.weights).items():
                if isinstance(value, float):
                    expected = pytest.approx(value, rel=WEIGHTS, abs=WEIGHTS)
                    assert getattr(new.weights, key) == expected, key
        assert new.histogram.edges == pytest.approx(old.histogram.edges, rel=1e-12)
        for a, b in zip(old.histogram.counts, new.histogram.counts, strict=True):
            assert abs(a - b) <= COUNT
        for key, value in old.quantiles.items():
            assert new.quantiles[key] == pytest.approx(value, abs=QUANTILE * scale)
        for key, value in asdict(old).items():
            if isinstance(value, float):
                assert getattr(new, key) == pytest.approx(value, abs=FIGURE * max(scale, 1e-9)), key


@pytest.mark.parametrize("name", SPECS)
def test_reference_pictures_are_of_the_result(name):
    if SPECS[name].runs is not None:
        assert (REFERENCE / name / "comparison.png").is_file()
        assert (REFERENCE / name / "summary.csv").is_file()
        return
    digest_in_picture = load_result(REFERENCE / name).digest.encode()
    for picture in ("histogram.png", "depth.png"):
        assert digest_in_picture in (REFERENCE / name / picture).read_bytes()
