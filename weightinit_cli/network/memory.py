"""How much memory a run takes at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.network.draws import PANEL_VALUES, panel_height
from weightinit_cli.network.order import FEW

if TYPE_CHECKING:
    from weightinit_cli.network.layers import Layer, Network

# While a panel is drawn: float32 draws for a float64 one; of truncated ones, sizes and masks. While
# its entries are summed up: those of one step, twice, in float64.
BYTES_PER_DRAW = 10
BYTES_PER_SUMS = 1 << 20
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
        weights=max(_weight_bytes(layer, itemsize, threads) for layer in layers),
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


def _weight_bytes(layer: Layer, itemsize: int, threads: int) -> int:
    """The weights of a layer, and what drawing them takes beside them."""
    in_work = min(layer.entries, threads * max(PANEL_VALUES, layer.columns))
    drawn = layer.entries * (itemsize + layer.weights.scratch)
    panels = -(-layer.rows // panel_height(layer.columns))
    counted = BYTES_PER_BLOCK * panels * (layer.entries > FEW)
    return drawn + counted + BYTES_PER_DRAW * in_work + threads * BYTES_PER_SUMS
