"""A last layer of standard deviation 1 on 1,000 units.

Each logit is a sum over 1,000 units of size 1, so that N(0, 1) weights make logits of about ±30.
The softmax is sure of one class before anything was learned; the loss is far above ln(classes), and
the first steps go into making the logits small again. It comes about where the last layer, which is
new for every task, is drawn apart from the others.

    winit probe examples/mistakes/12_wide_last_layer.py:mistaken \
        --input 64,3,32,32 --loss cross_entropy
"""

from torch import nn


def network(std):
    """A convolution, a layer of 1,000 units, and a last layer of this deviation."""
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3, stride=4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 8 * 8, 1000),
        nn.ReLU(),
        nn.Linear(1000, 10),
    )
    for layer in model[0], model[3]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.normal_(model[-1].weight, std=std)
    return model


def mistaken():
    """A classifier whose last layer has N(0, 1) weights."""
    return network(std=1)


def sound():
    """The same with a standard deviation of 0.01."""
    return network(std=0.01)
