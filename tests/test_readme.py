"""The README is short, and what it and the reference pages list is all that there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

import weightinit_cli
from support.markdown import ROOT, Command, blocks, steps
from weightinit_cli import __version__
from weightinit_cli.cli import main
from weightinit_cli.results import Result
from weightinit_cli.results.kinds import RESULT_KINDS
from weightinit_cli.results.model import Gradient, LayerStatistics
from weightinit_cli.results.store import COMPARISON
from weightinit_cli.spec import load_spec, shipped_configs
from weightinit_cli.spec.kinds import CONVOLUTION, GRID, OUTPUT, PRETRAINING, SPEC_KINDS
from weightinit_cli.verdicts import DEFINITIONS

if TYPE_CHECKING:
    from pathlib import Path

README = ROOT / "README.md"
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def test_it_takes_ten_minutes():
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= 150
    assert len(text.split()) <= 1500


def test_the_table_is_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """To the letter, columns and all. What the set-up command runs, tests/test_docs.py does not."""
    monkeypatch.chdir(tmp_path)
    (setup,) = (
        step
        for step in steps(README)
        if isinstance(step, Command)
        and "histogram" in step.line
        and step.line.startswith("python3")
    )
    assert setup.line.endswith("winit histogram --config sigmoid_xavier.yaml")
    main(["histogram", "--config", "sigmoid_xavier.yaml", "--no-plot"])
    *printed, _ = capsys.readouterr().out.splitlines()
    (shown,) = (b.text for b in blocks(README) if b.text.startswith("sigmoid_xavier: "))
    assert shown.splitlines() == printed


def test_the_first_spec_is_of_two_lines():
    (spec,) = (block for block in blocks(README) if block.kind == "yaml")
    assert spec.file == "mine.yaml"
    assert len(spec.text.splitlines()) == 2


def test_every_config_is_shown():
    text = page("pictures.md") + page("claims.md")
    for config in shipped_configs():
        assert f"`{config.stem}`" in text
        spec = load_spec(config.stem)
        first = RESULT_KINDS[spec.experiment].pictures[0] if spec.runs is None else COMPARISON
        picture = f"outputs/reference/{config.stem}/{first}.png"
        assert (ROOT / picture).is_file()
        assert f"(../{picture})" in text


@pytest.mark.parametrize("experiment", SPEC_KINDS)
def test_every_key_stands_in_the_reference_with_its_default(experiment: str):
    """In the section of its experiment, or in that of every spec."""
    text = page("spec.md")
    section = text[text.index(f"## Of {experiment}\n") :].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (`.*?`) \|([^|]*)\|", section, re.MULTILINE))
    defaults = {key: default for keys, default in rows.items() for key in re.findall(r"\w+", keys)}
    fields = {each.name: each for each in SPEC_KINDS[experiment].fields}
    assert defaults.keys() == fields.keys()
    for name, default in defaults.items():
        value = fields[name].default
        if re.fullmatch(r" `?[\w.]+`? ", default) and isinstance(value, int | float | str):
            shown = default.strip(" `")
            assert shown == str(value).lower() or float(shown) == value, name


def test_every_key_within_another_and_every_grid_does():
    text = page("spec.md") + page("networks.md")
    for field in (*CONVOLUTION, *GRID, *OUTPUT, *PRETRAINING):
        assert f"`{field.name}`" in text or f"`output.{field.name}`" in text, field.name


def test_every_figure_is_in_the_reference():
    text = page("figures.md")
    for name in (*LayerStatistics.__dataclass_fields__, *Result.__dataclass_fields__):
        assert f"`{name}`" in text, name
    for name in Gradient.__dataclass_fields__:
        assert f"`gradient.{name}`" in text, name


def test_every_verdict_is_on_its_page():
    for name in DEFINITIONS:
        assert f"`{name}`" in page("verdicts.md"), name


def test_every_function_of_python_is_on_its_page():
    functions = [each for each in weightinit_cli.__all__ if each.islower()]
    for name in functions:
        assert f"`{name}(" in page("python.md"), name


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
