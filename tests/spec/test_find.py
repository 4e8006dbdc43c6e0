"""Bare names, paths, and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.spec import find_config, load, load_spec, shadowed, shipped_configs

TEXT = "activation: sigmoid\ninitializer: xavier_normal\n"


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two shipped configs beside it, and an empty current folder."""
    package = tmp_path / "site" / "package"
    package.mkdir(parents=True)
    folder = tmp_path / "site" / "configs"
    folder.mkdir()
    for name in ("tanh_xavier", "sigmoid_xavier"):
        (folder / f"{name}.yaml").write_text(TEXT)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(load, "_PACKAGE", package)
    return folder


def message(path: str | Path) -> str:
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    (line,) = caught.value.lines
    return line


def test_shipped_configs_are_sorted(shipped: Path):
    assert shipped_configs() == [shipped / "sigmoid_xavier.yaml", shipped / "tanh_xavier.yaml"]


def test_configs_in_the_package_come_first(shipped: Path):
    inside = shipped.parent / "package" / "configs"
    inside.mkdir()
    (inside / "only.yaml").write_text(TEXT)
    assert shipped_configs() == [inside / "only.yaml"]


@pytest.mark.parametrize("name", ["sigmoid_xavier", "sigmoid_xavier.yaml"])
def test_bare_name_is_a_shipped_config(name: str, shipped: Path):
    assert find_config(name) == shipped / "sigmoid_xavier.yaml"
    assert shadowed(name) is None
    assert load_spec(name).name == "sigmoid_xavier"


def test_file_in_the_current_folder_comes_first(shipped: Path):
    Path("sigmoid_xavier").write_text(TEXT)
    Path("own.yaml").write_text(TEXT)
    assert find_config("sigmoid_xavier") == Path("sigmoid_xavier")
    assert shadowed("sigmoid_xavier") == shipped / "sigmoid_xavier.yaml"
    assert find_config("sigmoid_xavier.yaml") == shipped / "sigmoid_xavier.yaml"
    assert find_config("own.yaml") == Path("own.yaml")
    assert shadowed("own.yaml") is None


def test_a_folder_of_that_name_hides_nothing(shipped: Path):
    Path("sigmoid_xavier").mkdir()
    assert find_config("sigmoid_xavier") == shipped / "sigmoid_xavier.yaml"


def test_in_the_folder_of_the_configs_nothing_is_shadowed(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(shipped)
    assert shadowed("sigmoid_xavier.yaml") is None


@pytest.mark.parametrize("name", ["./sigmoid_xavier", r"configs\x.yaml", "/a/b", "C:x.yaml", "a/"])
def test_separator_or_drive_makes_a_path(name: str):
    assert find_config(name) == Path(name)


def test_overrides_and_paths(tmp_path: Path):
    path = tmp_path / "my run.yaml"
    path.write_text(TEXT)
    spec = load_spec(path, ["seed=3"])
    assert (spec.name, spec.seed) == ("my-run", 3)
    assert spec.marks["activation"].source == str(path)


def test_missing_names_a_shipped_config_near_it():
    near = "no such file; did you mean the shipped config 'sigmoid_xavier'?"
    assert message("sigmoid_xavir") == f"sigmoid_xavir: {near}"
    assert message("configs/sigmod_xavier.yaml") == f"configs/sigmod_xavier.yaml: {near}"
    far = "no such file; `winit list configs` shows the shipped configs"
    assert message("qqq") == f"qqq: {far}"
    assert message("./qqq.yaml") == f"./qqq.yaml: {far}"
    assert message("") == f"'': {far}"
    assert message("\x1b[31m") == rf"\x1b[31m: {far}"


def test_folder():
    Path("folder").mkdir()
    expected = "a folder; give the path of a spec, a YAML file"
    assert message("folder") == f"folder: {expected}"
    assert message("./folder") == f"./folder: {expected}"
    assert message(".") == f".: {expected}"


def test_below_a_file():
    Path("file").write_text(TEXT)
    assert message("file/x.yaml").startswith("file/x.yaml: ")


@pytest.mark.parametrize("name", ["a\0b", "./a\0b", "./" + "n" * 5000, "n" * 5000])
def test_name_that_no_file_can_have(name: str):
    assert message(name)


def test_endless_file():
    if not Path("/dev/zero").exists():
        pytest.skip("no /dev/zero here")
    assert message("/dev/zero") == "/dev/zero: larger than 1 MiB; a spec is a few lines of YAML"
