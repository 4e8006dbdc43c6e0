"""Results -> what a page says of each of them, and of all of them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weightinit_cli.errors import SpecError, printable
from weightinit_cli.numerals import short
from weightinit_cli.page.reading import Saved
from weightinit_cli.results.kinds import described_run, ending, kind_of, parameters
from weightinit_cli.results.model import HEALTHY, worst_severity
from weightinit_cli.results.told import Rounded
from weightinit_cli.results.verdictwords import brief, told
from weightinit_cli.spec import spec_from_normal_form, yaml_lines, yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.page.reading import Listed, Named
    from weightinit_cli.results import AnyResult
    from weightinit_cli.results.comparison import AnyComparedRun
    from weightinit_cli.results.told import Table
    from weightinit_cli.results.verdictwords import ToldVerdict

# A choice among more values than these is no choice: numbers have bounds then.
MOST_CHOICES: Final = 24
NOTHING: Final = "-"
ENDED, UNJUDGED = "ended early", "no verdict"
# How bad a run is, the worst first, with the sign that says so beside the word.
STATES: Final[dict[str, str]] = {
    "severe": "✖",
    "warning": "▲",
    ENDED: "▲",
    "note": "•",
    HEALTHY: "✔",
    UNJUDGED: "○",
}
CAPTIONS: Final[dict[str, str]] = {
    "histogram": "Every layer's activations, and below them the gradient that comes back to it",
    "depth": "The layers' figures over depth",
    "kernels": "The kernels of the first layer",
    "symmetry": "When units and layers begin to differ, and the loss",
    "training": "The loss over the steps of training",
    "values": "The values of the model, in the order of the run",
    "streams": "The streams of the model over depth",
    "weights": "The parameters of the model",
}


class Part(NamedTuple):
    """What the picture of several runs needs of one of them: `form` is its spec's normal form."""

    listed: Listed
    form: Mapping[str, Any]
    compared: AnyComparedRun


@dataclass(frozen=True, slots=True)
class Run:
    """What a page says of one run.

    `state` is how bad it is, one of STATES, `brief` the verdicts that say so, and `verdicts` the
    names of all of them. `figures` are those that stand beside other runs', by their heads, `keys`
    those of the spec, each as one value. `pictures` are elements `svg` by their names, `small` the
    same with less on them. `environment` is what it was run with, in words. `part` is there of one
    of several runs of a spec.
    """

    number: int
    place: str
    name: str
    experiment: str
    described: str
    state: str
    brief: str
    verdicts: tuple[str, ...]
    told: Sequence[ToldVerdict]
    remarks: Sequence[str]
    figures: Mapping[str, str]
    keys: Mapping[str, Any]
    table: Table
    spec: str
    digest: str
    environment: tuple[str, ...]
    pictures: Mapping[str, str]
    small: Mapping[str, str]
    part: Part | None

    @property
    def sign(self) -> str:
        """The sign of its state."""
        return STATES[self.state]


def shown(given: Saved | Named) -> Run:
    """What a page says of a result, which is read first where it is on disk; without its number.

    Its pictures are drawn. Raises WinitError where it cannot be read.
    """
    from weightinit_cli.plots import inline_pictures

    found = given.read() if isinstance(given, Saved) else given
    result = found.result
    pictures = inline_pictures(result)
    kind = kind_of(result)
    verdict = kind.verdict(result)
    ended = ending(result)
    *figures, _ = kind.beside(result).items()
    return Run(
        0,
        found.place,
        found.name,
        result.spec["experiment"],
        ", ".join(described_run(result)),
        _state(result),
        brief(verdict) if verdict else "; ".join(ended),
        tuple(dict.fromkeys(each.name for each in verdict)),
        told(verdict),
        [*ended, *kind.remarks(result)],
        dict(figures),
        _keys(result),
        kind.table(result),
        _spec(result),
        result.digest,
        tuple(environment_lines(result.environment)),
        {name: whole for name, (whole, _) in pictures.items()},
        {name: small for name, (_, small) in pictures.items()},
        _part(result, found.listed),
    )


def _part(result: AnyResult, listed: Listed | None) -> Part | None:
    if listed is None:
        return None
    compared = kind_of(result).compared(result, listed.label, listed.varied)
    return None if compared is None else Part(listed, result.spec, compared)


def comparisons_of(runs: Iterable[Run]) -> list[tuple[str, str]]:
    """The pictures of several runs of a spec together, each with its title."""
    from weightinit_cli.plots import inline_comparison

    together: dict[str, list[Part]] = {}
    for run in runs:
        if run.part is not None:
            together.setdefault(run.part.listed.place, []).append(run.part)
    found = []
    for parts in together.values():
        (_, title, number), form = parts[0].listed[-3:], parts[0].form
        picture = inline_comparison(title, form, [part.compared for part in parts], number)
        if picture is not None:
            found.append((title, picture))
    return found


def _state(result: AnyResult) -> str:
    verdict = kind_of(result).verdict(result)
    if verdict:
        return worst_severity(verdict) or HEALTHY
    return ENDED if ending(result) else UNJUDGED


def _keys(result: AnyResult) -> dict[str, Any]:
    """The keys of a spec, each as one value; of a probe, which has none, what it was asked."""
    if kind_of(result).has_spec:
        return parameters(result.spec)
    asked = result.spec.items()
    return {key: value for key, value in asked if isinstance(value, str | int | float)}


def _spec(result: AnyResult) -> str:
    """A spec as YAML, as short as it can be; whole where it has plug-ins that are not here."""
    if kind_of(result).has_spec:
        try:
            return yaml_text(spec_from_normal_form(result.spec, "spec"))
        except SpecError:
            pass
    return "".join(f"{line}\n" for line in yaml_lines(result.spec))


def environment_lines(environment: Mapping[str, Any]) -> list[str]:
    """What a result was run with, a line each: `numpy 2.3.1`, `blas openblas 0.3.30 Haswell`."""
    lines = []
    for key, value in sorted(environment.items()):
        words = _flat(value)
        if words:
            lines.append(f"{key.replace('_', ' ')} {words}")
    return lines


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(each)}" for key, each in sorted(value.items()) if each)
    if isinstance(value, list | tuple):
        return ", ".join(map(_flat, value))
    return "" if value is None else str(value)


class Column(NamedTuple):
    """A column of an overview: its head and a cell for each run; `key` where it is of the spec.

    `shown` is the head as a person reads it, which tells a key from a figure of the same name.
    """

    head: str
    cells: Sequence[str]
    key: bool = False
    shown: str = ""

    @property
    def is_text(self) -> bool:
        """Whether any cell is of words."""
        return not all(map(is_number, self.cells))


@dataclass(frozen=True, slots=True)
class Group:
    """The runs of one experiment, which have their figures in common.

    `columns` are their figures, then the keys of the spec in which they differ; `shared` are the
    keys in which all are the same.
    """

    experiment: str
    runs: Sequence[Run]
    columns: Sequence[Column]
    shared: Mapping[str, str]


class Filter(NamedTuple):
    """How runs are chosen by a key of their specs.

    By one of its values, which are pairs of what a cell means and what it shows; between two
    numbers where there are no `choices`.
    """

    key: str
    choices: Sequence[tuple[str, str]]


def groups_of(runs: Iterable[Run]) -> list[Group]:
    """The runs by their experiments, in the order in which these are met first."""
    by_experiment: dict[str, list[Run]] = {}
    for run in runs:
        by_experiment.setdefault(run.experiment, []).append(run)
    return [_group(experiment, some) for experiment, some in by_experiment.items()]


def _group(experiment: str, runs: Sequence[Run]) -> Group:
    keys = dict.fromkeys(key for run in runs for key in run.keys)
    heads = dict.fromkeys(head for run in runs for head in run.figures)
    columns, shared = [], {}
    for key in keys:
        cells = [value_words(run.keys.get(key)) for run in runs]
        if len({exactly(cell) for cell in cells}) > 1:
            shown = f"{key} (of the spec)" if key in heads else key
            columns.append(Column(key, cells, key=True, shown=shown))
        else:
            shared[key] = cells[0]
    figures = [
        Column(head, [run.figures.get(head, NOTHING) for run in runs], shown=head) for head in heads
    ]
    return Group(experiment, runs, [*figures, *columns], shared)


def filters_of(groups: Iterable[Group]) -> list[Filter]:
    """How runs of these groups can be chosen, by every key in which some of them differ."""
    cells: dict[str, dict[str, str]] = {}
    for group in groups:
        for column in group.columns:
            if column.key:
                found = cells.setdefault(column.head, {})
                found |= {exactly(cell): cell for cell in column.cells}
    return [
        Filter(key, () if _are_many_numbers(found) else sorted(found.items(), key=_by_value))
        for key, found in cells.items()
    ]


def _are_many_numbers(found: Mapping[str, str]) -> bool:
    return len(found) > MOST_CHOICES and sum(_number(each) is not None for each in found) > 1


def _by_value(choice: tuple[str, str]) -> tuple[bool, float, str]:
    number = _number(choice[0])
    return number is None, number or 0.0, choice[0]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def value_words(value: Any) -> str:
    """A value of a spec in a cell."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return Rounded(short(f"{value:.4g}"), value)
    return printable(str(value))


def is_number(cell: str) -> bool:
    """Whether a cell is of a number, or of what stands in place of one."""
    if isinstance(cell, Rounded):
        return True
    text = cell.lstrip("<>=").rstrip("%")
    return text == NOTHING or text.replace(",", "").replace(".", "").isdecimal()


def exactly(cell: str) -> str:
    """What a cell means: the number that it is written of, with all its digits, else its text."""
    if not isinstance(cell, Rounded) or cell.value is None:
        return str(cell)
    return repr(cell.value).removesuffix(".0")
