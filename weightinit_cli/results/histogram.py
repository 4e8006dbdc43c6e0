"""`experiment: histogram`: what must be true of its result, and the rows that it gives a table."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from math import log, prod
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import counted
from weightinit_cli.results.figures import (
    ALL_PARAMETERS,
    FIGURES,
    PARAMETERS,
    figure,
    in_gate,
    parameters_of,
    resolved,
)
from weightinit_cli.results.layercolumns import columns_of, figure_cell
from weightinit_cli.results.model import HEALTHY, Result, check_pretraining, values, worst_severity
from weightinit_cli.results.outputwords import logits_sentence, loss_sentence
from weightinit_cli.results.plain import (
    ROUNDING,
    Mismatch,
    check_at_most,
    check_not_negative,
    check_share,
    check_shares,
)
from weightinit_cli.results.precisionwords import rounding_sentence
from weightinit_cli.results.told import Rounded, Table
from weightinit_cli.results.verdictwords import brief
from weightinit_cli.results.words import (
    below,
    finite,
    of_blocks,
    reconstructions,
    rounded,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.comparison import ComparedRun
    from weightinit_cli.results.figures import Figure
    from weightinit_cli.results.model import (
        HistogramCounts,
        Kernels,
        LayerStatistics,
        LayerTheory,
        Output,
        Verdict,
    )

KERNELS = "kernels"
LOSS_HEAD = "loss at start"
QUANTILES = {"0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"}
OVER_SEEDS = {"0.05", "0.5", "0.95"}
UNRESOLVED_PARAMETERS = {
    f"{name}.{figure}" for name in ALL_PARAMETERS for figure in ("std", "kurtosis")
}
LARGEST = 2**63 - 1
# The figures of an output layer that have a spread over the seeds.
OF_OUTPUT = ("loss", "accuracy", "rms")


def check(result: Result) -> None:
    """Raise Mismatch where a part of the result contradicts its spec or another part."""
    spec = result.spec
    features, *widths = _values(result)
    convolved = "channels" in spec
    if not result.layers or len(result.layers) != len(widths):
        raise Mismatch("layers", "not as many as in spec.width")
    check_layer(result.input, "input", spec["samples"] * features, features)
    for index, (layer, units) in enumerate(zip(result.layers, widths, strict=True)):
        place = f"layers.{index}"
        check_layer(layer, place, spec["samples"] * units, units)
        if (layer.channels is not None) != convolved:
            raise Mismatch(f"{place}.channels", "must be there of convolutions alone")
        if (layer.gradient is not None) != spec["backward"]:
            raise Mismatch(f"{place}.gradient", "must be there where spec.backward is, not else")
        _check_blocks(layer, place, spec)
        if (layer.repeats is not None) != (spec["repeats"] > 1):
            raise Mismatch(f"{place}.repeats", "must be there where spec.repeats > 1, not else")
    check_verdict(result.verdict, len(result.layers))
    if spec["layers"] != len(widths):
        raise Mismatch("spec.layers", "not as many as there are")
    if (result.kernels is not None) != convolved:
        raise Mismatch("kernels", "must be there of convolutions, not else")
    if result.kernels is not None:
        _check_kernels(result.kernels, spec)
    check_pretraining(result.resolved.pretraining, spec, "resolved.pretraining")
    _check_output(result)
    projected = "residual" in spec and features != widths[0]
    if (result.resolved.projection is not None) != projected:
        raise Mismatch("resolved.projection", "must be there of a stream of other size, not else")


def _check_blocks(layer: LayerStatistics, place: str, spec: Mapping[str, Any]) -> None:
    """See that a layer has what the spec's normalization and branches ask for, and no more."""
    residual = spec.get("residual")
    if layer.prenorm_std is not None and "normalization" not in spec:
        raise Mismatch(
            f"{place}.prenorm_std", "must be there where spec.normalization is, not else"
        )
    if (layer.branch is not None) != (residual is not None):
        raise Mismatch(f"{place}.branch", "must be there where spec.residual is, not else")
    gradient = layer.gradient
    if gradient is not None and gradient.stream_rms is not None and residual is None:
        place = f"{place}.gradient.stream_rms"
        raise Mismatch(place, "must be there where spec.residual is, not else")
    if layer.branch is not None and residual is not None:
        second = residual["branch"] == 2
        if (layer.branch.weights is not None) != second:
            raise Mismatch(f"{place}.branch.weights", "must be there of a branch of 2, not else")


def rows(result: Result) -> list[dict[str, Any]]:
    """One row per layer: its number, its fans, its figures and the run's verdict.

    `verdict` holds the verdicts' names, separated by blanks, `severity` that of the worst. What
    does not exist is None, and so is what the dtype cannot tell: that stands in `unresolved`,
    separated by blanks, each with the floor below which it lies (`std_across_inputs<6e-8`) where
    there is one. `finite` is how many values the layer's figures are of, `gradient.finite` those of
    its gradient. `theory.std` is what theory expects of `std`; where there is a z-score, it is
    `theory.std.z`, and its error `theory.std.standard_error`. With an output layer every row has
    its loss, too, `output.loss`. In a low precision `rounded.gradient.flushed` and the like count
    what rounding made of the values.
    """
    run: dict[str, Any] = {
        "verdict": " ".join(each.name for each in result.verdict),
        "severity": worst_severity(result.verdict),
    }
    paths = [path for path in FIGURES if not _is_missing(result.layers, path)]
    if result.output is not None:
        run |= {f"output.{name}": getattr(result.output, name) for name in OF_OUTPUT}
        run["output.indifferent"] = result.output.indifferent
        predicted = result.output.theory
        run["output.theory.loss"] = None if predicted is None else predicted.value
    found = []
    for number, layer in enumerate(result.layers, 1):
        fans = result.resolved.layers[number - 1]
        row = run | {"layer": number, "fan_in": fans.fan_in, "fan_out": fans.fan_out}
        found.append(
            row
            | _figures(layer, paths)
            | _rounded(layer)
            | _drawn(layer)
            | _theory(layer)
            | repeats_of(layer)
        )
    return found


def told(result: Result) -> dict[str, Figure]:
    """The rows of FIGURES that this network can have.

    Without what its normalization is given where that is the stream that the block before has left.
    """
    found = {path: row for path, row in FIGURES.items() if not _is_missing(result.layers, path)}
    if result.spec.get("residual", {}).get("placement") == "pre":
        found.pop("prenorm_std", None)
    return found


def _is_missing(layers: Sequence[LayerStatistics], path: str) -> bool:
    """Whether only other kinds of networks have a figure."""
    return FIGURES[path].optional and all(
        figure(layer, path) is None and path not in layer.unresolved for layer in layers
    )


def table(result: Result) -> Table:
    """A row per layer; in print of the first, the last, and where the worst begins."""
    every = columns_of(result.layers, told(result))
    shown = {head: cells for head, cells in every.items() if set(cells) != {"-"}}
    few = [row.head for row in FIGURES.values() if row.in_table and not row.spare]
    last = len(result.layers)
    worst = next((each.layer for each in result.verdict if each.warns and each.layer), last)
    return Table(
        ("layer", *shown),
        list(zip(map(str, range(1, last + 1)), *shown.values(), strict=True)),
        ("layer", *(head for head in few if head in shown)),
        sorted({0, worst - 1, last - 1}),
    )


def beside(result: Result) -> dict[str, str]:
    """What is said of a run beside others: last layer, all gradients, loss, verdict."""
    from weightinit_cli.results.comparison import mean_gradient_ratio, ratio_is_unresolved

    last = result.layers[-1]
    lost = ratio_is_unresolved(result.layers)
    ratio = Rounded(below(None), None) if lost else rounded(mean_gradient_ratio(result.layers))
    loss = {} if result.output is None else {LOSS_HEAD: rounded(result.output.loss)}
    return {
        "std": figure_cell(last, "std"),
        "std (inputs)": figure_cell(last, "std_across_inputs"),
        "grad. ratio": ratio,
        **loss,
        "verdict": brief(result.verdict),
    }


def remarks(result: Result) -> list[str]:
    """Sentences on a run as a whole, below its table."""
    every = (
        of_blocks(result.spec),
        loss_sentence(result),
        logits_sentence(result),
        rounding_sentence(result),
        reconstructions(result.resolved.pretraining),
    )
    return [each for each in every if each]


def checksums(result: Result) -> Mapping[str, str]:
    """The checksum of the file that the inputs are of, by its name; nothing of others."""
    return result.checksums or {}


def pictures_of(result: Result) -> tuple[str, ...]:
    """The stems of a result's pictures; convolutions have one of their kernels, too."""
    return ("histogram", "depth") if result.kernels is None else ("histogram", "depth", KERNELS)


def streams(result: Result) -> list[str | None]:
    """The hash of each layer's draws, an output layer's the last; None where nothing was drawn.

    After a layer's comes that of its branch's second one, where it has one.
    """
    found = []
    for layer in result.recorded[1:]:
        second = None if layer.branch is None else layer.branch.weights
        found.append(None if layer.weights is None else layer.weights.stream)
        found += [] if second is None else [second.stream]
    return found


def compared(result: Result, label: str, varied: Iterable[tuple[str, Any]]) -> ComparedRun:
    """What the picture of many runs shows of one: all of a mere variant, else its curves."""
    from weightinit_cli.results import comparison

    varied = tuple(varied)
    alone = [path for path, _ in varied] == [comparison.VARIANT]
    return comparison.compared(result, label, varied, keep=alone)


def _check_output(result: Result) -> None:
    """Raise Mismatch where the output layer is not the spec's, or contradicts itself."""
    output, spec = result.output, result.spec
    if (output is not None) != ("output" in spec):
        raise Mismatch("output", "must be there where spec.output is, not else")
    if output is None:
        return
    classes = spec["output"]["classes"]
    check_layer(output.logits, "output.logits", spec["samples"] * classes, classes)
    if (output.logits.gradient is not None) != spec["backward"]:
        raise Mismatch("output.logits.gradient", "must be there where spec.backward is, not else")
    if output.resolved.fan_out != classes:
        raise Mismatch("output.resolved.fan_out", "not as many as spec.output.classes")
    if (output.repeats is not None) != (spec["repeats"] > 1):
        raise Mismatch("output.repeats", "must be there where spec.repeats > 1, not else")
    if abs(output.indifferent - log(classes)) > ROUNDING:
        raise Mismatch("output.indifferent", "must be the logarithm of spec.output.classes")
    check_share(output.accuracy, "output.accuracy")
    for name in ("loss", "rms"):
        check_not_negative(getattr(output, name), f"output.{name}")
    _check_expected_and_spread(output)


def _check_expected_and_spread(output: Output) -> None:
    if output.theory is not None:
        check_not_negative(output.theory.value, "output.theory.value")
        check_not_negative(output.theory.standard_error, "output.theory.standard_error")
    for path, spread in (output.repeats or {}).items():
        if path not in OF_OUTPUT:
            raise Mismatch("output.repeats", f"no figure of it is named {ascii(path)[:60]}")
        check_not_negative(spread.mean, f"output.repeats.{path}.mean")
        check_not_negative(spread.std, f"output.repeats.{path}.std")


def _values(result: Result) -> tuple[int, ...]:
    """How many values the input and every layer have, by the spec."""
    spec = result.spec
    key = "channels" if "channels" in spec else "width"
    if "channels" in spec and len(spec["stride"]) != len(spec["channels"]):
        raise Mismatch("spec.stride", "must have one number per layer, as spec.channels has")
    fans = [each * prod(spec.get("kernel", ())) for each in spec[key]]
    if fans != [layer.fan_out for layer in result.resolved.layers]:
        raise Mismatch(f"spec.{key}", "the layers are not those of resolved.layers")
    found = values(spec)
    if min(found) < 1:
        raise Mismatch("spec.kernel", "leaves nothing")
    return found


def check_layer(layer: LayerStatistics, place: str, values: int, units: int) -> None:
    """Raise Mismatch where no layer of so many values and units can have these figures."""
    _check_parts(layer, place, values)
    _check_bounds(layer, place, units)


def _check_parts(layer: LayerStatistics, place: str, values: int) -> None:
    _check_names(layer.quantiles, QUANTILES, f"{place}.quantiles")
    for name, drawn in parameters_of(layer):
        if drawn.quantiles is not None:
            _check_names(drawn.quantiles, QUANTILES, f"{place}.{name}.quantiles")
    _check_histogram(layer.histogram, f"{place}.histogram", values, layer.nonfinite)
    if layer.gradient is not None:
        gradient = layer.gradient
        _check_histogram(
            gradient.histogram, f"{place}.gradient.histogram", values, gradient.nonfinite
        )
    if layer.theory is not None:
        _check_theory(layer.theory, f"{place}.theory", len(layer.histogram.counts))
    if layer.repeats is not None:
        _check_paths(layer.repeats, f"{place}.repeats")
        for path, spread in layer.repeats.items():
            if spread.quantiles is not None:
                _check_names(spread.quantiles, OVER_SEEDS, f"{place}.repeats.{path}.quantiles")
    _check_paths(set(layer.unresolved) - UNRESOLVED_PARAMETERS, f"{place}.unresolved")


def _check_bounds(layer: LayerStatistics, place: str, units: int) -> None:
    for path in FIGURES:
        _check(path, figure(layer, path), f"{place}.{path}", units)
    for name, drawn in parameters_of(layer):
        check_share(drawn.zero_fraction, f"{place}.{name}.zero_fraction")
        check_not_negative(drawn.std, f"{place}.{name}.std")
        check_not_negative(drawn.kurtosis, f"{place}.{name}.kurtosis")
    if layer.gradient is not None and layer.gradient.histogram.edges[0] <= 0:
        raise Mismatch(f"{place}.gradient.histogram.edges.0", "must be > 0, as sizes are")
    if layer.channels is not None:
        for name in ("distinct", "dead"):
            check_at_most(units, getattr(layer.channels, name), f"{place}.channels.{name}")
    for path, spread in (layer.repeats or {}).items():
        _check(path, spread.mean, f"{place}.repeats.{path}.mean", units)
        check_not_negative(spread.std, f"{place}.repeats.{path}.std")
    _check_resolution(layer, place)
    if layer.theory is not None:
        check_not_negative(layer.theory.q, f"{place}.theory.q")
        for path, prediction in layer.theory.figures.items():
            _check(path, prediction.value, f"{place}.theory.figures.{path}.value", units)
            check_not_negative(
                prediction.standard_error, f"{place}.theory.figures.{path}.standard_error"
            )
        check_shares(layer.theory.histogram, f"{place}.theory.histogram")


def _check_resolution(layer: LayerStatistics, place: str) -> None:
    for path, least in layer.unresolved.items():
        check_not_negative(least, f"{place}.unresolved.{path}")
    if layer.resolution is not None:
        check_not_negative(layer.resolution.activations, f"{place}.resolution.activations")
        check_not_negative(layer.resolution.preactivations, f"{place}.resolution.preactivations")


def _check(path: str, value: float | None, place: str, units: int) -> None:
    if in_gate(path, "fraction"):
        check_share(value, place)
    elif not in_gate(path, "mean", "extreme"):
        check_not_negative(value, place)
    if path in FIGURES and FIGURES[path].unit == "units":
        check_at_most(units, value, place)


def _check_histogram(histogram: HistogramCounts, place: str, values: int, nonfinite: int) -> None:
    if not histogram.counts or any(b < a for a, b in pairwise(histogram.edges)):
        raise Mismatch(place, "must have bins, and edges that rise")
    if len(histogram.edges) != len(histogram.counts) + 1:
        raise Mismatch(place, "must have one edge more than counts")
    total = sum(histogram.counts) + histogram.underflow + histogram.overflow + nonfinite
    if max(total, values) > LARGEST:
        raise Mismatch(place, "counts add up to more than any run has")
    if total != values:
        raise Mismatch(place, f"counts add up to {total:,}, not to {counted(values, 'value')}")


def _check_names(found: Iterable[str], names: set[str], place: str) -> None:
    if set(found) != names:
        raise Mismatch(place, f"must be {', '.join(sorted(names))}")


def _check_theory(theory: LayerTheory, place: str, bins: int) -> None:
    _check_paths(theory.figures, f"{place}.figures")
    if theory.histogram and len(theory.histogram) != bins:
        raise Mismatch(
            f"{place}.histogram", f"must have {counted(bins, 'bin')}, as the layer's histogram"
        )


def _check_paths(paths: Iterable[str], place: str) -> None:
    for path in paths:
        if path not in FIGURES:
            raise Mismatch(place, f"no figure of a layer is named {ascii(path)[:60]}")


def _check_kernels(kernels: Kernels, spec: Mapping[str, Any]) -> None:
    shape = (*spec["kernel"], spec["image"][2])
    if kernels.shape != shape or kernels.filters != spec["channels"][0]:
        raise Mismatch("kernels", "not those of spec.kernel, spec.image and spec.channels")
    sizes = set(map(len, kernels.values))
    if sizes != {prod(kernels.shape)} or len(kernels.values) > kernels.filters:
        raise Mismatch(
            "kernels.values", f"must be filters of {counted(prod(kernels.shape), 'value')}"
        )


def check_verdict(verdict: tuple[Verdict, ...], layers: int) -> None:
    """Raise Mismatch where a verdict of so many layers contradicts itself or another one."""
    names = [each.name for each in verdict]
    for number, entry in enumerate(verdict):
        place = f"verdict.{number}"
        if entry.layer is not None and not 1 <= entry.layer <= layers:
            raise Mismatch(f"{place}.layer", f"must be from 1 to {layers:,}")
        if (entry.severity is None) != (entry.name == HEALTHY):
            raise Mismatch(f"{place}.severity", f"must be null of {HEALTHY!r} alone")
        if entry.because is not None and entry.because not in names[:number]:
            raise Mismatch(f"{place}.because", "must name a verdict that stands before this one")
        if entry.over is not None:
            _check_span(entry.over, f"{place}.over", layers)
            check_not_negative(entry.value, f"{place}.value")


def _check_span(over: tuple[int, ...], place: str, layers: int) -> None:
    if len(over) != 2 or over[0] == over[1] or max(over) > layers:
        raise Mismatch(place, f"must be two layers from 0 to {layers:,}")


def _figures(layer: LayerStatistics, paths: Iterable[str]) -> dict[str, Any]:
    """The figures of a layer; one that has underflowed as a whole has no quantiles either."""
    gradient = layer.gradient
    row: dict[str, Any] = {"finite": finite(layer.histogram)}
    row |= {"gradient.finite": None if gradient is None else finite(gradient.histogram)}
    row |= {"unresolved": " ".join(_unresolved(layer))}
    row |= {path: resolved(layer, path) for path in paths}
    lost = "min" in layer.unresolved
    return row | _quantiles("quantiles", {} if lost else layer.quantiles, layer.quantiles)


def _rounded(layer: LayerStatistics) -> dict[str, int]:
    """What a low precision made of the layer's values, by what was rounded."""
    return {
        f"rounded.{part}.{name}": number
        for part, counts in (layer.rounded or {}).items()
        for name, number in asdict(counts).items()
    }


def _unresolved(layer: LayerStatistics) -> list[str]:
    floors = sorted(layer.unresolved.items())
    return [path if floor is None else f"{path}{below(floor)}" for path, floor in floors]


def _drawn(layer: LayerStatistics) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, drawn in parameters_of(layer):
        _, _, kind = name.rpartition(".")
        paths = [f"{name.removesuffix(kind)}{path}" for path in PARAMETERS[kind]]
        row |= {path: resolved(layer, path) for path in paths}
        row |= _quantiles(f"{name}.quantiles", drawn.quantiles or {}, layer.quantiles)
    return row


def _theory(layer: LayerStatistics) -> dict[str, Any]:
    row: dict[str, Any] = {}
    predicted = layer.theory.figures if layer.theory else {}
    for path in filter(predicted.__contains__, FIGURES):
        expected = predicted[path]
        row[f"theory.{path}"] = expected.value
        if expected.z is not None:
            row[f"theory.{path}.standard_error"] = expected.standard_error
            row[f"theory.{path}.z"] = expected.z
    return row


def repeats_of(layer: LayerStatistics) -> dict[str, Any]:
    """The spreads of a layer's figures over the seeds, as columns of a row."""
    row: dict[str, Any] = {}
    spreads = layer.repeats or {}
    for path in filter(spreads.__contains__, FIGURES):
        spread = spreads[path]
        row |= {f"repeats.{path}.mean": spread.mean, f"repeats.{path}.std": spread.std}
        quantiles = spread.quantiles or {}
        row |= _quantiles(f"repeats.{path}.quantiles", quantiles, quantiles)
    return row


def _quantiles(
    name: str, quantiles: Mapping[str, float | None], which: Iterable[str]
) -> dict[str, Any]:
    return {f"{name}.{q}": quantiles.get(q) for q in sorted(which)}
