"""Guard: Result x Result -> differences, tolerances, outcome. It runs nothing itself."""

from weightinit_cli.guard.compare import compare
from weightinit_cli.guard.find import excluded, find_results, read_result
from weightinit_cli.guard.gates import Chosen, Gate, choose
from weightinit_cli.guard.junit import junit
from weightinit_cli.guard.outcome import Drift, Outcome
from weightinit_cli.guard.report import (
    UPDATE,
    Report,
    annotation,
    details,
    heading,
    json_line,
    summary,
)
from weightinit_cli.guard.shadows import SHADOWS
from weightinit_cli.guard.statistical import (
    FEWEST_NETWORKS,
    Pending,
    judge,
    sample,
    sample_of_two,
)
from weightinit_cli.guard.steps import compare_steps
from weightinit_cli.guard.structure import spec_changes

__all__ = [
    "FEWEST_NETWORKS",
    "SHADOWS",
    "UPDATE",
    "Chosen",
    "Drift",
    "Gate",
    "Outcome",
    "Pending",
    "Report",
    "annotation",
    "choose",
    "compare",
    "compare_steps",
    "details",
    "excluded",
    "find_results",
    "heading",
    "json_line",
    "judge",
    "junit",
    "read_result",
    "sample",
    "sample_of_two",
    "spec_changes",
    "summary",
]
