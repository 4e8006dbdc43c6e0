"""Whether the parts of a result are what they may be, and agree with each other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.convolution import PADDINGS
from weightinit_cli.errors import counted
from weightinit_cli.results.figures import FIGURES, figure, in_gate
from weightinit_cli.results.model import Result, SpecForm
from weightinit_cli.results.plain import Mismatch, decode
from weightinit_cli.results.shapes import values
from weightinit_cli.results.symmetry import SymmetryForm, SymmetryResult
from weightinit_cli.results.training import TrainingForm, TrainingResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weightinit_cli.results.model import (
        HistogramCounts,
        Kernels,
        LayerStatistics,
        LayerTheory,
        Reconstruction,
        Verdict,
    )

ROUNDING = 1e-9  # of what is computed, not counted

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
}
AnyResult = Result | SymmetryResult | TrainingResult
QUANTILES = {"0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"}
OVER_SEEDS = {"0.05", "0.5", "0.95"}
UNRESOLVED_WEIGHTS = {"weights.std", "weights.kurtosis"}
LARGEST = 2**63 - 1
DENSE = ("features", "width")
CONVOLVED = ("channels", "kernel", "image", "padding", "stride")
PER_STEP = (
    "weight_gradient_rms",
    "bias_gradient_rms",
    "moved",
    "distinct_units",
    "participation",
)


def check_environment(environment: Mapping[str, Any]) -> None:
    """Raise Mismatch where a known entry is of another type."""
    for key in ENVIRONMENT.keys() & environment.keys():
        decode(ENVIRONMENT[key], environment[key], f"environment.{key}")


def check_bounds(layer: LayerStatistics, place: str, units: int) -> None:
    """Raise Mismatch where a layer of so many units has what no layer can have."""
    for path in FIGURES:
        _check(path, figure(layer, path), f"{place}.{path}", units)
    if layer.weights is not None:
        _share(layer.weights.zero_fraction, f"{place}.weights.zero_fraction")
        _not_negative(layer.weights.std, f"{place}.weights.std")
        _not_negative(layer.weights.kurtosis, f"{place}.weights.kurtosis")
    if layer.gradient is not None and layer.gradient.histogram.edges[0] <= 0:
        raise Mismatch(f"{place}.gradient.histogram.edges.0", "must be > 0, as sizes are")
    if layer.channels is not None:
        for name in ("distinct", "dead"):
            _at_most(units, getattr(layer.channels, name), f"{place}.channels.{name}")
    for path, spread in (layer.repeats or {}).items():
        _check(path, spread.mean, f"{place}.repeats.{path}.mean", units)
        _not_negative(spread.std, f"{place}.repeats.{path}.std")
    _check_resolution(layer, place)
    if layer.theory is not None:
        _not_negative(layer.theory.q, f"{place}.theory.q")
        for path, said in layer.theory.figures.items():
            _check(path, said.value, f"{place}.theory.figures.{path}.value", units)
            _not_negative(said.standard_error, f"{place}.theory.figures.{path}.standard_error")
        _shares(layer.theory.histogram, f"{place}.theory.histogram")


def _check_resolution(layer: LayerStatistics, place: str) -> None:
    for path, least in layer.unresolved.items():
        _not_negative(least, f"{place}.unresolved.{path}")
    if layer.resolution is not None:
        _not_negative(layer.resolution.activations, f"{place}.resolution.activations")
        _not_negative(layer.resolution.preactivations, f"{place}.resolution.preactivations")


def check_course(result: SymmetryResult) -> None:
    """Raise Mismatch where a course over steps has what none can have."""
    _share(result.accuracy, "accuracy")
    _not_negative(result.base_entropy, "base_entropy")
    _none_negative((result.start_loss, *result.loss), "loss")
    for number, layer in enumerate(result.layers):
        _not_negative(layer.start_participation, f"layers.{number}.start_participation")
        for name in ("weight_gradient_rms", "bias_gradient_rms", "participation"):
            _none_negative(getattr(layer, name), f"layers.{number}.{name}")


def check_networks(result: TrainingResult) -> None:
    """Raise Mismatch where a training has what none can have."""
    for number, network in enumerate(result.networks):
        _none_negative(network.losses, f"networks.{number}.losses")
        for part in ("train", "validation", "test"):
            score = getattr(network, part)
            if score is not None:
                _share(score.accuracy, f"networks.{number}.{part}.accuracy")
                _not_negative(score.loss, f"networks.{number}.{part}.loss")
    for number, best in enumerate(result.best_of):
        place = f"best_of.{number}"
        _share(best.accuracy_mean, f"{place}.accuracy_mean")
        _none_negative((best.accuracy_std, best.loss_mean, best.loss_std), place)
        if not 1 <= best.k <= len(result.networks):
            raise Mismatch(f"{place}.k", "must be from 1 to the number of networks")


def _check(path: str, value: float | None, place: str, units: int) -> None:
    if in_gate(path, "fraction"):
        _share(value, place)
    elif not in_gate(path, "mean", "extreme"):
        _not_negative(value, place)
    if path in FIGURES and FIGURES[path].unit == "units":
        _at_most(units, value, place)


def _share(value: float | None, place: str) -> None:
    if value is not None and not -ROUNDING <= value <= 1 + ROUNDING:
        raise Mismatch(place, f"must be a share, from 0 to 1, not {value!r}")


def _shares(values: Iterable[float], place: str) -> None:
    for number, value in enumerate(values):
        _share(value, f"{place}.{number}")


def _not_negative(value: float | None, place: str) -> None:
    if value is not None and value < 0:
        raise Mismatch(place, "must be >= 0")


def _none_negative(values: Iterable[float | None], place: str) -> None:
    for number, value in enumerate(values):
        _not_negative(value, f"{place}.{number}")


def _at_most(most: int, value: float | None, place: str) -> None:
    if value is not None and value > most:
        raise Mismatch(place, f"must be at most {most:,}, not {value:,}")


def check_consistency(result: AnyResult) -> None:
    """Raise Mismatch where one part of a result contradicts another, or what can be at all."""
    check_environment(result.environment)
    if isinstance(result, SymmetryResult):
        _check_symmetry(result)
    elif isinstance(result, TrainingResult):
        _check_training(result)
    else:
        _check_histograms(result)


def _form(kind: type[Any], result: AnyResult) -> Any:
    form = decode(kind, result.spec, "spec")
    for key in ("activation", "initializer", "bias"):
        if not isinstance(getattr(form, key).get("name"), str):
            raise Mismatch(f"spec.{key}.name", "missing")
    return form


def _check_symmetry(result: SymmetryResult) -> None:
    form: SymmetryForm = _form(SymmetryForm, result)
    if tuple(layer.units for layer in result.layers) != (*form.width, 1):
        raise Mismatch("layers", "not those of spec.width and the output")
    if any(b <= a for a, b in pairwise((0, *result.steps))) or len(result.loss) != len(
        result.steps
    ):
        raise Mismatch("steps", "must rise, each with a loss")
    for index, layer in enumerate(result.layers):
        for name in PER_STEP:
            if len(getattr(layer, name)) != len(result.steps):
                raise Mismatch(f"layers.{index}.{name}", "must have one value per recorded step")
        counts = (layer.start_distinct, *layer.distinct_units)
        if not 1 <= layer.fewest_distinct <= min(counts) <= max(counts) <= layer.most_distinct:
            raise Mismatch(f"layers.{index}.distinct_units", "beyond its own extremes")
        if layer.most_distinct > layer.units:
            raise Mismatch(f"layers.{index}.most_distinct", "more than there are units")
    check_course(result)


def _check_training(result: TrainingResult) -> None:
    form: TrainingForm = _form(TrainingForm, result)
    if result.data.name != form.data:
        raise Mismatch("data.name", "not spec.data")
    if not 1 <= len(result.networks) <= form.repeats:
        raise Mismatch("networks", "not as many as spec.repeats")
    if result.interrupted is None and len(result.networks) < form.repeats:
        raise Mismatch("networks", "fewer than spec.repeats, and not interrupted")
    if result.interrupted is not None and not _is_moment(result.interrupted, form):
        raise Mismatch("interrupted", "must be a step and a network of the spec")
    for index, network in enumerate(result.networks):
        if len(network.losses) > form.steps:
            raise Mismatch(f"networks.{index}.losses", "more than spec.steps")
        _check_pretraining(network.pretraining, form, f"networks.{index}.pretraining")
    check_networks(result)


def _is_moment(moment: tuple[int, ...], form: TrainingForm) -> bool:
    if len(moment) != 2:
        return False
    step, network = moment
    return 0 <= step <= form.steps and 1 <= network <= form.repeats


def _check_histograms(result: Result) -> None:
    form: SpecForm = _form(SpecForm, result)
    _check_range(form.histogram.get("range"))
    features, *widths = _values(form, result)
    if not result.layers or len(result.layers) != len(widths):
        raise Mismatch("layers", "not as many as in spec.width")
    _check_layer(result.input, "input", form.samples * features)
    check_bounds(result.input, "input", features)
    for index, (layer, units) in enumerate(zip(result.layers, widths, strict=True)):
        place = f"layers.{index}"
        _check_layer(layer, place, form.samples * units)
        check_bounds(layer, place, units)
        if (layer.channels is not None) != (form.channels is not None):
            raise Mismatch(f"{place}.channels", "must be there of convolutions alone")
        if (layer.gradient is not None) != form.backward:
            raise Mismatch(f"{place}.gradient", "must be there where spec.backward is, not else")
        if (layer.repeats is not None) != (form.repeats > 1):
            raise Mismatch(f"{place}.repeats", "must be there where spec.repeats > 1, not else")
    _check_verdict(result.verdict, len(result.layers))
    if form.layers != len(widths):
        raise Mismatch("spec.layers", "not as many as there are")
    if (result.kernels is not None) != (form.channels is not None):
        raise Mismatch("kernels", "must be there of convolutions, not else")
    if result.kernels is not None:
        _check_kernels(result.kernels, form)
    _check_pretraining(result.resolved.pretraining, form, "resolved.pretraining")


def _values(form: SpecForm, result: Result) -> tuple[int, ...]:
    """How many values the input and every layer have, by the spec."""
    kinds = {"width": DENSE, "channels": CONVOLVED}
    convolved = any(getattr(form, key) is not None for key in CONVOLVED)
    chosen = "channels" if convolved else "width"
    for name, keys in kinds.items():
        for key in keys:
            if (getattr(form, key) is None) == (name == chosen):
                missing = "missing" if name == chosen else f"must not be there beside {chosen}"
                raise Mismatch(f"spec.{key}", missing)
    fans = _fans_of_kernels(form) if convolved else form.width
    if fans != tuple(layer.fan_out for layer in result.resolved.layers):
        raise Mismatch(f"spec.{chosen}", "the layers are not those of resolved.layers")
    found = values(result.spec)
    if min(found, default=0) < 1:
        raise Mismatch(
            f"spec.{'features' if form.channels is None else 'kernel'}", "leaves nothing"
        )
    return found


def _fans_of_kernels(form: SpecForm) -> tuple[int, ...]:
    channels, kernel = form.channels or (), form.kernel or ()
    for key, numbers, length in (
        ("channels", channels, len(channels)),
        ("stride", form.stride or (), len(channels)),
        ("kernel", kernel, 2),
        ("image", form.image or (), 3),
    ):
        if len(numbers) != length or min(numbers, default=0) < 1:
            raise Mismatch(f"spec.{key}", f"must be {counted(max(length, 1), 'number')} >= 1")
    if form.padding not in PADDINGS:
        raise Mismatch("spec.padding", f"must be one of {', '.join(PADDINGS)}")
    return tuple(each * prod(kernel) for each in channels)


def _check_layer(layer: LayerStatistics, place: str, values: int) -> None:
    _check_names(layer.quantiles, QUANTILES, f"{place}.quantiles")
    if layer.weights is not None and layer.weights.quantiles is not None:
        _check_names(layer.weights.quantiles, QUANTILES, f"{place}.weights.quantiles")
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
    _check_paths(set(layer.unresolved) - UNRESOLVED_WEIGHTS, f"{place}.unresolved")


def _check_range(value: Any) -> None:
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    if not (value in ("auto", "per_layer") or (is_pair and all(map(_is_number, value)))):
        raise Mismatch("spec.histogram.range", "must be auto, per_layer or two numbers")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
    if len(theory.histogram) != bins:
        raise Mismatch(
            f"{place}.histogram", f"must have {counted(bins, 'bin')}, as the layer's histogram"
        )


def _check_paths(paths: Iterable[str], place: str) -> None:
    for path in paths:
        if path not in FIGURES:
            raise Mismatch(place, f"no figure of a layer is named {ascii(path)[:60]}")


def _check_kernels(kernels: Kernels, form: SpecForm) -> None:
    shape = (*(form.kernel or ()), *(form.image or ())[2:])
    if kernels.shape != shape or kernels.filters != (form.channels or (0,))[0]:
        raise Mismatch("kernels", "not those of spec.kernel, spec.image and spec.channels")
    sizes = set(map(len, kernels.values))
    if sizes != {prod(kernels.shape)} or len(kernels.values) > kernels.filters:
        raise Mismatch(
            "kernels.values", f"must be filters of {counted(prod(kernels.shape), 'value')}"
        )


def _check_pretraining(
    found: tuple[Reconstruction, ...], form: SpecForm | TrainingForm, place: str
) -> None:
    if len(found) != (0 if form.pretraining is None else form.layers):
        raise Mismatch(place, "must have one entry per hidden layer of what spec.pretraining asks")
    for number, each in enumerate(found):
        if min(each.before or 0.0, each.after or 0.0) < 0:
            raise Mismatch(f"{place}.{number}", "must be >= 0")


def _check_verdict(verdict: tuple[Verdict, ...], layers: int) -> None:
    for number, entry in enumerate(verdict):
        if entry.layer is not None and not 1 <= entry.layer <= layers:
            raise Mismatch(f"verdict.{number}.layer", f"must be from 1 to {layers:,}")
