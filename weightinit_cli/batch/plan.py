"""What a batch has to do: specs that are valid to the last run, under names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import Mark, Problem, SpecError, WinitError
from weightinit_cli.experiments import impossible
from weightinit_cli.spec import expand, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from weightinit_cli.spec import AnySpec


class Plan(NamedTuple):
    """The specs of a batch, and the errors of those that cannot be run.

    `impossible` has the reasons why single runs of the specs cannot be done, by their folders.
    """

    specs: tuple[AnySpec, ...]
    errors: tuple[WinitError, ...]
    impossible: Mapping[str, WinitError]

    @property
    def total(self) -> int:
        """How many runs there are."""
        return sum(len(expand(spec)) for spec in self.specs)

    def runs(self) -> Iterator[AnySpec]:
        """Every run, in order, each built when it is asked for."""
        return (run for spec in self.specs for run in expand(spec))


def make_plan(sources: Iterable[str], load: Callable[[str], AnySpec]) -> Plan:
    """Load every spec and check all its runs; a bad one keeps out no other.

    A spec of which only some runs can be done is taken: the others fail when their turn comes.
    Specs of one name would write to one folder: none of them is taken.
    """
    specs: list[AnySpec] = []
    errors: list[WinitError] = []
    wrong: dict[str, WinitError] = {}
    for source in sources:
        try:
            spec = load(source)
            runs = expand(spec)
            wrong |= {runs[number].folder: why for number, why in impossible(spec).items()}
        except WinitError as error:
            errors.append(error)
        else:
            specs.append(spec)
    by_name: dict[str, list[AnySpec]] = {}
    for spec in specs:
        by_name.setdefault(folded(spec.name), []).append(spec)
    errors += [_one_folder(same) for same in by_name.values() if len(same) > 1]
    alone = tuple(spec for spec in specs if len(by_name[folded(spec.name)]) == 1)
    names = {spec.name for spec in alone}
    kept = {folder: why for folder, why in wrong.items() if folder.partition("/")[0] in names}
    return Plan(alone, tuple(errors), kept)


def _one_folder(same: Sequence[AnySpec]) -> SpecError:
    places = [spec.marks.get("name") or Mark(spec.marks[""].source) for spec in same]
    return SpecError(
        Problem(place, "name", f"{spec.name!r} is also the name of {_others(places, place)}")
        for place, spec in zip(places, same, strict=True)
    )


def _others(places: Sequence[Mark], place: Mark) -> str:
    others = [other.source for other in places if other is not place]
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return f"{others[0]}{more}; all would write to one folder"
