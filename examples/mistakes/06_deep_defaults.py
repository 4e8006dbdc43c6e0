"""PyTorch's default weights under 30 layers with ReLU.

`nn.Linear` draws its weights from U(±1/√inputs), which `nn.Linear`'s code calls Kaiming's with
a = √5. Their variance is a sixth of what ReLU needs, so that the signal's power falls six-fold in
every layer, until little but the biases is left: all inputs look the same, and the gradient is lost
on its way back. A few layers bear it; 30 do not.

    winit probe examples/mistakes/06_deep_defaults.py:mistaken --input 64,256 --loss cross_entropy
"""

from torch import nn

WIDTH, LAYERS, CLASSES = 256, 30, 10


def network():
    """Thirty layers with ReLU, and a linear one on top."""
    hidden = [part for _ in range(LAYERS) for part in (nn.Linear(WIDTH, WIDTH), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, CLASSES))


def mistaken():
    """A classifier as PyTorch draws it."""
    return network()


def sound():
    """The same with He's weights below ReLU."""
    model = network()
    for layer in model[:-1:2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return model
