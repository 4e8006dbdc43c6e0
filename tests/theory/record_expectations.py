"""Record expectations.json: reference values of Gaussian expectations, at 39 digits.

    pip install python-flint && python tests/theory/record_expectations.py

Independent of winit: activations are written from their definitions, in ball arithmetic of 130
bits, and pairs are taken as x ~ N(0, q), y | x ~ N(cx, q (1 - c²)), integrated as they stand
(½ (φ(x) - φ(y))², φ'(x) φ'(y)), in Gauss-Legendre panels of 16 nodes, finer than winit's. So
cancellation costs nothing here. sin and exponential, whose integrands outrun any panels, are
recorded from E[exp u] = exp(Var[u] / 2) at 3,000 bits. Takes some ten minutes on two cores.
"""

from __future__ import annotations

import json
from itertools import pairwise
from math import isnan
from multiprocessing import Pool
from pathlib import Path

from flint import arb, ctx

ctx.prec = 130
QS = [1e-12, 1e-6, 1e-2, 1.0, 30.0, 1e4, 1e8]
DS = [1e-14, 1e-6, 1e-2, 0.5, 1.0, 1.5]
T, W = zip(*(arb.legendre_p_root(16, k, weight=True) for k in range(16)), strict=True)
ROOT_2PI = (2 * arb.pi()).sqrt()
Z = [0, 1, 2, 3, 4.5, 6.5, 9.5]
E = [0, 1, 2.5, 4, 6, 9.5]


def square(x):
    """x², where x ** 2 would be nan for a ball that holds 0."""
    return x * x


def sigma(x):
    """Beyond ±1e5 cut: there it is 0 or 1 to more than any digits kept."""
    return arb(x > 0) if abs(x) > 1e5 else 1 / (1 + (-x).exp())


def split(low, high, kink=0):
    """A pair (φ, φ') from one below and one above a kink."""
    return lambda x: low(x) if x < kink else high(x)


def line(a, b):
    return lambda x: (a + b * x, arb(b))


def cut(low, high, a, b):
    """a + b x, constant beyond low and high."""
    ends = line(a + b * low, 0), line(a + b * high, 0)
    return split(ends[0], split(line(a, b), ends[1], high), low)


def elu(alpha, scale=1, width=1):
    return split(
        lambda x: (
            scale * alpha * ((x / width).exp() - 1),
            scale * alpha / width * (x / width).exp(),
        ),
        line(arb(0), scale),
    )


def cdf(x):
    return (-x / arb(2).sqrt()).erfc() / 2


def gelu_tanh(x):
    k = (2 / arb.pi()).sqrt()
    u, du = k * (x + arb("0.044715") * x**3), k * (1 + 3 * arb("0.044715") * x * x)
    gate = sigma(2 * u)
    return x * gate, gate + x * 2 * du * gate * sigma(-2 * u)


def mish(x):
    t = 2 * sigma(2 * x.exp().log1p()) - 1 if x < 300 else arb(1)
    return x * t, t + x * (1 - t * t) * sigma(x)


def softplus(x):
    return (x.exp().log1p() if x < 0 else x + (-x).exp().log1p()), sigma(x)


def tanh(x):
    return sigma(2 * x) - sigma(-2 * x), 4 * sigma(2 * x) * sigma(-2 * x)


def squareplus(b):
    return lambda x: ((x + (x * x + b).sqrt()) / 2, (1 + x / (x * x + b).sqrt()) / 2)


SELU = arb("1.6732632423543772848170429916717"), arb("1.0507009873554804934193349852946")
THIRD, FIFTH, HALF = arb(1) / 3, arb(1) / 5, arb(1) / 2
# name, arguments, kinks, scale of the structure, where it ends, (φ, φ').
ROWS = [
    ("linear", {}, [], 0, 0, line(arb(0), 1)),
    ("sigmoid", {}, [], 1, 64, lambda x: (sigma(x), sigma(x) * sigma(-x))),
    ("tanh", {}, [], 1, 64, tanh),
    ("relu", {}, [0], 0, 0, split(line(arb(0), 0), line(arb(0), 1))),
    *(
        (name, {"negative_slope": m}, [0], 0, 0, split(line(arb(0), arb(m)), line(arb(0), 1)))
        for name, m in [
            ("leaky_relu", 0.0),
            ("leaky_relu", 0.01),
            ("leaky_relu", -0.5),
            ("prelu", 0.25),
        ]
    ),
    ("relu6", {}, [0, 6], 0, 0, cut(0, 6, arb(0), 1)),
    *(("elu", {"alpha": a}, [0], 1, 64, elu(arb(a))) for a in (0.5, 1.0, 2.0)),
    *(("celu", {"alpha": a}, [0], a, 64 * a, elu(arb(a), width=arb(a))) for a in (0.1, 1.0)),
    ("selu", {}, [0], 1, 64, elu(SELU[0], SELU[1])),
    (
        "gelu",
        {"approximate": "none"},
        [],
        1,
        64,
        lambda x: (x * cdf(x), cdf(x) + x * (-x * x / 2).exp() / ROOT_2PI),
    ),
    ("gelu", {"approximate": "tanh"}, [], 1, 64, gelu_tanh),
    ("silu", {}, [], 1, 64, lambda x: (x * sigma(x), sigma(x) * (1 + x * sigma(-x)))),
    ("mish", {}, [], 1, 64, mish),
    (
        "hard_silu",
        {},
        [-3, 3],
        0,
        0,
        split(
            line(arb(0), 0),
            split(lambda x: (x * (x + 3) / 6, x / 3 + HALF), line(arb(0), 1), 3),
            -3,
        ),
    ),
    ("softplus", {}, [], 1, 64, softplus),
    ("log_sigmoid", {}, [], 1, 64, lambda x: (-softplus(-x)[0], sigma(-x))),
    ("squareplus", {"b": 4.0}, [], 2, 1e9, squareplus(4)),
    ("squareplus", {"b": 0.25}, [], 0.5, 1e9, squareplus(arb(0.25))),
    ("softsign", {}, [0], 1, 1e9, lambda x: (x / (1 + abs(x)), 1 / square(1 + abs(x)))),
    ("hard_tanh", {}, [-1, 1], 0, 0, cut(-1, 1, arb(0), 1)),
    ("hard_sigmoid", {"form": "torch"}, [-3, 3], 0, 0, cut(-3, 3, HALF, THIRD / 2)),
    ("hard_sigmoid", {"form": "keras2"}, [-2.5, 2.5], 0, 0, cut(-2.5, 2.5, HALF, FIFTH)),
    ("tanh_shrink", {}, [], 1, 64, lambda x: (x - tanh(x)[0], square(tanh(x)[0]))),
    ("erf", {}, [], 1, 16, lambda x: (x.erf(), 2 * (-x * x).exp() / arb.pi().sqrt())),
    ("step", {}, [0], 0, 0, split(line(arb(0), 0), line(arb(1), 0))),
    *(
        (
            "threshold",
            {"threshold": t, "value": v},
            [t],
            0,
            0,
            split(line(arb(v), 0), line(arb(0), 1), t),
        )
        for t, v in [(0.5, 0.0), (0.5, -1.0), (-1.0, 2.0), (0.5, 0.5)]
    ),
    *(
        (
            name,
            {"threshold": t},
            [-t, t],
            0,
            0,
            split(line(back * t, 1), split(line(arb(0), 0), line(-back * t, 1), t), -t),
        )
        for name, t, back in [("soft_shrink", 0.5, arb(1)), ("hard_shrink", 0.5, arb(0))]
    ),
]


def doublings(first, last):
    while 0 < first < last:
        yield first
        first *= 2


def nodes(middle, deviation, edges):
    """Nodes and weights of N(middle, deviation²), in panels between edges."""
    edges = sorted(edges)
    for low, high in pairwise(edges):
        half = (arb(high) - low) / 2
        if half > 0:
            for t, w in zip(T, W, strict=True):
                x = low + half * (1 + t)
                yield (
                    x,
                    half
                    * w
                    * (-square(x - middle) / (2 * square(deviation))).exp()
                    / (deviation * ROOT_2PI),
                )


def around(places, steps):
    return [k + s * t for k in places for t in steps for s in (-1, 1)]


def outer_edges(row, q, w):
    _, _, kinks, scale, far, _ = row
    deviation = q**0.5
    edges = around([0.0], [deviation * z for z in Z])
    edges += around([0.0], doublings(scale / 2, min(9.5 * deviation, far + 10 * w)))
    for k in kinks:
        edges += around([k], [0, *(w * z for z in E)])
        if abs(k) > 3 * deviation:
            edges += around([k], [deviation**2 / abs(k) * 2**j for j in range(-1, 7)])
    return [arb(e) for e in edges]


def moments(row, q):
    """E[φ], from the even part of φ for what is 0 by symmetry; E[φ²]; E[φ'²]."""
    phi = row[5]
    edges = outer_edges(row, q, 0.0)
    points = list(nodes(0, arb(q).sqrt(), edges + [-e for e in edges]))
    return [
        sum(w * (phi(x)[0] + phi(-x)[0]) / 2 for x, w in points),
        sum(w * square(phi(x)[0]) for x, w in points),
        sum(w * square(phi(x)[1]) for x, w in points),
    ]


def pairs(row, q, d):
    """½ E[(φ(x) - φ(y))²] and E[φ'(x) φ'(y)]."""
    _, _, kinks, scale, far, phi = row
    c = 1 - arb(d)
    w = (arb(q) * arb(d) * (2 - arb(d))).sqrt()
    width = float(w)
    inner = [0, *around([0.0], doublings(scale / 2, far))] if width > 0.1 * scale else []
    inner = [arb(e) for e in [*inner, *kinks]]
    spread = product = arb(0)
    for x, weight in nodes(0, arb(q).sqrt(), outer_edges(row, q, width)):
        edges = [c * x + w * z for z in around([0], E)]
        edges += [e for e in inner if abs(e - c * x) < 9.5 * w]
        for k in kinks:  # far out in the tail what lies behind a kink may be all there is
            gap = abs(k - c * x)
            if 3 * w < gap < 40 * w:
                edges += [k, *around([k], [w * w / gap * 2**j for j in range(-1, 6)])]
        value, slope = phi(x)
        variance = smoothed = arb(0)
        for y, inner_weight in nodes(c * x, w, edges):
            other, other_slope = phi(y)
            variance += inner_weight * square(value - other)
            smoothed += inner_weight * other_slope
        spread += weight * variance / 2
        product += weight * slope * smoothed
    return [spread, product]


def sine(omega):
    def both(q, d):
        big = arb(omega) ** 2 * arb(q)
        near, far = (-big * arb(d)).exp(), (-big * (2 - arb(d))).exp()
        square = (1 - (-2 * big).exp()) / 2
        return square - (near - far) / 2, arb(omega) ** 2 * (near + far) / 2

    return ("sin", {"omega": omega}), lambda q: arb(0), both


def exponential():
    def both(q, d):
        product = (arb(q) * (2 - arb(d))).exp()
        return (2 * arb(q)).exp() - product, product

    return ("exponential", {}), lambda q: (arb(q) / 2).exp(), both


def exact(formulas):
    """A row from formulas in E[exp u], at a precision in which their cancellation is nothing."""
    (name, arguments), mean, both = formulas
    ctx.prec = 3000
    record = {"name": name, "arguments": arguments, "moments": [], "pairs": []}
    for q in QS:
        # Independent means give E[φ²] - E[φ]² as the spread.
        values = mean(q), both(q, 1)[0] + mean(q) ** 2, both(q, 0)[1]
        record["moments"].append([q, *map(number, values)])
        record["pairs"] += [[q, d, *map(number, both(q, d))] for d in DS]
    ctx.prec = 130
    return record


def number(value):
    """The nearest float, 'inf' where that overflows; 0 where the value is less than 1e-300."""
    result = float(value.mid())
    if isnan(result):
        raise ArithmeticError(str(value))
    return "inf" if result == float("inf") else 0.0 if abs(result) < 1e-300 else result


def recorded(index):
    """The record of one row, by quadrature."""
    name, arguments, *_ = row = ROWS[index]
    return {
        "name": name,
        "arguments": arguments,
        "moments": [[q, *map(number, moments(row, q))] for q in QS],
        "pairs": [[q, d, *map(number, pairs(row, q, d))] for q in QS for d in DS],
    }


def main():
    records = [exact(sine(1.0)), exact(sine(30.0)), exact(exponential())]
    with Pool(2) as pool:
        records += pool.imap(recorded, range(len(ROWS)), chunksize=1)
    lines = ",\n".join(json.dumps(record) for record in records)
    Path(__file__).with_name("expectations.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
