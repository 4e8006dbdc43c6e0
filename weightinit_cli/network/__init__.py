"""The network: arrays in, records out; no files, no click, no theory."""

from weightinit_cli.network.forward import Dense, Network, forward
from weightinit_cli.network.memory import PeakBytes, peak_bytes
from weightinit_cli.network.recording import QUANTILES, Record, Request
from weightinit_cli.network.workers import available_cores, blas

__all__ = [
    "QUANTILES",
    "Dense",
    "Network",
    "PeakBytes",
    "Record",
    "Request",
    "available_cores",
    "blas",
    "forward",
    "peak_bytes",
]
