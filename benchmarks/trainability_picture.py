"""Depth against scale: which networks trained, where winit warns, and theory's depth scale.

    python benchmarks/trainability_picture.py FILE.png

The networks are those of trainability.csv (after Schoenholz et al. 2017, figure 5, which has two
colours and one line). The borders are where theory puts them: the depth from which on the
gradient's factor, or std_across_inputs / std, is beyond its threshold.
"""

from __future__ import annotations

import sys
from functools import partial
from math import inf, log
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from trainability import DEPTHS, SIGMA_W, Network, read

from weightinit_cli.experiments import forecast
from weightinit_cli.parameters import Thresholds
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from weightinit_cli.results.forecast import Forecast

SHOWN = ("tanh", "relu", "sigmoid", "gelu")
DEEPEST = 200
SCALES = np.geomspace(SIGMA_W[0], SIGMA_W[-1], 60)
# Depth scales over which a power of chi_1 is lost: as many as Schoenholz et al. find trainable.
DEPTH_SCALES = 6
TRAINS, ADAM_ONLY, FAILS = "#1b7837", "#f1a340", "#b2182b"


def told_of(activation: str, sigma_w: float, layers: int) -> Forecast:
    """What theory says of so many layers, or of the half where q is no number in all of them."""
    network = Network(activation, sigma_w, 0, 0, 0, layers, 48, 0)
    spec = parse_spec(network.text(), source="benchmark", stem="network")
    told = forecast(spec, with_errors=False)
    return told if len(told.layers) == layers else told_of(activation, sigma_w, layers // 2)


def borders(activation: str, sigma_w: float) -> tuple[float, float]:
    """The depth from which on a network of this scale is warned of, and 6 depth scales."""
    told = told_of(activation, float(sigma_w), DEEPEST)
    limits = Thresholds()
    gradient, first = 0.0, inf
    for number, layer in enumerate(told.layers, 1):
        figures = {path: each.value for path, each in layer.figures.items()}
        ratio = figures["std_across_inputs"] / figures["std"] if figures["std"] else 0.0
        power = figures.get("gradient.total_ratio")
        gradient += log(power) / 2 if power and number > 1 else 0.0
        beyond = not log(limits.vanishing_gradient) < gradient < log(limits.exploding_gradient)
        if beyond or ratio < limits.inputs_indistinguishable:
            first = number
            break
    scale = told.limits.xi_gradient if told.limits else None
    return first, DEPTH_SCALES * scale if scale else inf


def main() -> None:
    file = sys.argv[1]
    outcomes = [each for each in read() if each.network.half < 2]
    figure = Figure(figsize=(9, 7.2), layout="constrained")
    for place, name in enumerate(SHOWN, 1):
        axes = figure.add_subplot(2, 2, place)
        some = [each for each in outcomes if each.network.activation == name]
        for color, of in (
            (FAILS, [each for each in some if not each.sgd and not each.adam]),
            (ADAM_ONLY, [each for each in some if not each.sgd and each.adam]),
            (TRAINS, [each for each in some if each.sgd]),
        ):
            points = [(each.network.sigma_w, each.network.layers) for each in of]
            axes.plot(*zip(*points, strict=True), "o", color=color, ms=9) if points else None
        warned = [(each.network.sigma_w, each.network.layers) for each in some if each.warned]
        axes.plot(*zip(*warned, strict=True), "x", color="white", ms=5, mew=1.4)
        found = np.array(list(map(partial(borders, name), SCALES)))
        axes.plot(SCALES, found[:, 0], "-", color="black", lw=1.5)
        axes.plot(SCALES, found[:, 1], "--", color="0.4", lw=1.2)
        axes.set(
            xscale="log", yscale="log", title=name, ylim=(1.6, 110), xlim=(0.26, 5.8),
            xlabel="sigma_w", ylabel="layers",
        )  # fmt: skip
        axes.set_xticks(SIGMA_W, [f"{each:g}" for each in SIGMA_W])
        axes.set_yticks(DEPTHS, [str(each) for each in DEPTHS])
        axes.minorticks_off()
    handles = [
        *(
            axes.plot([], [], "o", color=color, ms=9, label=label)[0]
            for color, label in (
                (TRAINS, "trains by plain SGD"),
                (ADAM_ONLY, "by Adam alone"),
                (FAILS, "by neither"),
            )
        ),
        axes.plot([], [], "x", color="0.5", ms=5, mew=1.4, label="winit warns")[0],
        axes.plot([], [], "-", color="black", label="where winit warns, by theory")[0],
        axes.plot([], [], "--", color="0.4", label=f"{DEPTH_SCALES} depth scales")[0],
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    FigureCanvasAgg(figure).print_png(file)


if __name__ == "__main__":
    main()
