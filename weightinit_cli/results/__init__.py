"""Results: the model, and what is on disk."""

from weightinit_cli.results.decode import Mismatch
from weightinit_cli.results.figures import FIGURES, figure
from weightinit_cli.results.files import write_file, write_files
from weightinit_cli.results.migrate import LACKED
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
from weightinit_cli.results.store import (
    STATS,
    check_consistency,
    dump_line,
    dump_result,
    load_result,
    load_saved,
)

__all__ = [
    "FIGURES",
    "LACKED",
    "SCHEMA_VERSION",
    "STATS",
    "Gradient",
    "HistogramCounts",
    "LayerStatistics",
    "LayerTheory",
    "Mismatch",
    "Prediction",
    "Resolved",
    "ResolvedLayer",
    "Result",
    "Saturation",
    "Spread",
    "Verdict",
    "WeightStatistics",
    "check_consistency",
    "dump_line",
    "dump_result",
    "figure",
    "load_result",
    "load_saved",
    "write_file",
    "write_files",
]
