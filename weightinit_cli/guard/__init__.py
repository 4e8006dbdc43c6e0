"""Guard: saved results run again, or beside each other -> what differs, as data."""

from weightinit_cli.guard.baselines import (
    Pair,
    excluded,
    find_results,
    pairs_of_results,
    pairs_of_specs,
    sides_of,
)
from weightinit_cli.guard.checking import Checked, check, diff, update
from weightinit_cli.guard.compare import compare, spec_changes
from weightinit_cli.guard.gates import Chosen, Gate, choose
from weightinit_cli.guard.report import (
    UPDATE,
    Drift,
    Outcome,
    Report,
    annotation,
    details,
    heading,
    json_line,
    junit,
    summary,
)
from weightinit_cli.guard.statistical import (
    FEWEST_NETWORKS,
    Pending,
    judge,
    sample,
)
from weightinit_cli.guard.steps import compare_steps

__all__ = [
    "FEWEST_NETWORKS",
    "UPDATE",
    "Checked",
    "Chosen",
    "Drift",
    "Gate",
    "Outcome",
    "Pair",
    "Pending",
    "Report",
    "annotation",
    "check",
    "choose",
    "compare",
    "compare_steps",
    "details",
    "diff",
    "excluded",
    "find_results",
    "heading",
    "json_line",
    "judge",
    "junit",
    "pairs_of_results",
    "pairs_of_specs",
    "sample",
    "sides_of",
    "spec_changes",
    "summary",
    "update",
]
