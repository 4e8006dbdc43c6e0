"""Blocks in plain numpy, forwards and backwards, for theory to be held against."""

from __future__ import annotations

from math import sqrt

import numpy as np

EPS = 1e-5


def normalize(kind, x):
    """The normalized x of shape (inputs, units), and what takes a derivative by it back to x."""
    if kind is None:
        return x, lambda g: g
    axis, centred = int(kind != "batch_norm"), kind != "rms_norm"
    away = x - x.mean(axis, keepdims=True) if centred else x
    scale = 1 / np.sqrt((away**2).mean(axis, keepdims=True) + EPS)
    y = away * scale

    def back(g):
        left = g - y * (g * y).mean(axis, keepdims=True)
        return scale * (left - left.mean(axis, keepdims=True) if centred else left)

    return y, back


class Simulation:
    """One network of square layers: figures per layer, by their paths.

    `placement` is "plain" for φ(N(Wx + b)), else that of a normalization in residual blocks. The
    four variances are those of W, b, V and a, of matrices times their fan_in.
    """

    def __init__(self, activation, layers, width, samples, rng, variances, kind, placement, *s):
        self.activation, self.rng, self.width = activation, rng, width
        self.variances, self.kind, self.placement = variances, kind, placement
        x = rng.standard_normal((samples, width))
        self.figures, self.backs = [], []
        for _ in range(layers):
            self.figures.append({})
            x = self.plain(x) if placement == "plain" else self.block(x, *s)
            self.figures[-1] |= {
                "mean": x.mean(),
                "std": x.std(),
                "std_across_inputs": sqrt(x.var(0).mean()),
                "std_across_units": x.mean(0).std(),
            }
        g, above = rng.standard_normal(x.shape), None
        for back, figures in zip(reversed(self.backs), reversed(self.figures), strict=True):
            g, power = back(g, figures)
            if above:
                figures["gradient.ratio"] = power / above
            above = power

    def drawn(self, number):
        weights = self.rng.standard_normal((self.width, self.width))
        bias = self.rng.standard_normal(self.width)
        of_weights, of_bias = self.variances[number : number + 2]
        return weights * sqrt(of_weights / self.width), bias * sqrt(of_bias)

    def activate(self, z):
        self.figures[-1]["preactivation_std"] = z.std()
        return self.activation.value(z.copy())

    def plain(self, x):
        (w, b), figures = self.drawn(0), self.figures[-1]
        z, norm_back = normalize(self.kind, x @ w + b)
        if self.kind is not None:
            figures["prenorm_std"] = (x @ w + b).std()

        def back(g, figures):
            delta = g * self.activation.derivative(z)
            before = norm_back(delta)
            figures["gradient.signal_rms"] = rms(delta)
            figures["gradient.weight_rms"] = rms(x.T @ before / len(x))
            return before @ w.T, np.mean(delta**2)

        self.backs.append(back)
        return self.activate(z)

    def block(self, x, branch, s):
        (w, b), figures = self.drawn(0), self.figures[-1]
        y, before_back = normalize(self.kind if self.placement == "pre" else None, x)
        z = y @ w + b
        phi = f = self.activate(z)
        if branch == 2:
            v, a = self.drawn(2)
            f = phi @ v + a
        total = x + s * f
        out, after_back = normalize(self.kind if self.placement == "post" else None, total)
        figures["branch.rms"] = rms(s * f)
        if self.kind is not None:
            figures["prenorm_std"] = (x if self.placement == "pre" else total).std()

        def back(g, figures):
            figures["gradient.stream_rms"] = rms(g)
            at_sum = after_back(g)
            delta = s * at_sum
            if branch == 2:
                figures["branch.weight_rms"] = rms(phi.T @ delta / len(x))
                delta = delta @ v.T
            delta = delta * self.activation.derivative(z)
            figures["gradient.signal_rms"] = rms(delta)
            figures["gradient.weight_rms"] = rms(y.T @ delta / len(x))
            return at_sum + before_back(delta @ w.T), np.mean(g**2)

        self.backs.append(back)
        return out


def rms(x):
    return sqrt(np.mean(x**2))
