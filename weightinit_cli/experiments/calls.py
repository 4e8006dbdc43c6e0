"""Calls for Python: a network in keywords, theory alone, the phase diagram of an activation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Signature, signature
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from weightinit_cli.errors import SpecError, WinitError
from weightinit_cli.experiments import forecast, run
from weightinit_cli.results.forecast import MOST_UNITS, WIDTH
from weightinit_cli.spec import AnySpec, Spec, SpecLike, activation_of, one_run_of, spec_of
from weightinit_cli.spec.keys import keywords

if TYPE_CHECKING:
    from weightinit_cli.experiments.own import Draw
    from weightinit_cli.progress import Progress
    from weightinit_cli.results import Result
    from weightinit_cli.results.forecast import Forecast, PhaseDiagram
    from weightinit_cli.spec import ActivationLike
    from weightinit_cli.spec.model import Dtype, Normalization

    Component = str | Mapping[str, Any]
    Ends = tuple[float, float]


class _RequiredKeys(TypedDict):
    activation: Component | Sequence[Component]
    initializer: Component | Sequence[Component]


class HistogramKeys(_RequiredKeys, total=False):
    """The keys of a spec of `histogram`, as keywords."""

    name: str
    seed: int
    samples: int
    inputs: str | Mapping[str, Any]
    features: int
    layers: int
    width: int | Sequence[int]
    channels: int | Sequence[int]
    kernel: int | Sequence[int]
    image: Sequence[int]
    padding: Literal["circular", "same", "valid"]
    stride: int | Sequence[int]
    bias: Component | Sequence[Component]
    normalization: Literal["none"] | Normalization
    residual: Literal["none"] | Mapping[str, Any]
    output: Literal["none"] | Mapping[str, Any]
    learning_rate: float
    pretraining: Mapping[str, Any]
    histogram: Mapping[str, Any]
    dtype: Dtype
    saturation: float
    backward: bool
    repeats: int
    thresholds: Mapping[str, float]


def histogram(
    *,
    weights: Draw | None = None,
    biases: Draw | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    **keys: Unpack[HistogramKeys],
) -> Result:
    """Draw a network, pass inputs forward and a gradient back, and return what was measured.

    The keys are those of a spec of the experiment `histogram`, with the same defaults and checks;
    `winit new` and the README list them. None is as if a key were not there. The result is named
    "histogram" unless there is a `name`.
    `weights`, `biases`, `threads` and `progress` are those of `run`, and so are the errors.

    Example:
        >>> import weightinit_cli as winit
        >>> result = winit.histogram(
        ...     layers=5, width=100, activation="tanh", initializer={"name": "normal", "std": 1}
        ... )
        >>> [(each.name, each.layer) for each in result.verdict]
        [('healthy', None), ('saturated', 1), ('exploding_gradient', 4)]
    """
    given = {key: value for key, value in keys.items() if value is not None}
    spec = _histogram(one_run_of(spec_of(given, name="histogram"), "run"), "run(...) takes it")
    return run(spec, weights=weights, biases=biases, threads=threads, progress=progress)


def predict(spec: SpecLike) -> Forecast:
    """Ask mean-field theory about a spec's layers, and about ever more of them, without a run.

    `spec` is one of the experiment `histogram`, or what stands for one (see `spec_of`). `layers` of
    the forecast has the predicted figures of each, with the standard error of one run; `limits`
    says where the variance q and the correlation c of two inputs go with depth, and over how many
    layers. Where theory does not know the network, `no_theory` says why, and there are no layers.

    The maps of q and c are those of Poole et al. 2016 (arXiv:1606.05340), the depth scales those of
    Schoenholz et al. 2017 (arXiv:1611.01232).

    Raises SpecError for all that is wrong with the spec, and where it asks theory for a number that
    does not exist; ValueError for a spec of several runs.

    Example:
        >>> import weightinit_cli as winit
        >>> keys = {"activation": "relu", "initializer": "he_normal", "layers": 50}
        >>> forecast = winit.predict(keys)
        >>> round(forecast.layers[49].q, 3), forecast.limits.chi_1
        (2.0, 1.0)
    """
    return forecast(_histogram(one_run_of(spec, "predict"), "theory knows histogram alone"))


def phase(
    activation: ActivationLike | None = None,
    *,
    specs: SpecLike | Sequence[SpecLike] = (),
    width: int | None = None,
    sigma_w: Ends | None = None,
    sigma_b: Ends | None = None,
) -> PhaseDiagram:
    """Draw up where signals converge, diverge or grow without bound, over (sigma_w, sigma_b).

    `activation` is a name or a mapping of name and parameters; by default it is that of the
    `specs`, whose runs are marked on the diagram at the scales of their last layers. Standard
    initializers are marked as they are at `width` units per layer (by default what the last layer
    of the first spec sees, else 100). `sigma_w`, a weight's standard deviation times √fan_in, and
    `sigma_b`, that of a bias, are the ends (low, high) of the axes; by default these hold what is
    marked.

    The phases are those of Poole et al. 2016 (arXiv:1606.05340) and Schoenholz et al. 2017
    (arXiv:1611.01232). Raises SpecError for all that is wrong with the specs or the activation,
    WinitError where there is neither, and for a width or ends that no diagram has.

    Example:
        >>> import weightinit_cli as winit
        >>> diagram = winit.phase("tanh", specs="tanh_xavier")
        >>> diagram.critical_kind, [(each.name, each.phase) for each in diagram.own]
        ('line', [('tanh_xavier', 'critical')])
    """
    from weightinit_cli.experiments.phases import own_runs, phase_diagram, unfit

    for name, ends in (("sigma_w", sigma_w), ("sigma_b", sigma_b)):
        wanted = None if ends is None else unfit(ends, f"{name}=(0, 3)")
        if wanted is not None:
            raise WinitError(f"phase: {name}: must be {wanted}, not {ends}")
    fits = width is None or (isinstance(width, Integral) and 1 <= width <= MOST_UNITS)
    if not fits:
        message = f"must be a whole number from 1 to {MOST_UNITS:,}, not {width!r}"
        raise WinitError(f"phase: width: {message}")
    component = None if activation is None else activation_of(activation)
    if isinstance(specs, str) or not isinstance(specs, Sequence):
        specs = [specs]
    chosen = [_histogram(spec_of(each), "theory knows histogram alone") for each in specs]
    if chosen:
        own = own_runs(chosen, component)
        return phase_diagram(own.activation, width or own.width, sigma_w, sigma_b, own)
    if component is None:
        raise WinitError("phase: give an activation, such as phase('tanh'), or specs")
    return phase_diagram(component, width or WIDTH, sigma_w, sigma_b)


def _histogram(spec: AnySpec, otherwise: str) -> Spec:
    """The spec, one of the histogram experiment. Raises SpecError where it is not."""
    if isinstance(spec, Spec):
        return spec
    message = f"must be histogram here, not {spec.experiment}; {otherwise}"
    raise SpecError([spec.problem("experiment", message)])


def _shown() -> Signature:
    """The signature of `histogram` with the keys of a spec, for `help` and for notebooks."""
    told = signature(histogram)
    *others, _ = told.parameters.values()
    return told.replace(parameters=[*keywords("histogram"), *others])


histogram.__signature__ = _shown()  # type: ignore[attr-defined]
