"""What a value may be in any run: shares lie in 0 to 1, spreads are not negative, ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.results.decode import Mismatch, decode
from weightinit_cli.results.figures import FIGURES, figure, in_gate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weightinit_cli.results.model import LayerStatistics
    from weightinit_cli.results.symmetry import SymmetryResult
    from weightinit_cli.results.training import TrainingResult

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
