"""Record opposites.json: pairs near c = -1 at huge variances, of what is made of straight pieces.

    pip install mpmath && python tests/theory/record_opposites.py

Independent of winit, at 30 digits: E[φ(x) φ(y)] and E[φ'(x) φ'(y)] as one integral over x, in
panels, of φ(x) times the mean of φ(y) given x, which is a sum of partial moments of a normal.
Takes some minutes.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from mpmath import erfc, exp, inf, mp, mpf, pi, quad, sqrt

mp.dps = 30
QS = [1e4, 1e10, 1e16, 1e30]
DS = [2 - 2.0**-40, 2.0]


def pieces(kinks, lines):
    """(from, to, a, b) for each piece a + b x."""
    edges = [-inf, *map(mpf, kinks), inf]
    return [(*ends, mpf(a), mpf(b)) for ends, (a, b) in zip(pairwise(edges), lines, strict=True)]


def cut(low, high, a, b):
    """a + b x, constant beyond low and high."""
    return pieces([low, high], [(a + b * mpf(low), 0), (a, b), (a + b * mpf(high), 0)])


HALF = mpf(1) / 2
ROWS = [
    ("relu6", {}, cut(0, 6, mpf(0), mpf(1))),
    ("hard_tanh", {}, cut(-1, 1, mpf(0), mpf(1))),
    ("hard_sigmoid", {"form": "torch"}, cut(-3, 3, HALF, mpf(1) / 6)),
    ("hard_sigmoid", {"form": "keras2"}, cut(-2.5, 2.5, HALF, mpf(1) / 5)),
    ("step", {}, pieces([0], [(0, 0), (1, 0)])),
    ("soft_shrink", {"threshold": 0.5}, pieces([-0.5, 0.5], [(0.5, 1), (0, 0), (-0.5, 1)])),
    ("hard_shrink", {"threshold": 0.5}, pieces([-0.5, 0.5], [(0, 1), (0, 0), (0, 1)])),
    ("threshold", {"threshold": 0.5, "value": -1.0}, pieces([0.5], [(-1, 0), (0, 1)])),
    ("threshold", {"threshold": -1.0, "value": 2.0}, pieces([-1], [(2, 0), (0, 1)])),
]


def mass(u, v):
    """P(u < z < v), without cancellation."""
    if u > 0:
        return (erfc(u / sqrt(2)) - erfc(v / sqrt(2))) / 2
    if v < 0:
        return (erfc(-v / sqrt(2)) - erfc(-u / sqrt(2))) / 2
    return 1 - erfc(-u / sqrt(2)) / 2 - erfc(v / sqrt(2)) / 2


def density(u):
    return exp(-u * u / 2) / sqrt(2 * pi) if abs(u) != inf else mpf(0)


def mean(function, m, s):
    """E[φ(m + s z)]."""
    total = mpf(0)
    for low, high, a, b in function:
        u, v = (low - m) / s, (high - m) / s
        total += (a + b * m) * mass(u, v) + b * s * (density(u) - density(v))
    return total


def value(function, x):
    return next(a + b * x for _, high, a, b in function if x <= high)


def product(function, q, d):
    """E[φ(x) φ(y)] for x, y ~ N(0, q) of correlation 1 - d."""
    kinks = [high for _, high, *_ in function[:-1]]
    q, d = mpf(q), mpf(d)
    sigma, c, s = sqrt(q), 1 - d, sqrt(q * d * (2 - d))

    def integrand(x):
        weight = value(function, x) * exp(-x * x / (2 * q)) / (sigma * sqrt(2 * pi))
        return weight * (mean(function, c * x, s) if s else value(function, c * x)) if weight else 0

    places = {sign * k for k in kinks for sign in (-1, 1)}
    places |= {sign * z * sigma for z in (0, 1, 2, 4, 7, 10, 14) for sign in (-1, 1)}
    beside = [sign * z * s for z in (0, 0.5, 1, 2, 3, 5, 8, 12) for sign in (-1, 1)]
    places |= {(k + step) / c for k in kinks for step in beside} if c else set()
    step = min(abs(place) for place in places if place)
    while step < 14 * sigma:
        places |= {step, -step}
        step *= 4
    inside = sorted(place for place in places if abs(place) <= 14 * sigma)
    return sum(quad(integrand, ends, maxdegree=5) for ends in pairwise(inside))


def record(name, arguments, function):
    slope = [(low, high, b, mpf(0)) for low, high, _, b in function]
    pairs = []
    for q in QS:
        square = product(function, q, 0)
        for d in DS:
            spread = square - product(function, q, d)
            pairs.append([q, d, float(spread), float(product(slope, q, d))])
    return {"name": name, "arguments": arguments, "pairs": pairs}


def main():
    lines = ",\n".join(json.dumps(record(*row)) for row in ROWS)
    Path(__file__).with_name("opposites.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
