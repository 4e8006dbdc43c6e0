"""The network: arrays in, records out; no files, no click, no theory."""

from weightinit_cli.network.backward import GradientRecord, backward
from weightinit_cli.network.conv import Conv
from weightinit_cli.network.descent import LayerTrace, Start, descend
from weightinit_cli.network.draws import draw_parameters
from weightinit_cli.network.forward import forward
from weightinit_cli.network.layers import Dense, Layer, Network
from weightinit_cli.network.learning import Learner, batches, start
from weightinit_cli.network.memory import PeakBytes, peak_bytes
from weightinit_cli.network.nudge import nudge
from weightinit_cli.network.order import octaves
from weightinit_cli.network.recording import QUANTILES, Record, Request
from weightinit_cli.network.tasks import task
from weightinit_cli.network.workers import available_cores, blas

__all__ = [
    "QUANTILES",
    "Conv",
    "Dense",
    "GradientRecord",
    "Layer",
    "LayerTrace",
    "Learner",
    "Network",
    "PeakBytes",
    "Record",
    "Request",
    "Start",
    "available_cores",
    "backward",
    "batches",
    "blas",
    "descend",
    "draw_parameters",
    "forward",
    "nudge",
    "octaves",
    "peak_bytes",
    "start",
    "task",
]
