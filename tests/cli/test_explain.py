"""`winit explain`: what a name means, from the table that has it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.probes import probe_result
from weightinit_cli import load_result, run
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.cli import theory
from weightinit_cli.cli.entries import component_names, key_names
from weightinit_cli.cli.meanings import MARKS, TERMS, WORDS, column_meanings
from weightinit_cli.cli.names import configs
from weightinit_cli.cli.tables import histogram, probe, training, view
from weightinit_cli.initializers import BARE_ALIASES, INITIALIZERS
from weightinit_cli.parameters import Thresholds
from weightinit_cli.results import LayerTheory, Prediction, symmetry
from weightinit_cli.results.figures import FIGURES
from weightinit_cli.results.kinds import RESULT_KINDS
from weightinit_cli.results.layercolumns import columns_of
from weightinit_cli.results.model import HEALTHY, Verdict
from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS
from weightinit_cli.spec import parse_activation, parse_initializer
from weightinit_cli.spec.kinds import TABLES
from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS, TRAINED, Trained

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = [*DEFINITIONS, HEALTHY]
WRAPPED = [*NAMES, "std", "kaiming_normal", "gelu", "steps"]
PARAMETERS = {
    parameter.name
    for table in (INITIALIZERS, ACTIVATIONS)
    for row in table.values()
    for parameter in row.parameters
}
DESCENT = {"experiment": "symmetry", "activation": "relu", "initializer": "zeros"}


def joined(text: str) -> str:
    """The text however it was wrapped."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", DEFINITIONS)
def test_all_that_the_table_says(winit: Callable, name: str):
    run = winit("explain", name)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(f"{name}\n")
    definition = DEFINITIONS[name]
    shown = joined(run.out)
    parts = [definition.figure, definition.meaning, definition.formula, definition.advice or ""]
    for part in (*parts, definition.reference):
        assert part in shown
    assert f"{definition.severity}: {SEVERITY_MEANINGS[definition.severity]}" in shown
    assert ("reference" in shown) == bool(definition.reference)
    default = Thresholds()._asdict().get(name)
    if default is None:
        assert "threshold none" in shown
    else:
        assert f"threshold {default:g}, set by thresholds.{name}" in shown


def test_where_a_verdict_is_worse(winit: Callable):
    shown = joined(winit("explain", "vanishing_gradient").out)
    assert "by plain SGD; severe where the value is below 1e-6" in shown
    shown = joined(winit("explain", "vanishing_signal").out)
    assert "networks like this mostly train; as bad as the worst that follows from it" in shown


def test_how_many_networks_with_it_failed(winit: Callable, monkeypatch: pytest.MonkeyPatch):
    told = {"note": Trained(35, 13, 9), "severe": Trained(1117, 1116, 114)}
    monkeypatch.setitem(TRAINED, "overflow", told)
    shown = joined(winit("explain", "overflow").out)
    assert (
        "of 35 networks with it as a note and no warning, 13 failed by plain SGD, 9 by Adam"
        in shown
    )
    assert "of 1,117 networks with it as severe, 1,116 failed by plain SGD, 114 by Adam" in shown
    monkeypatch.delitem(TRAINED, "overflow")
    assert "trained not measured by trainings" in joined(winit("explain", "overflow").out)


def test_healthy(winit: Callable):
    run = winit("explain", "healthy")
    assert run.code == 0
    assert ALL_IS_WELL in joined(run.out)


def test_list_of_all(winit: Callable):
    run = winit("explain")
    assert (run.code, run.err) == (0, "")
    heads, *lines = run.out.splitlines()
    assert heads.split()[0] == "verdict"
    between = lines.index("")
    assert [line.split()[0] for line in lines[:between] if not line.startswith(" ")] == NAMES
    for named in (SEVERITY_MEANINGS, column_meanings(), MARKS, WORDS, TERMS):
        start, between = between, [*lines, ""].index("", between + 1)
        rows = [line for line in lines[start + 2 : between] if not line.startswith(" ")]
        assert [line.partition("  ")[0] for line in rows] == list(named)
    for definition in DEFINITIONS.values():
        assert definition.meaning in joined(run.out)
    blocks = [block.split("\n", 1) for block in run.out.rstrip("\n").split("\n\n")[-4:]]
    listed = {**component_names(), "keys of specs": key_names()}
    assert [(head, joined(rest).split(", ")) for head, rest in blocks] == list(listed.items())
    assert listed["initializers"] == [*INITIALIZERS, *INITIALIZERS.aliases]
    assert listed["activations"] == [*ACTIVATIONS, *ACTIVATIONS.aliases]
    assert set(listed["parameters of these"]) == PARAMETERS


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("<6e-8", "it is smaller"),
        ("<2e-38", "it is smaller"),
        ("<2e+30", "it is smaller"),
        ("<1,000", "it is smaller"),
        ("?", "it depends on values that the dtype rounds away"),
        ("<0.1%", "some, but fewer than one of 1,000"),
        (">99.9%", "all but fewer than one of 1,000"),
    ],
)
def test_what_stands_in_place_of_a_figure(winit: Callable, mark: str, words: str):
    run = winit("explain", mark)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(f"{mark}\n")
    assert words in joined(run.out)


def test_severities_and_words_of_the_files_that_no_column_shows(winit: Callable):
    assert set(re.findall(r"no_\w+", column_meanings()["z (std)"])) <= WORDS.keys()
    for word, meaning in [*SEVERITY_MEANINGS.items(), *WORDS.items()]:
        run = winit("explain", word)
        assert (run.code, run.err) == (0, "")
        assert run.out.startswith(f"{word}\n")
        assert meaning in joined(run.out)


def test_every_column_of_every_table(winit: Callable, spec: Callable):
    """But what counts or names the rows."""
    spec()
    winit("histogram", "-c", "tiny.yaml", "--no-plot")
    layer = load_result("outputs/tiny").layers[0]
    whole = replace(
        layer,
        nonfinite=1,
        histogram=replace(layer.histogram, overflow=1),
        gradient=replace(layer.gradient, nonfinite=1, update_ratio=0.1),
        theory=LayerTheory(1.0, 1.0, dict.fromkeys(FIGURES, Prediction(1.0, 1.0, 1.0)), ()),
    )
    heads = {
        *(column.head for column in theory.table_columns([(1, whole.theory)])),
        *columns_of([whole], FIGURES),
        histogram.SPARK_HEAD,
        *symmetry.table(run({**DESCENT, "steps": 1})).heads,
        *training.HEADS,
        *probe_heads(),
        *(head for each in RESULT_KINDS for head in view(each).RUN_HEADS),
    }
    assert heads - {"layer", "network", "verdict", ""} == column_meanings().keys()
    for head, meaning in column_meanings().items():
        assert meaning in joined(winit("explain", head).out)


@pytest.mark.parametrize("path", ["branch.rms", "gradient.stream_rms", "nonfinite", "std"])
def test_a_figure_as_files_name_it(winit: Callable, path: str):
    run = winit("explain", path)
    assert (run.code, run.err) == (0, "")
    assert run.out.split()[0] == path
    assert FIGURES[path].words in joined(run.out)


def probe_heads() -> set[str]:
    """The heads of both tables of a probe that has something to show in every column."""
    names = [("attention", "softmax"), ("attention", "tanh"), ("head", "linear")]
    result = probe_result(names, [Verdict("overflow", "severe", layer=1)])
    first = result.values[0].figures
    odd = replace(result.values[0], figures=replace(first, nonfinite=1, zero_fraction=0.5))
    result = replace(result, values=(odd, *result.values[1:]))
    shared = replace(result.parameters[0], shared_with=("other.weight",))
    columns = [
        *probe.value_columns(result, [range(2), range(2, 3)], 1),
        *probe.parameter_columns(result, [[shared, shared]]),
    ]
    return {"line", *(column.head for column in columns)}


def test_a_head_means_the_same_in_all_tables():
    meanings = [(row.head, row.words) for row in FIGURES.values() if row.in_table]
    meanings += [pair for each in RESULT_KINDS for pair in view(each).MEANINGS.items()]
    assert len(dict(meanings)) == len(set(meanings))


@pytest.mark.parametrize(
    ("name", "head"),
    [("z", "z (std)"), ("sat_low", "sat. low"), ("Std-Inputs", "std (inputs)"), ("Q", "q")],
)
def test_a_column_by_what_is_easily_typed(winit: Callable, name: str, head: str):
    assert winit("explain", name).out.startswith(f"{head}\n")


def test_columns_by_their_first_word(winit: Callable):
    out = winit("explain", "sat").out
    heads = [line for line in out.splitlines() if line and line[0] != " "]
    assert heads == ["sat. low (a column of tables)", "sat. high (a column of tables)"]


def titles(text: str) -> list[str]:
    """The lines that begin what is said of each thing of a name."""
    return [line for line in text.splitlines() if line and line[0] != " "]


@pytest.mark.parametrize("name", [*INITIALIZERS, *INITIALIZERS.aliases])
def test_initializer(winit: Callable, name: str):
    run = winit("explain", name)
    assert (run.code, run.err) == (0, "")
    row = INITIALIZERS[INITIALIZERS.aliases.get(name, name)]
    shown = joined(run.out)
    for part in (row.doc, row.std, row.convention, row.reference):
        assert part in shown
    for parameter in row.parameters if name not in BARE_ALIASES else ():
        assert f"parameter {parameter.name}: {parameter.doc}" in shown
    assert ("parameter " in shown) == bool(row.parameters and name not in BARE_ALIASES)
    (written,) = re.findall(r" in a spec initializer: (\{.*?\}|\w+)", shown)
    read = parse_initializer(written.replace("...", "1"), "x")
    assert read.name == INITIALIZERS.aliases.get(name, name)


@pytest.mark.parametrize("name", [*ACTIVATIONS, *ACTIVATIONS.aliases])
def test_activation(winit: Callable, name: str):
    run = winit("explain", name)
    assert (run.code, run.err) == (0, "")
    row = ACTIVATIONS[ACTIVATIONS.aliases.get(name, name)]
    shown = joined(run.out)
    assert f"formula {row.formula}" in shown
    assert f"reference {row.reference}" in shown
    assert "flat" in shown
    for parameter in row.parameters:
        assert f"parameter {parameter.name}: {parameter.doc}" in shown
    (written,) = re.findall(r" in a spec activation: (\{.*?\}|\w+)", shown)
    read = parse_activation(written.replace("...", "1"), "x")
    assert read.name == ACTIVATIONS.aliases.get(name, name)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_parameter(winit: Callable, name: str):
    out = joined(winit("explain", name).out)
    for table in (INITIALIZERS, ACTIVATIONS):
        for row, each in (
            (row, p) for row, r in table.items() for p in r.parameters if p.name == name
        ):
            assert re.search(rf"of ([a-z0-9_]+, )*{row}(, [a-z0-9_]+)*: {re.escape(each.doc)}", out)


@pytest.mark.parametrize("experiment", TABLES)
def test_key(winit: Callable, experiment: str):
    for field in TABLES[experiment]:
        out = joined(winit("explain", field.name).out)
        assert f"{experiment}" in out
        assert field.doc in out


def test_a_shipped_config(winit: Callable):
    run = winit("explain", "sigmoid_xavier")
    assert (run.code, run.err) == (0, "")
    assert titles(run.out) == ["sigmoid_xavier"]
    assert joined(configs()["sigmoid_xavier"]) in joined(run.out)
    assert "winit new sigmoid_xavier --like sigmoid_xavier" in joined(run.out)
    kinds = [line for line in winit("explain", "lsuv").out.splitlines() if line.startswith("lsuv")]
    assert kinds == ["lsuv (an initializer)", "lsuv (a shipped config)"]


def test_a_name_of_several_things(winit: Callable):
    kinds = "a column of tables", "a parameter of initializers"
    assert titles(winit("explain", "std").out) == [f"std ({kind})" for kind in kinds]
    kinds = "an activation", "a parameter of activations"
    assert titles(winit("explain", "threshold").out) == [f"threshold ({kind})" for kind in kinds]
    heads = titles(winit("explain", "histogram").out)
    assert heads == ["histogram (a column of tables)", "histogram (a key of specs)"]
    heads = titles(winit("explain", "Learning-Rate").out)
    assert heads == ["pretraining.learning_rate (a key of specs)", "learning_rate (a key of specs)"]
    assert titles(winit("explain", "he-normal").out) == ["he_normal"]
    of_bias = winit("explain", "bias.std").out
    assert of_bias == winit("explain", "initializer.std").out.replace("initializer.std", "bias.std")
    assert "sparse: of the other weights" in of_bias
    assert winit("explain", "activation.std").code == 2
    for typed in ("Units-Identical", "units identical"):  # as pictures write it
        assert titles(winit("explain", typed).out) == ["units_identical"]


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        *zip(TERMS, TERMS, strict=True),
        ("flat-ends", "flat end"),
        ("Preactivation", "pre-activation"),
        ("delta", "δ"),
        ("mean field", "mean-field theory"),
        ("edge_of_chaos", "edge of chaos"),
    ],
)
def test_a_word_of_theory(winit: Callable, typed: str, word: str):
    run = winit("explain", typed)
    assert (run.code, run.err) == (0, "")
    assert titles(run.out) == [word]
    assert joined(TERMS[word]) in joined(run.out)


def test_the_page_of_names_has_the_words():
    page = (Path(__file__).parents[2] / "docs/names.md").read_text("utf-8")
    for word, meaning in TERMS.items():
        assert f"| {word} | {meaning} |\n" in page


def test_verdicts_and_words_are_nothing_else():
    """So that nothing else is looked for where one is found."""
    words = {*NAMES, *SEVERITY_MEANINGS, *WORDS, *TERMS}
    assert words.isdisjoint(name for names in component_names().values() for name in names)
    assert words.isdisjoint(field.name for fields in TABLES.values() for field in fields)


def test_a_plugin(winit: Callable):
    Path("mine.py").write_text(
        "import weightinit_cli\n"
        "@weightinit_cli.activation('bent', derivative=lambda x: 2 + 0 * x)\n"
        "def bent(x):\n    return 2 * x\n"
    )
    run = winit("explain", "bent", "--plugin", "mine.py")
    assert (run.code, run.err) == (0, "")
    assert titles(run.out) == ["bent"]
    assert "mine.py" in run.out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "vanishing_gradent",
            "nothing is called 'vanishing_gradent'; did you mean 'vanishing_gradient'?",
        ),
        ("gaussian", "nothing is called 'gaussian'; did you mean 'normal'?"),
        ("lr", "nothing is called 'lr'; did you mean 'learning_rate'?"),
        ("he_norml", "did you mean 'he_normal'?"),
        ("sigmoid_xaver", "did you mean 'sigmoid_xavier'?"),
        ("sigmod", "did you mean 'sigmoid'?"),
        ("negative_slop", "did you mean 'negative_slope'?"),
        ("repeat", "did you mean 'repeats'?"),
        ("units-identicle", "did you mean 'units_identical'?"),
        ("xyz", "nothing is called 'xyz'; winit explain lists what there is"),
        ("", "nothing is called ''; "),
        ("\x1b[31m\n", "nothing is called '\\x1b[31m\\n'; "),
    ],
)
def test_unknown_name(winit: Callable, name: str, said: str):
    run = winit("explain", name)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith("winit explain: ")
    assert said in line
    assert line.endswith("; see winit explain --help")


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize(
    "arguments",
    [(), *[(name,) for name in (*NAMES, "std", "kaiming_normal", "gelu", "steps")]],
    ids="".join,
)
def test_fits_the_terminal(winit: Callable, wide: Callable, arguments: tuple, columns: int):
    wide(columns)
    lines = winit("explain", *arguments).out.splitlines()
    assert max(map(len, lines)) <= columns


def test_needs_no_arrays(process: Callable):
    first = (
        "import atexit, os, sys\n"
        "heavy = {'numpy', 'matplotlib', 'scipy', 'yaml', 'psutil', 'threadpoolctl'}\n"
        "atexit.register(lambda: os.write(2, repr(sorted(heavy & set(sys.modules))).encode()))"
    )
    for name in ("dying", "floor", "warning"):
        run = process("explain", name, first=first)
        assert (run.code, run.err) == (0, "[]")
