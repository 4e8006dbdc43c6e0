"""All parameters are zero, the weights as well as the biases.

A loop that should set the biases to zero takes every parameter of the model. Every unit is then
zero for every input, and the gradient is zero in all layers but for the last one's bias: the model
learns how frequent the classes are, and nothing else.

    winit probe examples/mistakes/05_all_zeros.py:mistaken --input 64,1,28,28 --loss cross_entropy
"""

from torch import nn


def network():
    """Two convolutions and two dense layers, for small grey pictures of 10 classes."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 5, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def mistaken():
    """A classifier of zeros."""
    model = network()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return model


def sound():
    """The same, where the biases alone are zero."""
    model = network()
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
    return model
