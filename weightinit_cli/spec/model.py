"""The specs: one run of an experiment each, complete, checked and frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from weightinit_cli.errors import Mark, Problem, by_layer, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.convolution import Convolution
    from weightinit_cli.spec.runs import Runs

Dtype = Literal["float32", "float64", "float16", "bfloat16"]
TrainingDtype = Literal["float32", "float64"]
Normalization = Literal["layer_norm", "rms_norm", "batch_norm"]
Task = Literal["xor", "blobs", "random_labels"]
Range = Literal["auto", "per_layer"] | tuple[float, float]
Parameters = tuple[tuple[str, float | str], ...]


@dataclass(frozen=True, slots=True)
class Component:
    """An entry of a table with its parameters, all defaults filled in, sorted by name."""

    name: str
    parameters: Parameters = ()

    @property
    def arguments(self) -> dict[str, float | str]:
        """The parameters as keyword arguments."""
        return dict(self.parameters)

    def __str__(self) -> str:
        parameters = ", ".join(
            f"{key} {value if isinstance(value, str) else format(value, '.5g')}"
            for key, value in self.parameters
        )
        return f"{self.name} ({parameters})" if parameters else self.name


# One for all layers; or, where they differ, one per layer.
PerLayer = Component | tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the activations are binned: how many bins, over which range."""

    bins: int
    range: Range


class LeftRange(NamedTuple):
    """A range of the histogram that a run leaves, for it was written for this other activation."""

    range: tuple[float, float]
    activation: str


class Pretraining(NamedTuple):
    """How each hidden layer in turn learns to reconstruct its input, before anything else."""

    method: Literal["autoencoder"]
    steps: int
    learning_rate: float


class Residual(NamedTuple):
    """Layers as branches beside a stream x: x + s f(x), f having `branch` layers with weights.

    `placement` says where the spec's normalization is, `pre` of what a branch is given, `post` of
    the sum. `initializer` is that of a branch's second layer, None where it has none.
    """

    branch: Literal[1, 2]
    scale: float | Literal["1/sqrt(branches)"]
    placement: Literal["none", "pre", "post"]
    initializer: Component | None

    def factor(self, layers: int) -> float:
        """The number s, in a network of so many branches."""
        return layers**-0.5 if isinstance(self.scale, str) else self.scale


class Output(NamedTuple):
    """A linear layer on top of the last one, whose outputs are the logits of so many classes."""

    classes: int
    initializer: Component
    bias: Component


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Experiment:
    """One run of any experiment: a network, drawn from a seed.

    `width` holds one number per layer: its units, in a convolution every channel at every
    position. `activation`, `initializer` and `bias` are those of all layers, or where these differ
    one per layer, as `activations`, `initializers` and `biases` always are. `marks` says where each
    key was written, by its path; it is no part of the spec's identity, nor are the `overrides` that
    were set beside the file.

    `stem` is the text that the name was made of, where the spec gives none.

    With variants or a sweep, a spec stands for several `runs` (see `expand`), and its own values
    are the first one's. In such a run, `run` names its folder, `label` is what people are shown,
    and `varied` says what it differs in.
    """

    name: str
    seed: int
    width: tuple[int, ...]
    activation: PerLayer
    initializer: PerLayer
    bias: PerLayer
    convolution: Convolution | None = None
    pretraining: Pretraining | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict, compare=False, repr=False)
    overrides: tuple[str, ...] = field(default=(), compare=False)
    stem: str = field(default="", compare=False, repr=False)
    run: str = field(default="", compare=False)
    label: str = field(default="", compare=False, repr=False)
    varied: tuple[tuple[str, Any], ...] = field(default=(), compare=False, repr=False)
    runs: Runs | None = field(default=None, compare=False, repr=False)

    @property
    def layers(self) -> int:
        """How many layers have the activation."""
        return len(self.width)

    @property
    def activations(self) -> tuple[Component, ...]:
        """The activation of every layer."""
        return self._of_layers(self.activation)

    @property
    def initializers(self) -> tuple[Component, ...]:
        """The initializer of every layer's weights."""
        return self._of_layers(self.initializer)

    @property
    def biases(self) -> tuple[Component, ...]:
        """The initializer of every layer's biases."""
        return self._of_layers(self.bias)

    def _of_layers(self, given: PerLayer) -> tuple[Component, ...]:
        return given if isinstance(given, tuple) else (given,) * self.layers

    @property
    def folder(self) -> str:
        """The folder that the results go to, below the output folder."""
        return f"{self.name}/{self.run}" if self.run else self.name

    def __repr__(self) -> str:
        widths = sorted(set(self.width))
        units = " to ".join(map(str, dict.fromkeys(widths[:1] + widths[-1:])))
        layers = counted(self.layers, "layer") + (f" of {units}" if units else "")
        blocks = "residual" if getattr(self, "residual", None) else ""
        own = filter(None, (getattr(self, "normalization", None), blocks))
        parts = [_in_words(self.activation), _in_words(self.initializer), *own, layers]
        parts.append(f"seed {self.seed}")
        if self.runs is not None:
            parts.append(f"{len(self.runs):,} runs")
        return f"<{type(self).__name__} {self.folder}: {', '.join(parts)}>"

    def problem(self, path: str, message: str) -> Problem:
        """A problem with the key at `path`, located where it (or its parent) was written."""
        place = path
        while place and place not in self.marks:
            place = place.rpartition(".")[0]
        return Problem(self.marks.get(place, Mark(self.name)), path, message)


def _in_words(given: PerLayer) -> str:
    return by_layer(map(str, given)) if isinstance(given, tuple) else str(given)
