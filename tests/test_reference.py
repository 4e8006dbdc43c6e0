"""Every shipped config has its reference result, and every reference result still holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from weightinit_cli import load_result
from weightinit_cli.cli import main
from weightinit_cli.results import TrainingResult
from weightinit_cli.results.store import picture_names
from weightinit_cli.results.tree import find_tree
from weightinit_cli.spec import digest, expand, load_spec, shipped_configs

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "outputs" / "reference"
SPECS = {path.stem: load_spec(path.stem) for path in shipped_configs()}
# Four runs of these, as the rounding gate needs, take more than four seconds of one core.
SLOW = {
    "conv_he",
    "conv_small_std",
    "digits_compare",
    "digits_pretraining",
    "mnist_compare",
    "mnist_compare_as_described",
    "noise_labels",
    "noise_sigmoid",
    "noise_tanh",
    "pretraining_sigmoid",
    "restarts",
    "std_sweep",
    "tanh_critical",
    "zeros_deep",
    "zeros_sigmoid",
}
RUNS = {run.folder: run for spec in SPECS.values() for run in expand(spec)}


def test_every_shipped_config_has_its_reference_result():
    assert {path.name for path in REFERENCE.iterdir()} == set(SPECS)
    files = REFERENCE.rglob("stats.json")
    saved = {path.parent.relative_to(REFERENCE).as_posix() for path in files}
    assert saved == set(RUNS)


@pytest.mark.parametrize("folder", RUNS)
def test_reference_result_is_of_the_shipped_config(folder):
    saved = load_result(REFERENCE / folder)
    checksums = saved.data.checksums if isinstance(saved, TrainingResult) else None
    assert saved.digest == digest(RUNS[folder], checksums)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SPECS],
)
def test_reference_results_hold(name, capsys: pytest.CaptureFixture[str]):
    """To the last bit where they were made, within their own networks' rounding elsewhere."""
    if name.startswith("mnist") and not os.environ.get("WINIT_DATA_DIR"):
        pytest.skip("WINIT_DATA_DIR does not say where MNIST's files are")
    others = [f"--exclude={other}" for other in SPECS if other != name]
    check = ["check", "-q", "--jobs=1", str(ROOT / "configs"), "--against", str(REFERENCE)]
    code = main([*check, *others])
    shown = capsys.readouterr()
    assert (code, shown.err) == (0, ""), shown.out


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.runs is not None])
def test_reference_folder_of_several_runs_lists_them(name):
    tree = find_tree(REFERENCE / name)
    assert tree is not None
    runs = expand(SPECS[name])
    listed = [(run.folder, run.label, tree.varied(run)) for run in tree.runs]
    assert listed == [(run.run, run.label, run.varied) for run in runs]
    saved = [load_result(REFERENCE / run.folder).digest for run in runs]
    assert [run.digest for run in tree.runs] == saved


@pytest.mark.parametrize("name", SPECS)
def test_reference_pictures_are_of_the_result(name):
    if SPECS[name].runs is not None:
        assert (REFERENCE / name / "comparison.png").is_file()
        # That of a training has a row per step: megabytes, which nobody reads here.
        is_training = SPECS[name].experiment == "training"
        assert (REFERENCE / name / "summary.csv").is_file() != is_training
        return
    result = load_result(REFERENCE / name)
    digest_in_picture = result.digest.encode()
    for picture in picture_names(result, ("png",)):
        assert digest_in_picture in (REFERENCE / name / picture).read_bytes()
