"""What one writes without winit: a loop over experiments, `python loop.py N [FOLDER PICTURES]`.

The same network and the same figures as winit's with backward: false; with a folder, for each the
picture of the textbook, or two: that and the curves over depth. Prints the seconds that the loop
took, without the imports.
"""

import sys
import time

import numpy as np

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
LOW, HIGH = -4.357, 4.357  # where the sigmoid's slope is 5 % of its largest


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def figures(w, z, a):
    counts, edges = np.histogram(a, 30, range=(0, 1))
    centered = w - w.mean()
    return {
        "mean": a.mean(),
        "std": a.std(),
        "min": a.min(),
        "max": a.max(),
        "quantiles": np.quantile(a, QUANTILES, method="inverted_cdf"),
        "preactivation_std": z.std(),
        "saturation.low": (z <= LOW).mean(),
        "saturation.high": (z >= HIGH).mean(),
        "zero_fraction": (a == 0).mean(),
        "dead_units": (a == 0).all(axis=0).sum(),
        "distinct_units": len(np.unique(a, axis=1).T),
        "std_across_inputs": np.sqrt((a.std(axis=0) ** 2).mean()),
        "std_across_units": a.mean(axis=0).std(),
        "nonfinite": (~np.isfinite(a)).sum(),
        "weights.mean": w.mean(),
        "weights.std": w.std(),
        "weights.min": w.min(),
        "weights.max": w.max(),
        "weights.kurtosis": (centered**4).mean() / (centered**2).mean() ** 2,
        "weights.zero_fraction": (w == 0).mean(),
        "histogram": (edges, counts),
    }


def experiment(seed):
    np.random.seed(seed)
    x = np.random.randn(1000, 100)
    layers, activations = [], []
    for _ in range(5):
        w = np.random.randn(100, 100) / np.sqrt(100)
        z = np.dot(x, w)
        x = sigmoid(z)
        activations.append(x)
        layers.append(figures(w, z, x))
    return layers, activations


def picture(activations, path):
    import matplotlib.pyplot as plt

    plt.figure()
    for i, a in enumerate(activations):
        plt.subplot(1, len(activations), i + 1)
        plt.title(f"{i + 1}-layer")
        if i > 0:
            plt.yticks([], [])
        plt.hist(a.flatten(), 30, range=(0, 1))
    plt.savefig(path)
    plt.close()


def curves(layers, path):
    import matplotlib.pyplot as plt

    depth = range(1, len(layers) + 1)
    _, (upper, lower) = plt.subplots(2, 1, sharex=True)
    for key in ("std", "std_across_inputs"):
        upper.semilogy(depth, [layer[key] for layer in layers], "o-", label=key)
    for key in ("saturation.low", "saturation.high"):
        lower.plot(depth, [layer[key] for layer in layers], "o-", label=key)
    upper.legend()
    lower.legend()
    plt.savefig(path)
    plt.close()


def draw(layers, activations, path, pictures):
    picture(activations, f"{path}-histogram.png")
    if pictures > 1:
        curves(layers, f"{path}-depth.png")


def main():
    number = int(sys.argv[1])
    folder, pictures = (sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else ("", 0)
    if pictures:
        import matplotlib.pyplot  # noqa: F401

        draw(*experiment(0), f"{folder}/warm", pictures)
    started = time.perf_counter()
    for seed in range(number):
        layers, activations = experiment(seed)
        if pictures:
            draw(layers, activations, f"{folder}/{seed}", pictures)
    print(time.perf_counter() - started)


main()
