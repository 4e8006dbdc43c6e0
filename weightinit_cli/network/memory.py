"""How much memory a run takes at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from weightinit_cli.network.layers import Network

# While a block is observed: its keys as indices, an activation's scratch, masks. From then on: its
# counts by bucket, and every unit's sums. Once for all blocks: the sums merged, and sorted units.
# A bin's edge and count as numbers of Python's, as text, and in a picture: 235 bytes were measured.
BYTES_PER_BLOCK_VALUE = 40
BYTES_PER_BLOCK = 1 << 20
BYTES_PER_BLOCK_UNIT = 72
BYTES_PER_UNIT = 256
BYTES_PER_BIN = 280
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
    layers, blocks = network.layers, network.block_count
    values = network.samples * network.widest
    rows = -(-network.samples // blocks)
    in_work = min(threads, blocks)
    trace = 0
    if traced:
        kept = network.samples * (network.features + sum(layer.units for layer in layers))
        gradients = max(layer.gradient_bytes(threads, network.dtype) for layer in layers)
        trace = itemsize * kept + gradients
    return PeakBytes(
        weights=max(layer.entries * (itemsize + layer.weights.scratch) for layer in layers),
        # two buffers, and in the worst case every value taken out to be sorted
        signals=itemsize * 3 * values
        + blocks * (BYTES_PER_BLOCK + BYTES_PER_BLOCK_UNIT * network.widest)
        + BYTES_PER_UNIT * network.widest
        + in_work * BYTES_PER_BLOCK_VALUE * rows * network.widest
        + in_work * itemsize * max(layer.scratch for layer in layers)
        + 48 * network.samples,
        records=len(layers) * (BYTES_PER_LAYER + BYTES_PER_BIN * bins),
        trace=trace,
    )
