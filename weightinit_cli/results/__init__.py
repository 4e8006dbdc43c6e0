"""Results: the model, and what is on disk."""

from weightinit_cli.results.figures import FIGURES, figure
from weightinit_cli.results.files import write_file, write_files
from weightinit_cli.results.model import (
    SCHEMA_VERSION,
    Gradient,
    HistogramCounts,
    LayerStatistics,
    LayerTheory,
    Prediction,
    Resolved,
    ResolvedLayer,
    Result,
    Saturation,
    Spread,
    Verdict,
    WeightStatistics,
)
from weightinit_cli.results.store import STATS, dump_line, dump_result, load_result

__all__ = [
    "FIGURES",
    "SCHEMA_VERSION",
    "STATS",
    "Gradient",
    "HistogramCounts",
    "LayerStatistics",
    "LayerTheory",
    "Prediction",
    "Resolved",
    "ResolvedLayer",
    "Result",
    "Saturation",
    "Spread",
    "Verdict",
    "WeightStatistics",
    "dump_line",
    "dump_result",
    "figure",
    "load_result",
    "write_file",
    "write_files",
]
