"""What is wrong with a network and where: one table of definitions, drawn from what was measured.

Severities and thresholds are those of trainings (benchmarks/trainability.py): what a figure says of
a network's start is a warning where networks like it mostly do not train, else a note.
"""

from weightinit_cli.verdicts.definitions import DEFINITIONS, Definition
from weightinit_cli.verdicts.draw import ALL_IS_WELL, draw_verdict, threshold_of
from weightinit_cli.verdicts.seen import Layer, Seen
from weightinit_cli.verdicts.trainings import DEEP, TRAINED, TRAINED_DEEP, Trained

__all__ = [
    "ALL_IS_WELL",
    "DEEP",
    "DEFINITIONS",
    "TRAINED",
    "TRAINED_DEEP",
    "Definition",
    "Layer",
    "Seen",
    "Trained",
    "draw_verdict",
    "threshold_of",
]
