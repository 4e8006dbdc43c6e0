"""Transposed convolutions whose fans are swapped.

The weights of `nn.Conv2d` are (out, in, height, width), those of `nn.ConvTranspose2d` are (in, out,
height, width). `nn.init.kaiming_normal_` takes the second axis for the inputs of both, and so
counts the outputs of a transposed convolution. Where a decoder has ever fewer channels, its weights
become too large: by √(in / out), which is 2 in every layer of this one.

    winit probe examples/mistakes/07_transposed_fans.py:mistaken \
        --input 8,256,4,4 --loss mean_square
"""

from itertools import pairwise

from torch import nn

CHANNELS = 256, 64, 16, 4, 1


def decoder(mode):
    """The upper half of a U-Net: from 4 × 4 with 256 channels to a grey picture of 64 × 64."""
    parts = []
    for inputs, outputs in pairwise(CHANNELS):
        layer = nn.ConvTranspose2d(inputs, outputs, 3, padding=1)
        nn.init.kaiming_normal_(layer.weight, mode=mode, nonlinearity="relu")
        parts += [nn.Upsample(scale_factor=2), layer, nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def mistaken():
    """A decoder with He's weights by the number of outputs, which torch calls fan_in here."""
    return decoder(mode="fan_in")


def sound():
    """The same by the number of inputs."""
    return decoder(mode="fan_out")
