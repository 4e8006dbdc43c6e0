"""Results: the model, and what is on disk."""

from weightinit_cli.results.files import write_file, write_files
from weightinit_cli.results.model import (
    SCHEMA_VERSION,
    HistogramCounts,
    LayerStatistics,
    Resolved,
    ResolvedLayer,
    Result,
    Saturation,
    WeightStatistics,
)
from weightinit_cli.results.store import STATS, dump_line, dump_result, load_result

__all__ = [
    "SCHEMA_VERSION",
    "STATS",
    "HistogramCounts",
    "LayerStatistics",
    "Resolved",
    "ResolvedLayer",
    "Result",
    "Saturation",
    "WeightStatistics",
    "dump_line",
    "dump_result",
    "load_result",
    "write_file",
    "write_files",
]
