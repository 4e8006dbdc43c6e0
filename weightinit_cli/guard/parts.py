"""The values and parameters of two probes: which belong together, and what is otherwise."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightinit_cli.results.probe import ProbedParameter, ProbedValue, ProbeResult

    Part = TypeVar("Part", ProbedValue, ProbedParameter)

MOST_OF_A_KIND = 3


class Parts(NamedTuple):
    """The parts of two probes that belong together, and sentences on what is otherwise."""

    values: list[tuple[ProbedValue, ProbedValue]]
    parameters: list[tuple[ProbedParameter, ProbedParameter]]
    sentences: list[str]


def parts_of(old: ProbeResult, new: ProbeResult) -> Parts:
    """Put values and parameters beside each other: by their names, else as renamed.

    Those that one side has alone are taken for renamed where the other side has alone as many, in
    the same order, of the same shapes and kinds.
    """
    parameters, sentences = _paired(
        "parameter", old.parameters, new.parameters, attrgetter("kind", "shape")
    )
    values, of_values = _paired("value", old.values, new.values, attrgetter("operation", "shape"))
    sentences += of_values
    changes = [(was.name, change) for was, now in parameters for change in _of_parameter(was, now)]
    changes += [(was.name, change) for was, now in values for change in _of_value(was, now)]
    for kind in dict.fromkeys(kind for _, (kind, _) in changes):
        found = [f"{name}: {words}" for name, (other, words) in changes if other == kind]
        sentences += _few(found, f"with another {kind}")
    return Parts(values, parameters, sentences)


def _paired(
    what: str,
    old: Sequence[Part],
    new: Sequence[Part],
    kind: Callable[[Part], object],
) -> tuple[list[tuple[Part, Part]], list[str]]:
    """Return the pairs of one kind of parts, and sentences on what has none or another name."""
    was, now = ({each.name: each for each in side} for side in (old, new))
    gone = [each for each in old if each.name not in now]
    added = [each for each in new if each.name not in was]
    pairs = [(each, now[each.name]) for each in old if each.name in now]
    if gone and list(map(kind, gone)) == list(map(kind, added)):
        renamed = list(zip(gone, added, strict=True))
        words = [f"{what} {a.name}: now called {b.name}" for a, b in renamed]
        return pairs + renamed, _few(words, f"{what}s with another name")
    sentences = _few([f"{what} {each.name}: missing" for each in gone], f"missing {what}s")
    sentences += _few([f"{what} {each.name}: additional" for each in added], f"additional {what}s")
    return pairs, sentences


def _of_parameter(was: ProbedParameter, now: ProbedParameter) -> Iterator[tuple[str, str]]:
    """Give what is otherwise of a parameter as a whole, and of which kind that is."""
    if was.shape != now.shape:
        yield "shape", f"shape {was.shape}, now {now.shape}"
    if len(was.shared_with) != len(now.shared_with):
        yield (
            "sharing",
            f"shared with {_named(was.shared_with)}, now with {_named(now.shared_with)}",
        )
    if (was.copy_of is None) != (now.copy_of is None):
        yield "origin", f"a copy of {was.copy_of or 'none'}, now of {now.copy_of or 'none'}"
    yield from _of_gradient(was.no_gradient, now.no_gradient)


def _of_value(was: ProbedValue, now: ProbedValue) -> Iterator[tuple[str, str]]:
    if was.shape != now.shape:
        yield "shape", f"shape {was.shape}, now {now.shape}"
    yield from _of_gradient(was.no_gradient, now.no_gradient)


def _of_gradient(was: str | None, now: str | None) -> Iterator[tuple[str, str]]:
    if (was is None) != (now is None):
        words = [f"no gradient ({each})" if each else "a gradient" for each in (was, now)]
        yield "gradient", f"{words[0]}, now {words[1]}"


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _few(sentences: Sequence[str], others: str) -> list[str]:
    """Return the first sentences, and how many there are beside them."""
    left = len(sentences) - MOST_OF_A_KIND
    shown = list(sentences[:MOST_OF_A_KIND])
    return [*shown, f"and {left:,} other {others}"] if left > 0 else shown
