"""Weights of standard deviation 1 in every layer.

`nn.init.normal_(weight)` draws N(0, 1) when it is not told a standard deviation. A unit that sums
256 inputs with such weights is √256 = 16 times as large as its inputs, the next layer's is that
much larger again, and after six layers the loss is in the millions.

    winit probe examples/mistakes/04_std_one.py:mistaken --input 64,100 --loss cross_entropy
"""

from itertools import pairwise

from torch import nn

FEATURES, WIDTH, LAYERS, CLASSES = 100, 256, 6, 10


def network():
    """Six layers with ReLU, and a linear one on top."""
    widths = [FEATURES, *[WIDTH] * LAYERS]
    hidden = [part for each in pairwise(widths) for part in (nn.Linear(*each), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, CLASSES))


def mistaken():
    """A classifier with N(0, 1) weights."""
    model = network()
    for layer in model[::2]:
        nn.init.normal_(layer.weight)
    return model


def sound():
    """The same with He's standard deviation below ReLU, √(2 / inputs)."""
    model = network()
    for layer in model[:-1:2]:
        nn.init.normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)
    return model
