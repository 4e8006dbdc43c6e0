"""The Result: everything a run has to say, typed; the one thing that is kept on disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from weightinit_cli.convolution import Convolution, Shape
from weightinit_cli.results.drawn import Kept
from weightinit_cli.results.plain import Mismatch

SCHEMA_VERSION = 7

# The verdict where nothing is warned of.
HEALTHY = "healthy"

# How bad what a verdict says is: worth knowing, while networks like this mostly train; networks
# like this mostly do not train by plain SGD; they do not by Adam either.
Severity = Literal["note", "warning", "severe"]
NOTE: Final = "note"
WARNING: Final = "warning"
SEVERE: Final = "severe"
# The least bad first.
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)

# Below so many seeds a spread holds the figure of every seed.
FEW_SEEDS = 10

# What a field is marked with that a normal form leaves out where the spec does not have it.
LEFT_OUT = {"left_out": True}


@dataclass(frozen=True, slots=True)
class HistogramCounts:
    """Values per bin. `len(edges) == len(counts) + 1`; the last bin holds its upper edge.

    `sum(counts) + underflow + overflow` is the number of finite values.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    underflow: int
    overflow: int


@dataclass(frozen=True, slots=True)
class Saturation:
    """The fraction of pre-activations in each flat end of the activation; None without such an end.

    All that are a number count: inf lies in the high end, nan is left out.
    """

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class WeightStatistics:
    """Statistics of the finite entries of a layer's weights, or of its biases, in their units.

    `nonfinite` counts the other entries. `quantiles` are those of LayerStatistics;
    both are None in results of winit 0.1.
    `kurtosis` is the fourth standardized moment (3 for a normal, 1.8 for a uniform
    distribution), None for equal entries. `stream` is a short hash of the unscaled draws, which
    are the same in every dtype; None where nothing was drawn.
    """

    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    quantiles: Mapping[str, float | None] | None
    kurtosis: float | None
    zero_fraction: float
    nonfinite: int | None
    stream: str | None


@dataclass(frozen=True, slots=True)
class Gradient:
    """What comes back to a layer from N(0, 1) at the last layer's activations.

    `signal_rms` is the root mean square of δ, the back-propagated signal at the pre-activations;
    `weight_rms` that of the weights' gradient, Xᵀδ / samples; `ratio` = mean δ_l² / mean δ_{l+1}²,
    None at the last layer and where both are zero. `total_ratio` is the same of the total power,
    units × mean δ²: in a network whose widths differ it is what a sound start keeps (He et al.
    2015, section 2.2). A convolution's units are its channels at all positions. `histogram` counts
    |δ| between powers of two; what is smaller than its lowest edge, exact zeros too, is its
    underflow. `float16_flushed` is the share that float16 would round to zero, of the values that
    are not zero: what is smaller than half of its smallest number, 2**-24. It is None without any
    other value than zero, in results of winit 0.1 and 0.2, and in float16 itself. In a residual
    block `stream_rms` is the root mean square of the derivative by its outputs, and the ratios are
    those of its squares. All of them are over the finite values; `nonfinite` counts the others.

    With an output layer it is the gradient of each input's loss that comes back, and that of the
    weights is the mean loss's. `update_ratio` is then the size of a first step of SGD beside the
    weights that it moves: the learning rate × `weight_rms` over the root mean square of the
    weights. It is left out without a learning rate, and where all weights are zero.
    """

    signal_rms: float | None
    weight_rms: float | None
    ratio: float | None
    total_ratio: float | None
    nonfinite: int
    histogram: HistogramCounts
    float16_flushed: float | None = None
    stream_rms: float | None = field(default=None, metadata=LEFT_OUT)
    update_ratio: float | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A figure as mean-field theory predicts it, and how far off the measured one is.

    `standard_error` is the sampling error of one run at this width and these inputs; `z` says how
    many of them the measured figure lies from its expectation at this width, which is `value` to
    first order in 1 / width; of a figure that varies by factors it is that of the logarithm (see
    `theory.validity`). None where it does not exist; `no_z` then says why.
    """

    value: float
    standard_error: float | None
    z: float | None
    no_z: str | None = None


@dataclass(frozen=True, slots=True)
class LayerTheory:
    """What mean-field theory says of one layer.

    `q` is the variance of a pre-activation, `one_minus_c` one minus the correlation of two
    inputs' pre-activations. `figures` maps a figure's path ("std", "saturation.low",
    "gradient.ratio") to its prediction. `histogram` is the expected share of all values per bin
    of the layer's histogram.
    """

    q: float
    one_minus_c: float
    figures: Mapping[str, Prediction]
    histogram: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the seeds in which it exists: mean and standard deviation (ddof 1).

    `quantiles` maps "0.05", "0.5" and "0.95" to values (inverted_cdf), None in results of winit
    0.1. `values` are those of every seed, None where the figure does not exist; they are left out
    from FEW_SEEDS seeds on.
    """

    mean: float
    std: float | None
    quantiles: Mapping[str, float] | None
    values: tuple[float | None, ...] | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The sizes below which a layer's figures are rounding, or underflow, in the run's dtype.

    One is in units of the activations, one in those of the pre-activations (which the input does
    not have: None). A size of 0 means that the values are exact. `prenorm` is that of what a
    normalization is given, and `branch` that of what a branch adds to its stream.
    """

    activations: float
    preactivations: float | None
    prenorm: float | None = field(default=None, metadata=LEFT_OUT)
    branch: float | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Branch:
    """What a residual block has beside its stream x, x + s f(x).

    `rms` is the root mean square of what it adds, s f(x). `weights` and `biases` are of its second
    layer, V and a, and `weight_rms` is the root mean square of V's gradient; None where it has no
    second layer, `biases` also where all of them are zero.
    """

    rms: float | None
    weights: WeightStatistics | None = None
    biases: WeightStatistics | None = None
    weight_rms: float | None = None


@dataclass(frozen=True, slots=True)
class Rounding:
    """What rounding to a low precision made of `values` that were finite, and not zero.

    So many `overflowed` to inf, were `flushed` to zero, or are `subnormal` now: smaller than the
    smallest number that has all digits.
    """

    values: int
    overflowed: int
    flushed: int
    subnormal: int


@dataclass(frozen=True, slots=True)
class ChannelCounts:
    """How many of a convolution's channels differ, and how many are dead.

    `distinct` channels differ at any of their positions (None where a value is not finite); `dead`
    ones are zero at all positions for every input.
    """

    distinct: int | None
    dead: int


@dataclass(frozen=True, slots=True)
class LayerStatistics:
    """What was recorded of one layer, over its finite values; None where a figure does not exist.

    `std`² = `std_across_inputs`² + `std_across_units`² (all with ddof 0). `quantiles` maps
    "0.01" ... "0.99" to values. For the input, `weights`, `biases`, `preactivation_std`, `gradient`
    and both saturations are None. `biases` are one per unit (of a convolution one per channel);
    None also where all of them are zero, and in results of winit 0.1 and 0.2. `repeats` maps a
    figure's path to its spread over the seeds, None of a single run; all other figures are the
    first seed's. `channels` are counted of convolutions. `prenorm_std` is the standard deviation of
    what the layer's normalization is given, None without one. Of a residual block, which has a
    `branch`, the activations are its outputs, the stream.

    `rounded` is there of a low precision alone: what rounding made of the layer's "weights",
    "biases", "preactivations", "activations", of a "branch", of the "gradient" at the
    pre-activations, of what is "returned" on the way there, and of the "weight_gradient".

    `resolution` is what the run's dtype can tell of this layer. `unresolved` maps the path of each
    figure that it cannot tell to its floor, below which the true one lies, too; None where nothing
    is known of that.
    """

    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    quantiles: Mapping[str, float | None]
    preactivation_std: float | None
    saturation: Saturation
    zero_fraction: float
    dead_units: int
    distinct_units: int | None
    std_across_inputs: float | None
    std_across_units: float | None
    weights: WeightStatistics | None
    nonfinite: int
    histogram: HistogramCounts
    gradient: Gradient | None = None
    theory: LayerTheory | None = None
    repeats: Mapping[str, Spread] | None = None
    channels: ChannelCounts | None = None
    biases: WeightStatistics | None = None
    resolution: Resolution | None = None
    unresolved: Mapping[str, float | None] = field(default_factory=dict)
    prenorm_std: float | None = field(default=None, metadata=LEFT_OUT)
    branch: Branch | None = field(default=None, metadata=LEFT_OUT)
    rounded: Mapping[str, Rounding] | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, how bad it is, where it begins, and the figure that shows it.

    `layer` is where it begins, from 1. `value` is that of `figure`, None where it is only known to
    be beyond the threshold. Of what changes from layer to layer the value is the factor of the root
    mean square from the first to the second of `over`, two layers, 0 being the input: the
    gradient's go from a layer down to an earlier one. `because` names another verdict of the same
    result that this one follows from, and `advice` is what was tried and mends it; None where there
    is none.

    Of a probed model `layer` and `over` are places in its values, from 1; `module` says in words
    where in the model it is, `line` which line of a person's file that is, as `model.py:41`, and
    `evidence` what shows it.

    Of "healthy" all of them are None, but for `advice`: of what it is said.
    """

    name: str
    severity: Severity | None
    layer: int | None = None
    figure: str | None = None
    value: float | None = None
    over: tuple[int, int] | None = None
    because: str | None = None
    advice: str | None = None
    module: str | None = field(default=None, metadata=LEFT_OUT)
    line: str | None = field(default=None, metadata=LEFT_OUT)
    evidence: str | None = field(default=None, metadata=LEFT_OUT)

    @property
    def warns(self) -> bool:
        """Whether networks like this mostly do not train."""
        return self.severity not in {None, NOTE}

    @property
    def rate(self) -> float | None:
        """The factor per layer of what changes from layer to layer."""
        if self.value is None or self.over is None:
            return None
        start, end = self.over
        return float(self.value ** (1 / abs(end - start)))


def worst_severity(verdicts: Iterable[Verdict]) -> Severity | None:
    """How bad the worst of a run's verdicts is; None where all is well."""
    found = [each.severity for each in verdicts if each.severity is not None]
    return max(found, key=SEVERITIES.index, default=None)


def asked_for(verdicts: Iterable[Verdict], asked: Collection[str]) -> list[Verdict]:
    """The verdicts that have one of the names asked for, or are as bad as one of the severities."""
    least = min((rank for rank, name in enumerate(SEVERITIES) if name in asked), default=None)
    bad = () if least is None else SEVERITIES[least:]
    return [each for each in verdicts if each.name in asked or each.severity in bad]


def is_healthy(verdicts: Collection[Verdict]) -> bool:
    """Whether a run's verdicts were drawn and none of them warns."""
    return bool(verdicts) and not any(each.warns for each in verdicts)


@dataclass(frozen=True, slots=True)
class ResolvedLayer:
    """The plain numbers a layer was built from: its fans and the formulas' standard deviations.

    `x_low` and `x_high` are the saturation's ends where they are not those of all layers. `second`
    are the numbers of a branch's second layer.
    """

    fan_in: int
    fan_out: int
    weight_std: float
    bias_std: float
    x_low: float | None = field(default=None, metadata=LEFT_OUT)
    x_high: float | None = field(default=None, metadata=LEFT_OUT)
    second: ResolvedLayer | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """How well a layer gives back its input, before its pretraining and after.

    The mean squared error over the input's variance: 0 is exact, 1 as good as the means alone.
    None where the input does not vary.
    """

    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the spec left to be computed: the saturation's ends and each layer's scale.

    Where the layers' activations have different ends, `x_low` and `x_high` are None, and `layers`
    have their own. `no_theory` says why there are no predictions, where there are none;
    `standard_errors` where those of the predictions come from. `pretraining` has one entry per
    layer, none without any. `projection` is the layer that makes the stream of inputs of another
    size. `loss_scale` is the smallest power of two by which the first network's loss was multiplied
    so that a low precision keeps its gradient; None where none was tried, or none does.
    """

    x_low: float | None
    x_high: float | None
    layers: tuple[ResolvedLayer, ...]
    no_theory: str | None = None
    standard_errors: Literal["derived", "repeats"] | None = None
    pretraining: tuple[Reconstruction, ...] = ()
    loss_scale: int | None = field(default=None, metadata=LEFT_OUT)
    projection: ResolvedLayer | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Output:
    """An output layer, and the loss at the start, before anything was learned.

    `resolved` is what it was built from, and
    `logits` are recorded as the values of any layer, with the output layer's weights and biases;
    their `gradient` is the derivative of each input's loss by its logits, softmax(z) - onehot(y).
    `rms` is their root mean square. `loss` is the mean cross-entropy over the inputs in nats, None
    where it is not finite, `indifferent` that of a model which gives every class the same
    probability, ln C, and `accuracy` the share of inputs whose largest logit is their label's.
    `theory` is the loss that mean-field theory expects; `repeats` maps "loss", "accuracy" and "rms"
    to their spread over the seeds.
    """

    resolved: ResolvedLayer
    logits: LayerStatistics
    rms: float | None
    loss: float | None
    indifferent: float
    accuracy: float
    theory: Prediction | None = None
    repeats: Mapping[str, Spread] | None = None


@dataclass(frozen=True, slots=True)
class Kernels:
    """The kernels of a convolution's first layer, which has so many `filters`.

    Each of `values` is one of the first filters, in the order of `shape` = (height, width,
    channels), in weight units to six digits.
    """

    shape: tuple[int, ...]
    filters: int
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Result(Kept):
    """One run's figures. `layers[0]` is layer 1; `spec` is the complete normal form it ran from.

    `verdict` is what is wrong, the root cause first, and what follows from it after it; "healthy"
    stands first where nothing is warned of. It is empty where it was not drawn. `kernels` are there
    of convolutions alone, `output` with an output layer, `overrides` where something was set beside
    the spec's file, `checksums` where the inputs are of a file: the sha256 of its content, by the
    file's name.

    In a notebook it draws itself.

    Example:
        >>> import weightinit_cli as winit
        >>> winit.run("sigmoid_xavier")
        Result sigmoid_xavier: sigmoid, xavier_normal (gain 1), width 100, 1,000
          samples, seed 0
        warning: inputs_indistinguishable first at layer 5: std from input to input is
          0.57 % of std
          so: vanishing_gradient from layer 5 down to layer 1 (norm × 0.0028)
        layer     std  std (inputs)  grad. ratio
            1   0.207        0.2069      0.04472
            5  0.1116     0.0006309            -
        .to_frame(), .figure(), .save(folder); fix(result.spec) looks for a better start
    """

    schema_version: int
    name: str
    spec: Mapping[str, Any]
    resolved: Resolved
    digest: str
    input: LayerStatistics
    layers: tuple[LayerStatistics, ...]
    verdict: tuple[Verdict, ...]
    environment: Mapping[str, Any]
    kernels: Kernels | None = None
    output: Output | None = field(default=None, metadata=LEFT_OUT)
    overrides: tuple[str, ...] | None = field(default=None, metadata=LEFT_OUT)
    checksums: Mapping[str, str] | None = field(default=None, metadata=LEFT_OUT)

    @property
    def recorded(self) -> tuple[LayerStatistics, ...]:
        """The figures of the input, of every layer, and of the logits of an output layer."""
        logits = () if self.output is None else (self.output.logits,)
        return (self.input, *self.layers, *logits)


def convolution(spec: Mapping[str, Any]) -> Convolution | None:
    """The stack of convolutions that a normal form describes; None where it has widths."""
    if spec.get("channels") is None:
        return None
    return Convolution(
        Shape(*spec["image"]),
        tuple(spec["channels"]),
        tuple(spec["kernel"]),
        spec["padding"],
        tuple(spec["stride"]),
    )


def values(spec: Mapping[str, Any]) -> tuple[int, ...]:
    """The values of one input, then those of every layer: features and units."""
    stack = convolution(spec)
    if stack is None:
        return (spec["features"], *spec["width"])
    return tuple(shape.values for shape in stack.shapes)


def layer_count(spec: Mapping[str, Any]) -> int:
    """How many layers have the activation."""
    return len(spec["width"] if spec.get("channels") is None else spec["channels"])


def check_pretraining(
    found: tuple[Reconstruction, ...], spec: Mapping[str, Any], place: str
) -> None:
    """Raise Mismatch where layers are pretrained other than the spec says."""
    if len(found) != (spec["layers"] if "pretraining" in spec else 0):
        raise Mismatch(place, "must have one entry per hidden layer of what spec.pretraining asks")
    for number, each in enumerate(found):
        if min(each.before or 0.0, each.after or 0.0) < 0:
            raise Mismatch(f"{place}.{number}", "must be >= 0")
