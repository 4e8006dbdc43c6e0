"""What results say, in the words that tables, pictures and files share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import by_layer, counted
from weightinit_cli.numerals import short
from weightinit_cli.results.figures import FIGURES, figure, resolved
from weightinit_cli.results.told import Rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.results.model import (
        Gradient,
        HistogramCounts,
        LayerStatistics,
        Reconstruction,
    )

MOST_WIDTHS = 8
MOST_PAIRS = 10
MOST_SETTINGS, LONGEST_SETTING = 5, 60
LECUN = {"name": "lecun_normal"}  # what V has unless a spec says otherwise


def full_name(name: str, overrides: Sequence[str] | None) -> str:
    """The name of a spec with what was set beside its file: `relu_he, activation = tanh`.

    Of a path that was set twice the last value counts; of many the first few are told.
    """
    values: dict[str, str] = {}
    for override in overrides or ():
        path, _, value = override.partition("=")
        values[path.strip()] = value.strip()
    settings = [_short(f"{path} = {value}") for path, value in values.items()]
    if len(settings) > MOST_SETTINGS:
        more = len(settings) - MOST_SETTINGS + 1
        settings[MOST_SETTINGS - 1 :] = [f"{more} more set"]
    return ", ".join([name, *settings])


def _short(text: str) -> str:
    """A setting with its white space as single spaces, its end elided where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SETTING else f"{text[: LONGEST_SETTING - 3]}..."


def described(spec: Mapping[str, Any]) -> list[str]:
    """The parts of a spec's normal form; what is as it always is goes without saying."""
    parts = [component(spec["activation"]), component(spec["initializer"])]
    if spec["bias"] != {"name": "zeros"}:
        parts.append(f"bias {component(spec['bias'])}")
    if "residual" in spec:
        parts.append(branches(spec["residual"], spec.get("normalization"), len(spec["width"])))
    elif "normalization" in spec:
        parts.append(spec["normalization"])
    parts += _layers(spec)
    if "pretraining" in spec:
        parts.append(pretrained(spec["pretraining"]))
    if "output" in spec:
        parts.append(output(spec["output"]))
        if "learning_rate" in spec:
            parts.append(f"learning rate {spec['learning_rate']:g}")
    parts += _task(spec) if "data" in spec else _inputs(spec)
    parts.append(f"seed {spec['seed']}")
    if spec.get("repeats", 1) > 1:
        parts.append(f"{spec['repeats']:,} repeats")
    if spec.get("dtype", "float32") != "float32":
        parts.append(str(spec["dtype"]))
    return parts


def _layers(spec: Mapping[str, Any]) -> list[str]:
    """`width 100`, or `16 × 16 × 3 image · kernel 3 × 3, circular · 16 channels`."""
    if spec.get("channels") is None:
        return [f"width {widths(spec['width'])}"] if spec["width"] else []
    kernel = f"kernel {sizes(spec['kernel'])}"
    if set(spec["stride"]) != {1}:
        kernel += f", stride {widths(spec['stride'])}"
    return [
        f"{sizes(spec['image'])} image",
        f"{kernel}, {spec['padding']}",
        _channels(spec["channels"]),
    ]


def _channels(channels: Sequence[int]) -> str:
    return "1 channel" if set(channels) == {1} else f"{widths(channels)} channels"


def branches(residual: Mapping[str, Any], normalization: str | None, layers: int) -> str:
    """How layers are branches: `residual (branch 2, scale 1/√20, pre layer_norm)`.

    V's initializer is told where it is another one than lecun_normal.
    """
    scale = residual["scale"]
    words = [f"branch {residual['branch']}"]
    words.append(f"scale 1/√{layers}" if isinstance(scale, str) else f"scale {scale:.5g}")
    if normalization is not None:
        words.append(f"{residual['placement']} {normalization}")
    second = residual.get("initializer", LECUN)
    if second != LECUN:
        words.append(f"V {component(second)}")
    return f"residual ({', '.join(words)})"


def of_blocks(spec: Mapping[str, Any]) -> str:
    """What the rows of a table are of where layers are residual blocks; nothing of others."""
    residual = spec.get("residual")
    if residual is None:
        return ""
    normed = ", normalized" if residual["placement"] == "post" else ""
    return (
        f"Layers are residual blocks: figures and histogram are of the stream after each{normed}; "
        "saturation is the branch's, and the gradient's ratio is that along the stream."
    )


def pretrained(entry: Mapping[str, Any]) -> str:
    """How layers were pretrained: `autoencoder 1,000 steps at 0.1`."""
    return f"{entry['method']} {counted(entry['steps'], 'step')} at {entry['learning_rate']:g}"


def output(entry: Mapping[str, Any]) -> str:
    """An output layer: `10 classes by kaiming_normal (mode fan_in)`."""
    biases = entry["bias"]
    more = "" if biases["name"] == "zeros" else f" and bias {component(biases)}"
    return f"{entry['classes']:,} classes by {component(entry['initializer'])}{more}"


def reconstructions(layers: Sequence[Reconstruction]) -> str:
    """What each layer's pretraining did to its reconstruction error; nothing without any."""
    pairs = [
        "none (no variance)"
        if layer.before is None or layer.after is None
        else f"{layer.before:.2g} to {layer.after:.2g}"
        for layer in layers
    ]
    if len(pairs) > MOST_PAIRS:
        pairs[MOST_PAIRS - 1 : -1] = ["..."]
    text = f"pretrained layer by layer: error in giving back the input {', '.join(pairs)}"
    return f"{text} of its variance" if pairs else ""


def _inputs(spec: Mapping[str, Any]) -> list[str]:
    """`784 features · 1,000 samples`, as far as the spec has them and the width does not tell.

    What is no sample of N(0, 1) is said: `1,000 samples of digits`.
    """
    features: Any = spec.get("features")
    obvious = spec.get("channels") is not None or features in (None, *spec["width"][:1])
    parts = [] if obvious else [counted(features, "feature")]
    if "samples" not in spec:
        return parts
    of = f" of {shown(spec['inputs'])}" if "inputs" in spec else ""
    return [*parts, f"{counted(spec['samples'], 'sample')}{of}"]


def shown(inputs: Mapping[str, Any]) -> str:
    """What a network is shown: `uniform from -1 to 1`, `x.npy (standardized)`."""
    if inputs["name"] == "uniform":
        return f"uniform from {inputs['low']:.5g} to {inputs['high']:.5g}"
    if inputs["name"] != "file":
        return component(inputs)
    end = " (standardized)" if inputs["standardize"] else ""
    return f"{inputs['path']}{end}"


def _task(spec: Mapping[str, Any]) -> list[str]:
    """`digits · batch 128 · learning rate 0.01 · 2,000 steps`."""
    parts = [f"{spec['data']}".replace("_", " ")]
    if "samples" in spec:
        parts[0] += f" of {counted(spec['samples'], 'point')}"
    if "batch" in spec:
        parts.append(f"batch {spec['batch']:,}")
    if "learning_rate" in spec:
        parts.append(f"learning rate {spec['learning_rate']:g}")
    if spec.get("momentum"):
        parts.append(f"momentum {spec['momentum']:g}")
    return [*parts, counted(spec["steps"], "step")] if "steps" in spec else parts


def component(entry: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """`xavier_normal (gain 1)`: an entry's name with its parameters; of a list what layers have."""
    if not isinstance(entry, Mapping):
        return by_layer(map(component, entry))
    parameters = ", ".join(
        f"{key} {value if isinstance(value, str) else format(value, '.5g')}"
        for key, value in entry.items()
        if key != "name"
    )
    return f"{entry['name']} ({parameters})" if parameters else str(entry["name"])


def sizes(sides: Sequence[int]) -> str:
    """`3 × 3`."""
    return " × ".join(map(str, sides))


def widths(width: Sequence[int]) -> str:
    """`100` where all layers are equal, else `300-600-200`, the middle of a long list elided."""
    if len(set(width)) == 1:
        return str(width[0])
    if len(width) > MOST_WIDTHS:
        return "-".join([*map(str, width[:4]), "...", *map(str, width[-2:])])
    return "-".join(map(str, width))


def figure_words(
    layer: LayerStatistics, path: str, value: float | None, words: Callable[[float | None], str]
) -> str:
    """A figure's `value` in words; where the run's dtype cannot tell it, what is known instead.

    Units that differ in what is left of them differ: `>=98`.
    """
    if path not in layer.unresolved:
        return words(value)
    if path == "distinct_units" and value is not None and value > 1:
        return f">={words(value)}"
    return below(layer.unresolved[path])


def table_words(layer: LayerStatistics, path: str) -> str:
    """A figure as tables show it: shares in percent, counts whole, all else to four digits."""
    words = {"fraction": share_words, "count": _count}.get(FIGURES[path].gate, four_digits)
    return figure_words(layer, path, figure(layer, path), words)


def four_digits(value: float | None) -> str:
    """A number to four digits, with a short exponent: `1.751e5`; `-` where there is none."""
    return "-" if value is None else short(f"{value:.4g}")


def rounded(value: float | None) -> Rounded:
    """A number to four digits, which stays beside them."""
    return Rounded(four_digits(value), value)


def correlation_words(one_minus_c: float) -> str:
    """A correlation c, by how much it differs from 1: `0.3183`, `1 - 2e-5`."""
    if 0 < one_minus_c < 1e-3:
        return f"1 - {short(f'{one_minus_c:.2g}')}"
    return four_digits(1 - one_minus_c)


def _count(value: float | None) -> str:
    return "-" if value is None else str(value)


def share_words(value: float | None) -> str:
    """A share in percent, never rounded to nothing or to all: `<0.1%`; `-` where there is none."""
    if value is not None and 0 < value < 0.0005:
        return "<0.1%"
    if value is not None and 0.9995 <= value < 1:
        return ">99.9%"
    return "-" if value is None else f"{value:.1%}"


def below(floor: float | None) -> str:
    """`<6e-8`: the floor of a figure, rounded up to one digit; `?` where nothing is known of it."""
    if floor is None:
        return "?"
    exact = Decimal(floor)
    digit = exact.quantize(Decimal(1).scaleb(exact.adjusted()), rounding=ROUND_CEILING)
    return f"<{short(f'{float(digit):.4g}')}"


def is_rounded(layer: LayerStatistics) -> bool:
    """Whether the bins of a layer's histogram are narrower than what the dtype can tell apart."""
    floor = layer.unresolved.get("std")
    edges = layer.histogram.edges
    return floor is not None and edges[-1] - edges[0] < floor * (len(edges) - 1)


def finite(histogram: HistogramCounts) -> int:
    """How many finite values there are of what a histogram counts."""
    return sum(histogram.counts) + histogram.underflow + histogram.overflow


def value_count(layer: LayerStatistics) -> int:
    """How many activations a layer has, for all inputs, finite or not."""
    return finite(layer.histogram) + layer.nonfinite


def values_of(layer: LayerStatistics, path: str) -> LayerStatistics | Gradient | None:
    """What the figure at a path is measured on: the layer's gradient, or else its activations."""
    return layer.gradient if path.startswith("gradient.") else layer


def is_partial(layer: LayerStatistics, path: str) -> bool:
    """Whether the figure at a path leaves out values that are inf or nan."""
    values = values_of(layer, path)
    return values is not None and values.nonfinite > 0


def is_zero(layer: LayerStatistics, path: str) -> bool:
    """Whether the figure at a path is exactly 0, and leaves out no values."""
    return resolved(layer, path) == 0 and not is_partial(layer, path)


def of_finite(layer: LayerStatistics) -> str:
    """`of 7,561 finite`: what a layer's figures are of; nothing where all its values are finite."""
    return f"of {finite(layer.histogram):,} finite" if layer.nonfinite else ""


def gradient_of_finite(layer: LayerStatistics) -> str:
    """`of 7,561 finite`: what the figures of a layer's gradient are of; nothing where all are."""
    gradient = layer.gradient
    if gradient is None or not gradient.nonfinite:
        return ""
    return f"of {finite(gradient.histogram):,} finite"


def layer_words(layers: Sequence[int]) -> str:
    """Layers in words: `layer 3`, `layers 1 to 4`, or how many and the first of them."""
    stretches = [
        [layer for _, layer in run]
        for _, run in groupby(enumerate(layers), key=lambda pair: pair[1] - pair[0])
    ]
    if len(layers) == 1:
        return f"layer {layers[0]}"
    if len(stretches) == 1:
        return f"layers {layers[0]} to {layers[-1]}"
    return f"{len(layers)} layers, the first {layers[0]}"
