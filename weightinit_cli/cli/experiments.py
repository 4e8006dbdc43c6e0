"""One row per experiment: the command that runs it; what it prints is in `cli/tables/`."""

from __future__ import annotations

from typing import NamedTuple


class ExperimentCommand(NamedTuple):
    """The command of an experiment: its name, and what `winit --help` and its own help say of it.

    `examples` are command lines that its help ends with.
    `data`, `threads` and `verdicts` say whether it has the options --data-dir, --threads and
    --fail-on.
    """

    command: str
    summary: str
    text: str
    examples: tuple[str, ...]
    data: bool = False
    threads: bool = False
    verdicts: bool = False


_HISTOGRAM = """Push inputs through a network, a gradient back, and record every layer.

Inputs are N(0, 1), or what the spec's `inputs` says. Writes stats.json, histogram.png and
depth.png to OUTPUT_DIR/<name>/, and prints a row per layer: mean and standard deviation of
the activations, how many standard errors the latter is off theory's (z), how much lies in the
flat ends of the activation function, how many units still differ, one unit's standard deviation
from input to input, the gradient's total power over that of the layer after, and the histogram.
Of residual blocks and normalized layers there are further columns, with an output layer there
is the loss at the start. Below it what is wrong. winit explain says what each column means.
"""
_SYMMETRY = """Run full-batch gradient descent on a small task, and watch the units.

Every unit goes through the same operations in the same order, so that units that start the
same stay the same, to the last bit, unless their gradients differ. Writes stats.json and
symmetry.png to OUTPUT_DIR/<name>/, and prints a row per layer: the first step that moved a
parameter, how many different units there are at the start, at most and at the end, how many
directions their weights span (the participation ratio) and the weights' gradient.
"""
_TRAIN = """Train classifiers by mini-batch gradient descent, from each of their starts.

Writes stats.json and training.png to OUTPUT_DIR/<name>/; of variants one picture of all and
summary.csv, a row per step. Prints the losses and the test accuracy. ^C keeps what was
reached.
"""

EXPERIMENTS = {
    "histogram": ExperimentCommand(
        "histogram",
        "Run specs: every layer's activations, as picture and numbers.",
        _HISTOGRAM,
        (
            "winit histogram -c sigmoid_xavier",
            "winit histogram -c mine.yaml --set initializer.gain=2 --format svg",
            "winit histogram -c relu_he --no-plot --fail-on warning",
        ),
        threads=True,
        verdicts=True,
    ),
    "symmetry": ExperimentCommand(
        "symmetry",
        "Train a tiny network and see which layer wakes, which units differ.",
        _SYMMETRY,
        ("winit symmetry -c zeros_deep", "winit symmetry -c zeros_xor --set steps=50 --no-plot"),
    ),
    "training": ExperimentCommand(
        "train",
        "Train networks from their starts, and compare the losses.",
        _TRAIN,
        ("winit train -c digits_compare", "winit train -c digits_compare --set steps=100 -o short"),
        data=True,
    ),
}
