"""A network's start in plain numbers, and the texts that all libraries' lines are made of."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, partial
from itertools import groupby, pairwise
from math import sqrt
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import (
    layer_starts,
    output_start,
    second_starts,
    weight_arguments,
)
from weightinit_cli.initializers import Fans
from weightinit_cli.results.words import branches, component, shown
from weightinit_cli.spec import Component, normal_form
from weightinit_cli.spec.layers import COMPONENT_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weightinit_cli.convolution import Convolution
    from weightinit_cli.experiments.build import LayerStart
    from weightinit_cli.spec import Spec

Entry = str | dict[str, str]

COLUMNS = 100
LEAST_RUN = 3
# Loops over layers that start alike, one after another.
MOST_STARTS = 12
_NOT_SAID = "is not known in the lines of another library"

# Scale (None: by a gain), mode and distribution of the schemes that scale a variance.
_SCHEMES: Final[dict[str, tuple[float | None, str, str]]] = {
    "lecun_normal": (1, "fan_in", "truncated_normal"),
    "lecun_uniform": (1, "fan_in", "uniform"),
    "glorot_normal": (1, "fan_avg", "truncated_normal"),
    "he_normal": (2, "fan_in", "truncated_normal"),
    "he_uniform": (2, "fan_in", "uniform"),
    "torch_linear": (1 / 3, "fan_in", "uniform"),
    "xavier_normal": (None, "fan_avg", "normal"),
    "xavier_uniform": (None, "fan_avg", "uniform"),
    "kaiming_normal": (None, "fan_in", "normal"),
    "kaiming_uniform": (None, "fan_in", "uniform"),
    "critical": (None, "fan_in", "normal"),
}
# Those whose lines each library has for itself.
_OTHERS: Final = (
    "orthogonal", "delta_orthogonal", "lsuv", "identity", "dirac", "sparse", "nguyen_widrow",
)  # fmt: skip


class Law(NamedTuple):
    """Entries that are drawn independently of each other; `numbers` may name the layer's fans.

    A "constant" has its value, a "normal" its mean and standard deviation, a "truncated_normal" the
    same before it is cut at two standard deviations, a "uniform" its ends, and a "symmetric" one
    the bound of U(± bound).
    """

    name: str
    numbers: tuple[str, ...]


class Gain(NamedTuple):
    """What the standard deviation is multiplied by: one number per layer, most often the same.

    Where the layers have different ones the text's loop has `gain`.
    """

    values: tuple[float, ...]

    @property
    def varies(self) -> bool:
        """Whether the layers have different ones."""
        return len(set(self.values)) > 1

    @property
    def text(self) -> str:
        """The number, or its name."""
        return "gain" if self.varies else literal(self.values[0])

    @property
    def squared(self) -> str:
        """What multiplies the variance."""
        return "gain**2" if self.varies else literal(self.values[0] ** 2)

    def option(self, name: str) -> str:
        """The gain as one more argument of a call, nothing where it is 1."""
        return "" if self.text == "1" else f", {name}={self.text}"


class Scaling(NamedTuple):
    """Variance gain² over the fan that `mode` names; distributions as in `variance_scaling`."""

    gain: Gain
    mode: str
    distribution: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Scale, mode and distribution: what a library may have a name for."""
        return self.gain.squared, self.mode, self.distribution

    def root(self, times: int = 1) -> str:
        """The square root of `times` the variance."""
        fan = self.mode
        if fan == "fan_avg":
            times, fan = 2 * times, "(fan_in + fan_out)"
        if self.gain.varies:
            return f"gain * math.sqrt({times} / {fan})"
        scale = literal(times * self.gain.values[0] ** 2)
        if scale.isdigit():
            return f"math.sqrt({scale} / {fan})"
        return f"{literal(sqrt(times) * self.gain.values[0])} / math.sqrt({fan})"


class Start(NamedTuple):
    """The start of a spec's layers, or of those in a row, `layers` from 0, that start alike.

    `weights` is a Law, a Scaling, or the name of an initializer that is neither, whose parameters
    are `arguments`. `second` is that of the second layers of residual branches.
    """

    spec: Spec
    layers: range
    weights: Law | Scaling | str
    arguments: Mapping[str, Any]
    gain: Gain
    bias: Law
    activation: Component
    second: Start | None = None

    @property
    def stack(self) -> Convolution | None:
        """The convolutions, None where the layers are dense."""
        return self.spec.convolution

    @property
    def columns(self) -> str:
        """What the loop calls the number of a layer's units or channels."""
        return columns_of(self.spec)

    @property
    def strides_differ(self) -> bool:
        """Whether layers have different strides; then the loop has `stride`."""
        return self.stack is not None and len(set(self.stack.stride)) > 1

    @property
    def stride(self) -> str:
        """The stride of convolutions, or its name."""
        if self.stack is None or self.strides_differ:
            return "stride"
        return str(self.stack.stride[0])

    @property
    def input_shape(self) -> list[str]:
        """The shape of one input, channels last."""
        if self.stack is None:
            return ["WIDTHS[0]"]
        return [*map(str, self.stack.image[:2]), "CHANNELS[0]"]

    @property
    def ring(self) -> list[tuple[int, int]]:
        """How many rows, then columns, a circular convolution adds before and after an image."""
        if self.stack is None or self.stack.padding != "circular":
            return []
        return [((side - 1) // 2, side // 2) for side in self.stack.kernel]

    def tap(self, centre: Callable[[int], int]) -> str:
        """The indices of a kernel's middle, by the centre of a side."""
        return ", ".join(str(centre(side)) for side in self.stack.kernel) if self.stack else ""

    def activation_in(self, table: Mapping[str, Entry]) -> str:
        """The activation by a library's table: a template, or one for each of its forms.

        Raises SpecError where the table does not have it.
        """
        name, arguments = self.activation.name, self.activation.arguments
        if name not in table:
            listed = isinstance(self.spec.activation, tuple)
            path = f"activation.{self.layers.start}" if listed else "activation"
            raise SpecError([self.spec.problem(path, f"{name} {_NOT_SAID}")])
        entry = table[name]
        if isinstance(entry, dict):
            [form] = arguments.values()
            return entry[str(form)]
        return entry.format(**{key: literal(float(value)) for key, value in arguments.items()})

    def inputs(self, draw: str) -> list[str]:
        """The line that draws inputs, for an initializer that looks at some."""
        if self.weights != "lsuv":
            return []
        form = normal_form(self.spec)
        own = f"put {shown(form['inputs'])} here" if "inputs" in form else "or inputs of your own"
        return [f"    x = {draw}  # {own}"]

    def of(self, values: str, more: int = 0) -> str:
        """Those of a list of all layers' values that are these layers', and so many more."""
        first, last = self.layers.start, self.layers.stop
        start, stop = first or "", "" if last == self.spec.layers else last + more
        return f"{values}[{start}:{stop}]" if start or stop else values

    def loop(self, body: Sequence[str]) -> list[str]:
        """The lines of a loop over the layers, as they stand in a function."""
        pairs = ("inputs, outputs", "CHANNELS") if self.stack else ("fan_in, fan_out", "WIDTHS")
        names, values = [pairs[0]], [f"pairwise({self.of(pairs[1], 1)})"]
        for name, differs in (("stride", self.strides_differ), ("gain", self.gain.varies)):
            if differs:
                names.append(name)
                values.append(self.of(f"{name.upper()}S"))
        if len(names) > 1:
            names[0], values = f"({names[0]})", [f"zip({', '.join(values)})"]
        lines = [*self._fans("\n".join(body)), *body]
        head = f"    for {', '.join(names)} in {values[0]}:"
        return [head, *(f"        {line}" for line in lines)]

    def _fans(self, body: str) -> list[str]:
        """The lines that say what a kernel's fans are, where they are asked for."""
        of = {"fan_in": "inputs", "fan_out": "outputs"} if self.stack else {}
        return [
            f"{fan} = math.prod(KERNEL) * {channels}"
            for fan, channels in of.items()
            if re.search(rf'(?<!")\b{fan}\b', body)
        ]


class Program(NamedTuple):
    """The text of a whole network: its layers in rows of those that start alike.

    `sizes` are those of an input, then of each layer; in convolutions channels. In a residual
    network the first is that of the stream, which `projection` makes of inputs of another size.
    `output` is the output layer's start.
    """

    spec: Spec
    sizes: tuple[int, ...]
    starts: tuple[Start, ...]
    projection: Start | None = None
    output: Start | None = None

    def check_plain(self, library: str) -> None:
        """Raise SpecError for what only the lines of torch say."""
        spec = self.spec
        for key in ("residual", "normalization", "output"):
            if getattr(spec, key) is not None:
                message = f"is said in the lines of torch alone, not of {library}: --code torch"
                raise SpecError([spec.problem(key, message)])
        if spec.dtype not in ("float32", "float64"):
            message = f"{spec.dtype} is said in the lines of torch alone: --code torch"
            raise SpecError([spec.problem("dtype", message)])

    def numbered(self, name: str, number: int) -> str:
        """The name of what is defined for the layers of a start, with its number where several."""
        return name if len(self.starts) == 1 else f"{name}{number + 1}"

    def text(
        self,
        imports: Sequence[str],
        blocks: Sequence[Sequence[str]],
        settings: Sequence[str] = (),
    ) -> str:
        """The whole: docstring, imports, settings, constants, then the blocks of lines.

        Of the `imports` those are left out whose last word the text does not have.
        """
        code = "\n".join(line for block in (settings, *blocks) for line in block)
        standard = ["import math"] if "math." in code else []
        used = [line for line in imports if re.search(rf"\b{line.split()[-1]}\.", code)]
        head = [self._title(), "", *standard, "from itertools import pairwise", "", *used, ""]
        head += [*settings, ""] if settings else []
        texts = ["\n".join([*head, *self._constants()]), *("\n".join(block) for block in blocks)]
        return "\n\n\n".join(texts) + "\n"

    def _title(self) -> str:
        form, number = normal_form(self.spec), self.spec.layers
        kind = "convolution" if self.spec.convolution else "dense layer"
        text = (
            f"{self.spec.name}: {number:,} {kind}{'s' if number > 1 else ''} with "
            f"{component(form['activation'])}; weights {component(form['initializer'])}, biases "
            f"{component(form['bias'])}{self._besides(form)}."
        )
        return fill(f'"""{text}"""', COLUMNS, break_long_words=False, break_on_hyphens=False)

    def _besides(self, form: Mapping[str, Any]) -> str:
        """What there is beside plain layers."""
        kind = form.get("normalization")
        words = [kind] if kind and self.spec.residual is None else []
        if self.spec.residual is not None:
            words.append(branches(form["residual"], kind, self.spec.layers))
        if self.spec.output is not None:
            words.append(f"an output of {self.spec.output.classes:,} classes")
        return "".join(f"; {each}" for each in words)

    def _constants(self) -> list[str]:
        """What differs from layer to layer, and the shape of a kernel."""
        stack = self.spec.convolution
        what = "channels of an image" if stack else "size of an input"
        if self.spec.residual is not None:
            what = "size of the stream"
        name = "CHANNELS" if stack else "WIDTHS"
        lines = [f"{name} = {listed(self.sizes)}  # {what}, then of each layer"]
        if stack is not None:
            lines.append(f"KERNEL = {stack.kernel}")
            if self.starts[0].strides_differ:
                lines.append(f"STRIDES = {listed(stack.stride)}")
        if any(start.gain.varies for start in self.starts):
            gains = [gain for start in self.starts for gain in start.gain.values]
            lines.append(f"GAINS = {listed(gains)}")
        return lines


def program_of(spec: Spec) -> Program:
    """The program of the network that a spec describes.

    Raises SpecError as `run` does, and for what is not said in a few lines.
    """
    if spec.pretraining is not None:
        message = "no library draws layers that were pretrained; leave it out"
        raise SpecError([spec.problem("pretraining", message)])
    kernel: tuple[int, ...] = ()
    sizes = (spec.features, *spec.width)
    if spec.residual is not None:
        sizes = (spec.width[0], *spec.width)
    if spec.convolution is not None:
        sizes = (spec.convolution.image.channels, *spec.convolution.channels)
        kernel = spec.convolution.kernel
    every = (
        Fans.of_kernel(kernel, *pair, first=number == 0)
        for number, pair in enumerate(pairwise(sizes))
    )
    rows = groupby(
        layer_starts(spec, every), key=lambda each: (each.initializer, each.bias, each.activation)
    )
    starts = tuple(_start(spec, list(row)) for _, row in rows)
    if len(starts) > MOST_STARTS:
        key = next(key for key in COMPONENT_KEYS if isinstance(getattr(spec, key), tuple))
        message = (
            f"layers that start in {len(starts):,} ways, one after another, make no short program"
        )
        raise SpecError([spec.problem(key, message)])
    projection = output = None
    if spec.residual is not None:
        starts = tuple(_with_second(start) for start in starts)
        if spec.features != sizes[0]:
            of_stream = replace(
                spec, initializer=Component("lecun_normal"), bias=Component("zeros")
            )
            fans = Fans(spec.features, sizes[0], first=True)
            projection = _start(of_stream, list(layer_starts(of_stream, [fans])))
    if spec.output is not None:
        flat = replace(spec, convolution=None)
        output = _start(flat, [output_start(flat, spec.output, spec.width[-1])])
    return Program(spec, sizes, starts, projection, output)


def _with_second(start: Start) -> Start:
    """The start of residual blocks, with that of their branches' second layers."""
    residual = start.spec.residual
    if residual is None or residual.initializer is None:
        return start
    every = list(second_starts(start.spec, residual.initializer))
    return start._replace(second=_start(start.spec, every[start.layers.start : start.layers.stop]))


def _start(spec: Spec, row: Sequence[LayerStart]) -> Start:
    """The start of layers in a row that have the same initializers and activation."""
    arguments_of = cache(partial(weight_arguments, spec))
    given = [arguments_of(layer) for layer in row]
    first = row[0]
    name = first.initializer.name
    gain = Gain(tuple(_gain(name, arguments) for arguments in given))
    weights = _weights(name, given[0], gain)
    if isinstance(weights, str) and weights not in _OTHERS:
        path = first.path("initializer", spec)
        raise SpecError([spec.problem(path, f"{name} {_NOT_SAID}")])
    if isinstance(weights, Law):
        gain = Gain((1.0,) * len(given))
    layers = range(first.number, first.number + len(row))
    bias = _bias(first.bias, columns_of(spec))
    return Start(spec, layers, weights, given[0], gain, bias, first.activation)


def columns_of(spec: Spec) -> str:
    """What the text calls the number of a layer's units or channels."""
    return "outputs" if spec.convolution else "fan_out"


def _gain(name: str, arguments: Mapping[str, Any]) -> float:
    """The one number that the layer's standard deviation is a multiple of."""
    if name == "variance_scaling":
        return sqrt(arguments["scale"])
    scale = _SCHEMES[name][0] if name in _SCHEMES else None
    if scale is not None:
        return sqrt(scale)
    for key in ("sigma_w", "gain"):
        if key in arguments:
            return float(arguments[key])
    if name in _SCHEMES:  # kaiming, which has a slope of 0 unless it says so
        return sqrt(2 / (1 + arguments.get("negative_slope", 0.0) ** 2))
    return 1.0


def _weights(name: str, arguments: Mapping[str, Any], gain: Gain) -> Law | Scaling | str:
    if not any(gain.values):
        return Law("constant", ("0",))
    if name == "siren":
        later = f"math.sqrt(6 / fan_in) / {literal(arguments['omega'])}"
        return Law("symmetric", (f"{later} if layers else 1 / fan_in",))
    if name == "variance_scaling":
        return Scaling(gain, arguments["mode"], arguments["distribution"])
    if name in _SCHEMES:
        _, mode, distribution = _SCHEMES[name]
        return Scaling(gain, arguments.get("mode", mode), distribution)
    return _law(name, arguments) or name


def _bias(bias: Component, columns: str) -> Law:
    name = bias.name
    if name == "torch_linear":
        return Law("symmetric", ("1 / math.sqrt(fan_in)",))
    if name == "nguyen_widrow":
        return Law("symmetric", (f"0.7 * {columns} ** (1 / fan_in)",))
    law = _law(name, bias.arguments)
    if law is None:
        raise ValueError(f"{name} is no initializer of biases")
    return law


def _law(name: str, arguments: Mapping[str, Any]) -> Law | None:
    """The law of entries whose numbers do not depend on the layer, None for others."""
    match name:
        case "zeros" | "ones":
            return Law("constant", ("0" if name == "zeros" else "1",))
        case "constant":
            return Law(name, (literal(arguments["value"]),))
        case "normal" | "truncated_normal":
            mean, std = literal(arguments["mean"]), literal(arguments["std"])
            return Law(name, (mean, std)) if arguments["std"] else Law("constant", (mean,))
        case "uniform":
            low, high = literal(arguments["low"]), literal(arguments["high"])
            return Law(name, (low, high)) if low != high else Law("constant", (low,))
    return None


def literal(value: float) -> str:
    """A number as Python reads it, to the nine digits that tell every float32."""
    return f"{value:.9g}"


def listed(values: Sequence[float]) -> str:
    """A list as Python reads it, long runs shortened: `[784] + [100] * 20`."""
    parts: list[str] = []
    alone: list[str] = []
    for value, run in groupby(values):
        number = len(list(run))
        if number < LEAST_RUN:
            alone += [literal(value)] * number
            continue
        if alone:
            parts.append(f"[{', '.join(alone)}]")
            alone = []
        parts.append(f"[{literal(value)}] * {number}")
    return " + ".join([*parts, f"[{', '.join(alone)}]"] if alone else parts)
