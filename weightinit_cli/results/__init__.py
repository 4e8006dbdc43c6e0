"""Results: the model, and what is on disk."""

from weightinit_cli.results.figures import FIGURES, certain, figure, floor, resolved
from weightinit_cli.results.files import write_file, write_files, write_through
from weightinit_cli.results.kinds import AnyResult, check_consistency
from weightinit_cli.results.model import (
    FEW_SEEDS,
    SCHEMA_VERSION,
    ChannelCounts,
    Gradient,
    HistogramCounts,
    Kernels,
    LayerStatistics,
    LayerTheory,
    Prediction,
    Reconstruction,
    Resolution,
    Resolved,
    ResolvedLayer,
    Result,
    Saturation,
    Spread,
    Verdict,
    WeightStatistics,
)
from weightinit_cli.results.plain import Mismatch
from weightinit_cli.results.store import (
    LACKED,
    STATS,
    dump_line,
    dump_result,
    load_result,
    load_saved,
)
from weightinit_cli.results.symmetry import LayerSteps, SymmetryResult
from weightinit_cli.results.together import Compared, compare
from weightinit_cli.results.training import BestOf, DataUsed, Score, Trained, TrainingResult

__all__ = [
    "FEW_SEEDS",
    "FIGURES",
    "LACKED",
    "SCHEMA_VERSION",
    "STATS",
    "AnyResult",
    "BestOf",
    "ChannelCounts",
    "Compared",
    "DataUsed",
    "Gradient",
    "HistogramCounts",
    "Kernels",
    "LayerStatistics",
    "LayerSteps",
    "LayerTheory",
    "Mismatch",
    "Prediction",
    "Reconstruction",
    "Resolution",
    "Resolved",
    "ResolvedLayer",
    "Result",
    "Saturation",
    "Score",
    "Spread",
    "SymmetryResult",
    "Trained",
    "TrainingResult",
    "Verdict",
    "WeightStatistics",
    "certain",
    "check_consistency",
    "compare",
    "dump_line",
    "dump_result",
    "figure",
    "floor",
    "load_result",
    "load_saved",
    "resolved",
    "write_file",
    "write_files",
    "write_through",
]
