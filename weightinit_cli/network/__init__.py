"""The network: arrays in, records out; no files, no click, no theory.

What the first step needs; gradient descent is in `descent`, `learning` and `pretraining`.
"""

from weightinit_cli.network.conv import Conv
from weightinit_cli.network.counted import float16_flushed, octave_counts
from weightinit_cli.network.draws import draw_parameters, nudge
from weightinit_cli.network.layer import Dense, Elementwise, Network, Residual, Stage, Weighted
from weightinit_cli.network.normalization import BatchNorm, LayerNorm, RMSNorm
from weightinit_cli.network.order import QUANTILES, octaves
from weightinit_cli.network.passes import GradientRecord, PeakBytes, backward, forward, peak_bytes
from weightinit_cli.network.recording import Record, Request
from weightinit_cli.network.workers import blas

__all__ = [
    "QUANTILES",
    "BatchNorm",
    "Conv",
    "Dense",
    "Elementwise",
    "GradientRecord",
    "LayerNorm",
    "Network",
    "PeakBytes",
    "RMSNorm",
    "Record",
    "Request",
    "Residual",
    "Stage",
    "Weighted",
    "backward",
    "blas",
    "draw_parameters",
    "float16_flushed",
    "forward",
    "nudge",
    "octave_counts",
    "octaves",
    "peak_bytes",
]
