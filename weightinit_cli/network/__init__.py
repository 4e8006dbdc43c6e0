"""The network: arrays in, records out; no files, no click, no theory."""

from weightinit_cli.network.backward import GradientRecord, backward
from weightinit_cli.network.forward import forward
from weightinit_cli.network.layers import Dense, Network
from weightinit_cli.network.memory import PeakBytes, peak_bytes
from weightinit_cli.network.order import octaves
from weightinit_cli.network.recording import QUANTILES, Record, Request
from weightinit_cli.network.workers import available_cores, blas

__all__ = [
    "QUANTILES",
    "Dense",
    "GradientRecord",
    "Network",
    "PeakBytes",
    "Record",
    "Request",
    "available_cores",
    "backward",
    "blas",
    "forward",
    "octaves",
    "peak_bytes",
]
