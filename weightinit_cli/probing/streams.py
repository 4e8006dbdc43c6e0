"""The streams of a model: what goes through all of it, along residual sums and from layer to layer.

A *residual sum* adds a branch to what the branch was made of. Of its two summands the one is the
branch: layers with weights made it, and the other one was not made by these. The other one, the
shortcut, has what the branch was made of as it is, or normalized, activated, scaled, or behind a
single layer with weights where the branch has several and an activation or a norm, as in the blocks
of a ResNet that change the number of channels.

A *residual stream* is a chain of two and more residual sums, each of which has the one before it in
its shortcut. Norms, activations, joins with values from elsewhere (U-Net) and a single layer with
weights between blocks (ConvNeXt) do not end it. Its first value is what the first branch was made
of.

A *sequential path* is what layers with weights hand on, from the input to the output, where no
residual stream is: of each layer the value of its activation, or of the last product with another
value (a gate), or else its own. Where several values come together it goes on with the one that
has most layers behind it, and along the shortcut of a residual sum that is in no stream. What has
three and more layers and is neither on this way nor in a branch of a residual stream, such as a
second tower, is a path of its own.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.probing.graph import PRODUCT, SUM, Graph
from weightinit_cli.results.probe import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.model import LayerStatistics
    from weightinit_cli.results.probe import ProbedValue

FEWEST_SUMS: Final = 2
FEWEST_LAYERS: Final = 3
LITTLE: Final = 0.1


class Sum(NamedTuple):
    """A residual sum's shortcut and branch, what the branch was made of, and the sum before it."""

    shortcut: int
    branch: int
    origin: int
    before: int | None


def streams_of(values: Sequence[ProbedValue]) -> tuple[Stream, ...]:
    """The streams of a model's values: residual ones, then sequential paths, the longest first."""
    if not values:
        return ()
    graph = Graph(values)
    sums = residual_sums(graph)
    residual = [chain for chain in _chains(graph, sums) if len(chain) >= FEWEST_SUMS]
    residual.sort(key=len, reverse=True)
    found = []
    for chain in residual:
        first = sums[chain[0]]
        start = first.origin if first.before is None else first.before
        branches = tuple(sums[place].branch for place in chain)
        places = (start, *chain)
        found.append(Stream(_module(values, places), "residual", places, branches))
    paths = _paths(graph, sums, found)
    return (*found, *(Stream(_module(values, each), "sequential", each) for each in paths))


def residual_sums(graph: Graph) -> dict[int, Sum]:
    """The residual sums of a graph by their places."""
    found: dict[int, Sum] = {}
    for place, value in enumerate(graph.values):
        if value.operation != SUM or len(value.parents) != 2:
            continue
        one, other = value.parents
        ways = [
            (layers, shortcut, branch, origin)
            for shortcut, branch in ((one, other), (other, one))
            for origin, layers in _origin(graph, shortcut, branch)
        ]
        if ways:
            _, shortcut, branch, origin = min(ways)
            before = next((each for each, _ in graph.back(shortcut, 2) if each in found), None)
            found[place] = Sum(shortcut, branch, origin, before)
    return found


def _origin(graph: Graph, shortcut: int, branch: int) -> list[tuple[int, int]]:
    """What a branch was made of, if these are a shortcut and a branch, and the layers between.

    It is the latest value that both were made of, the shortcut by none or one layer with weights.
    """
    in_branch = graph.layers_among(graph.only_of(branch, shortcut))
    in_shortcut = graph.layers_among(graph.only_of(shortcut, branch))
    bends = graph.bends & graph.only_of(branch, shortcut)
    for place, layers in graph.back(shortcut, 1):
        if not graph.ancestors[branch] >> place & 1:
            continue
        if in_branch > layers and (not layers or (in_shortcut == 1 and bends)):
            return [(place, layers)]
    return []


def _chains(graph: Graph, sums: dict[int, Sum]) -> list[list[int]]:
    """The sums as chains, each as long as can be; what forks off begins a chain of its own.

    Sums within a branch are followed only where there are more of them than of all others, as in a
    body around which a shortcut goes.
    """
    after: dict[int, list[int]] = {}
    length: dict[int, int] = {}
    for place in reversed(sums):
        length[place] = 1 + max((length[each] for each in after.get(place, ())), default=0)
        before = sums[place].before
        if before is not None:
            after.setdefault(before, []).insert(0, place)
    chains = []
    starts = [place for place, each in sums.items() if each.before is None]
    while starts:
        chain = [starts.pop(0)]
        while following := after.get(chain[-1]):
            longest = max(following, key=length.__getitem__)
            around = [
                each
                for each in following
                if graph.ancestors[sums[each].branch] >> longest & 1
                and len(chain) + length[each] >= length[longest]
            ]
            longest = max(around, key=length.__getitem__, default=longest)
            starts += [each for each in following if each != longest]
            chain.append(longest)
        chains.append(chain)
    return chains


def _paths(graph: Graph, sums: dict[int, Sum], streams: Sequence[Stream]) -> list[tuple[int, ...]]:
    """What layers hand on along the main way and beside it, outside of the residual streams."""
    starts = {place: stream.values[0] for stream in streams for place in stream.values[1:]}
    covered = 0
    for stream in streams:
        for place in stream.values[1:]:
            covered |= graph.only_of(place, stream.values[0])
    branches = 0
    for place, each in sums.items():
        branches |= graph.only_of(place, each.shortcut)
    wanted = 1
    paths: list[tuple[int, ...]] = []
    for end in _ends(graph):
        if covered >> end & 1 and end not in starts:
            continue
        here: int | None = end
        while here is not None:
            here = starts.get(here, here)
            way, here = _way(graph, sums, starts, here, covered)
            layers = _handed_on(graph, way)
            if len(layers) >= wanted:
                paths.append(layers)
            covered |= sum(1 << place for place in way)
        wanted = FEWEST_LAYERS
        if streams or any(len(path) >= FEWEST_LAYERS for path in paths):
            covered |= branches
    if streams or len(paths) > 1:
        paths = [path for path in paths if len(path) >= 2]
    return paths


def _ends(graph: Graph) -> list[int]:
    """Where ways may end: the last value that something comes back to, then the deepest layers."""
    last = len(graph.values) - 1
    used = {parent for value in graph.values for parent in value.parents}
    reached = [
        place
        for place, value in enumerate(graph.values)
        if place not in used and value.figures.gradient is not None
    ]
    layers = [place for place in range(last + 1) if graph.is_weighted(place)]
    layers.sort(key=lambda place: (-graph.depth[place], place))
    return [max(reached, default=last), *layers]


def _way(
    graph: Graph, sums: dict[int, Sum], starts: dict[int, int], end: int, covered: int
) -> tuple[list[int], int | None]:
    """The way back from a value, in the order of the run, and the stream's value that it came to.

    It ends where a residual stream or an earlier way begins.
    """
    way = []
    here: int | None = end
    while here is not None:
        way.append(here)
        if _is_little(graph, here):
            break
        here = sums[here].shortcut if here in sums else graph.made_of(here)
        if here in starts:
            return way[::-1], here
        if here is not None and covered >> here & 1:
            break
    return way[::-1], None


def _is_little(graph: Graph, place: int) -> bool:
    """Whether a sum adds a value to something far larger that is none, as a learned token is."""
    value = graph.values[place]
    if value.operation != SUM or len(value.parents) != 1:
        return False
    added, whole = graph.values[value.parents[0]].figures, value.figures
    return _size(added) < LITTLE * _size(whole)


def _size(figures: LayerStatistics) -> float:
    return hypot(figures.mean or 0.0, figures.std or 0.0)


def _handed_on(graph: Graph, way: Sequence[int]) -> tuple[int, ...]:
    """Of each layer with weights on a way the value that it hands on."""
    found: list[int] = []
    final = False
    for place in way:
        if graph.is_weighted(place):
            found.append(place)
            final = False
        elif found and (graph.is_activation(place) or graph.values[place].operation == PRODUCT):
            found[-1] = place
            final = True
        elif found and not final and graph.is_norm(place):
            found[-1] = place
    return tuple(found)


def _module(values: Sequence[ProbedValue], places: Sequence[int]) -> str:
    """The path that the modules of these values have in common."""
    paths = [values[place].module.split(".") for place in places]
    shared = []
    for names in zip(*paths, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return ".".join(shared)
