"""One row per experiment on the side of results: what its result is, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weightinit_cli import __version__
from weightinit_cli.digests import digest_of_form
from weightinit_cli.results import histogram, probe, symmetry, training
from weightinit_cli.results.model import Result, Verdict
from weightinit_cli.results.outputwords import loss_sentence
from weightinit_cli.results.plain import Mismatch, decode
from weightinit_cli.results.probe import ProbeResult
from weightinit_cli.results.symmetry import SymmetryResult
from weightinit_cli.results.training import TrainingResult
from weightinit_cli.results.words import component, described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from weightinit_cli.results.comparison import AnyComparedRun
    from weightinit_cli.results.told import Table

AnyResult = Result | SymmetryResult | TrainingResult | ProbeResult
Row = dict[str, Any]
# The keys of a spec that may be lists, one entry per layer.
PER_LAYER: Final = ("activation", "initializer", "bias")
# Whose functions drew, where the spec's initializers did not.
_DRAWN_BY: Final = ("weights", "biases")
# The schema version that an upgraded result was written in: what that lacked, no check may miss.
WRITTEN_IN: Final = "schema_version"
# What winit writes of its surroundings; what else stands there is kept as it is.
ENVIRONMENT: Final[dict[str, Any]] = {
    "winit": str,
    "python": str,
    "numpy": str,
    "scipy": str | None,
    "blas": tuple[Mapping[str, str | None], ...],
    "simd": tuple[str, ...],
    "bit_generator": str,
    "platform": Mapping[str, str | None],
    "torch": str,
    "ml_dtypes": str,
    "plugins": Mapping[str, str],
    **dict.fromkeys(_DRAWN_BY, str),
    WRITTEN_IN: int,
}


class ResultKind(NamedTuple):
    """An experiment on the side of results; what is called is given its result.

    `check` raises Mismatch where one part of the result contradicts another. `rows` are those of
    summary.csv, without what all of them share. `pictures` are the stems of all pictures that
    there may be, the first for every result, and `drawn` those of one result. `streams` are the
    hashes of its draws, `checksums` those of the files that it read. `divergence` and
    `interruption` say what ended it before its last step. `compared` is what the picture of many
    runs needs of one, with its label and what was varied. `numbered_by` are the columns of `rows`
    that number them, and `of_run` those that say the run's. `table` is what is said of a result,
    and `beside` what is said of one of several, by the heads of columns; the first is left out in
    print, the last one is of words; what only some results have may be lacking in others.
    `course` is a sentence on the whole of it, `remarks` are all of these. `described` are the
    parts of what was run, in words. Only what `has_spec` can be run again from its spec.
    """

    result: type[AnyResult]
    pictures: tuple[str, ...]
    check: Callable[[Any], None]
    rows: Callable[[Any], list[Row]]
    streams: Callable[[Any], list[str | None]]
    drawn: Callable[[Any], tuple[str, ...]]
    compared: Callable[[Any, str, Iterable[tuple[str, Any]]], AnyComparedRun | None]
    numbered_by: tuple[str, ...]
    table: Callable[[Any], Table]
    beside: Callable[[Any], dict[str, str]]
    of_run: tuple[str, ...] = ()
    course: Callable[[Any], str] = lambda _: ""
    remarks: Callable[[Any], list[str]] = lambda _: []
    described: Callable[[Mapping[str, Any]], list[str]] = described
    has_spec: bool = True
    verdict: Callable[[Any], tuple[Verdict, ...]] = lambda _: ()
    checksums: Callable[[Any], Mapping[str, str]] = lambda _: {}
    divergence: Callable[[Any], str] = lambda _: ""
    interruption: Callable[[Any], str | None] = lambda _: None


RESULT_KINDS: Final = {
    "histogram": ResultKind(
        Result,
        ("histogram", "depth", histogram.KERNELS),
        histogram.check,
        histogram.rows,
        histogram.streams,
        drawn=histogram.pictures_of,
        verdict=attrgetter("verdict"),
        checksums=histogram.checksums,
        compared=histogram.compared,
        numbered_by=("layer",),
        table=histogram.table,
        beside=histogram.beside,
        course=loss_sentence,
        remarks=histogram.remarks,
        of_run=("verdict", "severity", "unresolved"),
    ),
    "symmetry": ResultKind(
        SymmetryResult,
        ("symmetry",),
        symmetry.check,
        symmetry.rows,
        symmetry.streams,
        drawn=lambda _: ("symmetry",),
        divergence=symmetry.divergence,
        compared=symmetry.compared,
        numbered_by=("layer", "step"),
        table=symmetry.table,
        beside=symmetry.beside,
        course=symmetry.course,
        remarks=lambda result: [symmetry.course(result)],
    ),
    "training": ResultKind(
        TrainingResult,
        ("training",),
        training.check,
        training.rows,
        training.streams,
        drawn=lambda _: ("training",),
        checksums=training.checksums,
        divergence=training.divergence,
        interruption=training.interruption,
        compared=training.compared,
        numbered_by=("network", "step"),
        table=training.table,
        beside=training.beside,
    ),
    "probe": ResultKind(
        ProbeResult,
        probe.PICTURES,
        probe.check,
        probe.rows,
        probe.streams,
        drawn=lambda _: probe.PICTURES,
        verdict=attrgetter("verdict"),
        compared=lambda *_: None,
        numbered_by=("value",),
        table=probe.table,
        beside=probe.beside,
        course=probe.course,
        remarks=probe.remarks,
        described=probe.described,
        has_spec=False,
    ),
}


def kind_of(result: AnyResult) -> ResultKind:
    """The row of a result's experiment."""
    return RESULT_KINDS[result.spec["experiment"]]


def check_consistency(result: AnyResult) -> None:
    """Raise Mismatch where one part of a result contradicts another, or what can be at all."""
    _check_environment(result.environment)
    if "experiment" not in result.spec:
        raise Mismatch("spec.experiment", "missing")
    kind = kind_of(result)
    if not kind.has_spec:
        kind.check(result)
        return
    as_written = _is_as_written(result, kind.checksums(result))
    if not (as_written or made_by(result)):  # whose plug-ins need not be here
        _check_spec(result.spec)
    try:
        kind.check(result)
    except (KeyError, TypeError, ValueError, AttributeError):
        if as_written:
            _check_spec(result.spec)
        raise


def _check_environment(environment: Mapping[str, Any]) -> None:
    """Raise Mismatch where a known entry is of another type."""
    for key in ENVIRONMENT.keys() & environment.keys():
        decode(ENVIRONMENT[key], environment[key], f"environment.{key}")


def _is_as_written(result: AnyResult, checksums: Mapping[str, str]) -> bool:
    """Whether this version wrote the result, and its spec has the result's own digest.

    Then the spec is a normal form, which so is seen without all that reads specs.
    """
    spec = result.spec
    components = (spec.get(key) for key in ("activation", "initializer", "bias"))
    return (
        result.environment.get("winit") == __version__
        and isinstance(spec.get("name"), str)
        and all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in components)
        and digest_of_form(spec, checksums) == result.digest
    )


def _check_spec(spec: Mapping[str, Any]) -> None:
    """Raise Mismatch where a result's spec is no normal form."""
    from weightinit_cli.spec.normal import misfit

    found = misfit(spec)
    if found is not None:
        key, message = found
        raise Mismatch(f"spec.{key}", message)


def interruption(result: AnyResult) -> str | None:
    """`interrupted after step 30 of network 2` where ^C has ended a run; None else."""
    return kind_of(result).interruption(result)


def drawn_by(result: AnyResult) -> dict[str, str]:
    """Whose functions drew the weights and the biases; winit's are not named."""
    return {key: result.environment[key] for key in _DRAWN_BY if key in result.environment}


def described_run(result: AnyResult) -> list[str]:
    """The parts of what was run: those of its spec, and whose functions drew instead of it."""
    drawers = (f"{drawn} by {name}" for drawn, name in drawn_by(result).items())
    return [*kind_of(result).described(result.spec), *drawers]


def made_by(result: AnyResult) -> Mapping[str, str]:
    """Where the plug-ins of a result come from, by `activation snake`, say; winit's own do not."""
    plugins: Mapping[str, str] = result.environment.get("plugins", {})
    return plugins


def ending(result: AnyResult) -> list[str]:
    """In words what ended a run, or networks of it, before the last step."""
    kind = kind_of(result)
    return [each for each in (kind.divergence(result), kind.interruption(result)) if each]


def rows(result: AnyResult, run: str) -> list[Row]:
    """The rows of a result in summary.csv, each with its run and its spec's values, all scalars.

    What does not exist is None.
    """
    kind = kind_of(result)
    shared: Row = {"name": result.name, "run": run, "digest": result.digest}
    if not kind.has_spec:
        return [shared | row for row in kind.rows(result)]
    by_layer = any(isinstance(value, list) for value in map(result.spec.get, PER_LAYER))
    of_layers: dict[Any, Row] = {}
    found = []
    for row in kind.rows(result):
        layer = row.get("layer") if by_layer else None
        if layer not in of_layers:
            of_layers[layer] = parameters(result.spec, layer)
        found.append(shared | of_layers[layer] | row)
    return found


def parameters(spec: Mapping[str, Any], layer: Any = None) -> Row:
    """Every key of a normal form as one scalar: `initializer`, `initializer.std`, `width`.

    Where layers differ in it, an initializer is that of this layer; in a row of all layers it is
    what each of them has, in words.

    In the order of the form, also where the result was read from a file, whose keys are sorted.
    """
    from weightinit_cli.spec.kinds import TABLES  # for tables over runs alone

    found: Row = {}
    for key in (field.name for field in TABLES[spec["experiment"]]):
        value = spec.get(key)
        if key == "name" or value is None:
            continue
        if key in PER_LAYER and not isinstance(value, dict):
            if not isinstance(layer, int):
                found[key] = component(value)
                continue
            value = value[min(layer, len(value)) - 1]
        if key in (*PER_LAYER, "inputs"):
            found |= _component(key, value)
        elif isinstance(value, dict):
            for k, v in sorted(value.items()):
                found |= (
                    _component(f"{key}.{k}", v)
                    if isinstance(v, dict)
                    else {f"{key}.{k}": _scalar(v)}
                )
        else:
            found[key] = _scalar(value)
    return found


def _component(key: str, value: Mapping[str, Any]) -> Row:
    """The name of a component at a key, and below it its parameters."""
    return {key: value["name"]} | {f"{key}.{k}": v for k, v in sorted(value.items()) if k != "name"}


def _scalar(value: Any) -> Any:
    """A value as one scalar: a list of equal values as that value, another one joined by blanks."""
    if not isinstance(value, list | tuple):
        return value
    return value[0] if len(set(value)) == 1 else " ".join(map(str, value))
