"""One parameter is nan.

The code gives every row of weights mean 0 and length 1. A row of one weight less its mean is 0, and
0 / 0 is nan. Here this is the layer that takes the time, a single number, as in diffusion models.
The loss is nan from the first step on, and does not say where this comes from.

    winit probe examples/mistakes/10_nan_parameter.py:mistaken --input 64,17 --loss mean_square
"""

from torch import nn

WIDTH, FEATURES = 128, 16


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.features, self.time = nn.Linear(FEATURES, WIDTH), nn.Linear(1, WIDTH)
        self.body = nn.Sequential(nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
        self.head = nn.Linear(WIDTH, FEATURES)

    def forward(self, x):
        features, time = x[:, :FEATURES], x[:, FEATURES:]
        return self.head(self.body(self.features(features) + self.time(time)))


def centered(weight):
    """Give every row of a matrix mean 0 and length 1, in place."""
    rows = weight - weight.mean(dim=1, keepdim=True)
    return weight.copy_(rows / rows.norm(dim=1, keepdim=True))


def normal(weight):
    """Draw a matrix whose rows have length 1 on average, in place."""
    return nn.init.normal_(weight, std=weight.shape[1] ** -0.5)


def network(initializer):
    """A denoiser with weights by this initializer."""
    model = Denoiser()
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            initializer(layer.weight.data)
    return model


def mistaken():
    """A denoiser whose rows of weights are all centered, also those that have one weight."""
    return network(centered)


def sound():
    """The same with normal weights, which need no centering."""
    return network(normal)
