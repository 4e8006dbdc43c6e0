"""What a reader of the textbook runs: five sigmoid layers, their histograms, one picture."""

import sys

import matplotlib.pyplot as plt
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


x = np.random.randn(1000, 100)
activations = {}
for i in range(5):
    if i > 0:
        x = activations[i - 1]
    w = np.random.randn(100, 100) / np.sqrt(100)
    activations[i] = sigmoid(np.dot(x, w))

for i, a in activations.items():
    plt.subplot(1, len(activations), i + 1)
    plt.title(f"{i + 1}-layer")
    if i > 0:
        plt.yticks([], [])
    plt.hist(a.flatten(), 30, range=(0, 1))
plt.savefig(sys.argv[1])
