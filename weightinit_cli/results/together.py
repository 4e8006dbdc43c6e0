"""Results side by side, from Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError, counted
from weightinit_cli.results.comparison import VARIANT, own_parts
from weightinit_cli.results.drawn import Drawn, Tabular
from weightinit_cli.results.kinds import AnyResult, described_run, kind_of
from weightinit_cli.results.words import full_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.comparison import AnyComparedRun


@dataclass(frozen=True, slots=True, repr=False)
class Compared(Drawn, Tabular):
    """Results of one experiment under names of their own; it draws itself in a notebook.

    Example:
        >>> import weightinit_cli as winit
        >>> winit.compare([winit.run(each) for each in winit.expand("article")])
        Compared 3 runs of article: sigmoid, width 100, 1,000 samples, seed 0
        run                      std (inputs)  grad. ratio  verdict
        normal (mean 0, std 10)         0.342        9.285  healthy; note...ing_gradient
        normal (mean 0, std 0)              0            0  severe: units_identical
        xavier_normal (gain 1)      0.0006309      0.05248  warning: inpu...tinguishable
        .results, .names; .to_frame() has every figure, .figure() draws them together
    """

    results: tuple[AnyResult, ...]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the picture is called: the results' common name, else all of them."""
        return ", ".join(dict.fromkeys(result.name for result in self.results))

    @property
    def spec(self) -> Mapping[str, Any]:
        """The normal form of the first result's spec."""
        return self.results[0].spec

    def runs(self) -> list[AnyComparedRun]:
        """What a picture of all of them needs of each."""
        pairs = zip(self.names, self.results, strict=True)
        compared = (kind_of(each).compared(each, name, [(VARIANT, name)]) for name, each in pairs)
        return [each for each in compared if each is not None]


def compare(results: Iterable[AnyResult], names: Sequence[str] | None = None) -> Compared:
    """Put results of one experiment side by side: `compare([first, second]).figure()`.

    `names`, as many as there are results, stand beside their curves; by default these are the
    results' own, or, of results with the same name, what the spec of each has that the others' have
    not. The names that a spec gives its variants are `[each.label for each in expand(spec)]`.
    Raises WinitError where there is no result, or what is none, where the results are of several
    experiments, or where names are missing or are not all different.

    Example:
        >>> import weightinit_cli as winit
        >>> names = ["sigmoid_xavier", "tanh_xavier"]
        >>> both = winit.compare([winit.run(name) for name in names])
        >>> both.names
        ('sigmoid_xavier', 'tanh_xavier')
        >>> runs = winit.expand("article")
        >>> winit.compare(map(winit.run, runs), [each.label for each in runs]).names
        ('std = 10', 'std = 0', 'Xavier')
    """
    if isinstance(results, Drawn):
        raise WinitError("compare: expected a list of results, as in compare([first, second])")
    every: tuple[Any, ...] = tuple(results)
    for each in every:
        if not isinstance(each, AnyResult):
            raise WinitError(
                f"compare: expected results, as run() gives them, not {type(each).__name__}"
            )
    if not every:
        raise WinitError("compare: expected a list of at least one result")
    kinds = {str(each.spec["experiment"]): None for each in every}
    if len(kinds) > 1:
        raise WinitError(f"compare: expected results of one experiment, not {' and '.join(kinds)}")
    called = _told_apart(every) if names is None else tuple(map(str, names))
    if len(called) != len(every) or len(set(called)) != len(every):
        raise WinitError(f"compare: expected {len(every)} different names, not {list(called)}")
    return Compared(every, called)


def _told_apart(results: Sequence[AnyResult]) -> tuple[str, ...]:
    """The results' names, or what differs in their specs; a number where that is the same."""
    names = [full_name(each.name, each.overrides) for each in results]
    if len(set(names)) < len(names):
        owns = own_parts(
            [[*described_run(each), counted(each.spec["layers"], "layer")] for each in results]
        )
        names = [", ".join(own) or name for own, name in zip(owns, names, strict=True)]
    counts: dict[str, int] = {}
    found = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        found.append(f"{name} ({counts[name]})" if names.count(name) > 1 else name)
    return tuple(found)
