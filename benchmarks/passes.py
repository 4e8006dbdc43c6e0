"""What the backward pass and theory cost, beside the forward pass: `passes.py LAYERS WIDTH`.

Prints the seconds of each as JSON, the median of five rounds in one process.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

from weightinit_cli.experiments.build import build_network, build_request
from weightinit_cli.experiments.predict import theory_of
from weightinit_cli.machine import available_cores
from weightinit_cli.network import backward, forward
from weightinit_cli.spec import parse_spec

ROUNDS = 5


def main() -> None:
    layers, width = sys.argv[1:3]
    text = f"activation: relu\ninitializer: kaiming_normal\nlayers: {layers}\nwidth: {width}\n"
    spec = parse_spec(text, source="passes", stem="passes")
    network = build_network(spec)
    request = build_request(spec)
    threads = available_cores() if int(width) > 500 else 1
    found: dict[str, list[float]] = {"forward": [], "backward": [], "theory": []}
    for _ in range(ROUNDS):
        trace: list = []
        marks = [time.perf_counter()]
        list(forward(network, request, threads, trace=trace))
        marks.append(time.perf_counter())
        list(backward(network, trace, threads))
        marks.append(time.perf_counter())
        theory_of(network, spec.activations, request)
        marks.append(time.perf_counter())
        for name, start, end in zip(found, marks, marks[1:], strict=False):
            found[name].append(end - start)
    print(json.dumps({name: median(seconds) for name, seconds in found.items()}))


if __name__ == "__main__":
    main()
