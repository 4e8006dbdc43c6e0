"""Guard: saved results run again, or beside each other -> what differs, as data."""

from weightinit_cli.guard.baselines import (
    Pair,
    excluded,
    pairs_of_results,
    pairs_of_specs,
    sides_of,
    unreadable,
)
from weightinit_cli.guard.checking import Checked, check_pairs, diff, update
from weightinit_cli.guard.compare import choose, compare, spec_changes
from weightinit_cli.guard.judging import CheckOutcome, FigureDrift, check
from weightinit_cli.guard.report import (
    UPDATE,
    Drift,
    Gate,
    Outcome,
    Report,
    case_of,
    details,
    heading,
    json_line,
    summary,
)
from weightinit_cli.guard.samples import judge
from weightinit_cli.guard.statistical import FEWEST_NETWORKS, FRESH_NETWORKS, sample

__all__ = [
    "FEWEST_NETWORKS",
    "FRESH_NETWORKS",
    "UPDATE",
    "CheckOutcome",
    "Checked",
    "Drift",
    "FigureDrift",
    "Gate",
    "Outcome",
    "Pair",
    "Report",
    "case_of",
    "check",
    "check_pairs",
    "choose",
    "compare",
    "details",
    "diff",
    "excluded",
    "heading",
    "json_line",
    "judge",
    "pairs_of_results",
    "pairs_of_specs",
    "sample",
    "sides_of",
    "spec_changes",
    "summary",
    "unreadable",
    "update",
]
