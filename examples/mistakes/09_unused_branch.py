"""A branch that is computed but never used.

A block of a residual network has a shortcut, and the line that should add it was lost, as when a
model is written anew. The model runs, its shapes are right, and it learns, without its shortcuts:
their parameters get no gradient, and the optimizer never moves them.

    winit probe examples/mistakes/09_unused_branch.py:mistaken \
        --input 16,3,32,32 --loss cross_entropy
"""

from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.norm_1 = nn.BatchNorm2d(outputs)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm_2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=2, bias=False)

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = F.relu(self.norm_1(self.conv_1(x)))
        return self.join(self.norm_2(self.conv_2(x)), shortcut)


class Forgetful(Block):
    def join(self, branch, _):
        return F.relu(branch)


class Residual(Block):
    def join(self, branch, shortcut):
        return F.relu(branch + shortcut)


def network(block):
    """Three blocks, from 3 to 64 channels."""
    blocks = block(3, 16), block(16, 32), block(32, 64)
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def mistaken():
    """A residual network without its residual sums."""
    return network(Forgetful)


def sound():
    """The same with them."""
    return network(Residual)
