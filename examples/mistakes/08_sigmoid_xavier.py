"""A deep stack of sigmoids with Xavier's weights.

Xavier's weights are made for activations that have slope 1 at zero and are zero there, as tanh. The
sigmoid's slope is 1/4, and it is 1/2 at zero. The gradient's power falls more than 16-fold in every
layer, and what differs between inputs does, too, while the histograms look well spread. It comes
about where an old text is followed ("Xavier for sigmoid and tanh"), or where tanh was replaced.

    winit probe examples/mistakes/08_sigmoid_xavier.py:mistaken --input 64,100 --loss cross_entropy
"""

from torch import nn

WIDTH, LAYERS, CLASSES = 100, 8, 10


def network(activation):
    """Eight layers with an activation, and a linear one on top, with Xavier's weights."""
    hidden = [part for _ in range(LAYERS) for part in (nn.Linear(WIDTH, WIDTH), activation())]
    model = nn.Sequential(*hidden, nn.Linear(WIDTH, CLASSES))
    for layer in model[::2]:
        nn.init.xavier_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


def mistaken():
    """A classifier with sigmoids."""
    return network(nn.Sigmoid)


def sound():
    """The same with tanh, which Xavier's weights are made for."""
    return network(nn.Tanh)
