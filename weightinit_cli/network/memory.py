"""How much memory a run takes at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.network.backward import BLOCK_COLUMNS

if TYPE_CHECKING:
    from weightinit_cli.network.layers import Network

# While a block is observed: its keys as indices, an activation's scratch, masks. From then on: its
# counts by bucket.
BYTES_PER_BLOCK_VALUE = 40
BYTES_PER_BLOCK = 1 << 20
BYTES_PER_BIN = 200
BYTES_PER_LAYER = 1 << 14
BYTES_AT_ANY_SIZE = 1 << 27


class PeakBytes(NamedTuple):
    """Upper bounds, in bytes, for what is held at the same time.

    `trace` is what a backward pass needs of the forward pass, 0 without one.
    """

    weights: int
    signals: int
    records: int
    trace: int

    @property
    def total(self) -> int:
        """All of it, with what any run takes."""
        return sum(self) + BYTES_AT_ANY_SIZE


def peak_bytes(network: Network, bins: int, threads: int, *, traced: bool) -> PeakBytes:
    """The most that both passes and the figures of `bins` bins per layer hold at one time."""
    itemsize = network.dtype.itemsize
    matrices = [
        layer.fan_in * layer.fan_out * (itemsize + layer.weights.scratch)
        for layer in network.layers
    ]
    values = network.samples * network.widest
    rows = -(-network.samples // network.block_count)
    in_work = min(threads, network.block_count) * rows * network.widest
    trace = 0
    if traced:
        kept = network.features + sum(layer.fan_out for layer in network.layers)
        columns = min(threads, -(-network.widest // BLOCK_COLUMNS)) * BLOCK_COLUMNS
        trace = itemsize * (network.samples * kept + network.widest * columns)
    return PeakBytes(
        weights=max(matrices),
        # two buffers, and in the worst case every value taken out to be sorted
        signals=itemsize * 3 * values
        + BYTES_PER_BLOCK * network.block_count
        + BYTES_PER_BLOCK_VALUE * in_work
        + 48 * network.samples,
        records=len(network.layers) * (BYTES_PER_LAYER + BYTES_PER_BIN * bins),
        trace=trace,
    )
