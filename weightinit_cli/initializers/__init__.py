"""Initializers: the table, and the samplers that its rows build."""

from weightinit_cli.initializers.samplers import Fans, Sampler
from weightinit_cli.initializers.table import ALIASES, AUTO, BARE_ALIASES, INITIALIZERS, Initializer

__all__ = ["ALIASES", "AUTO", "BARE_ALIASES", "INITIALIZERS", "Fans", "Initializer", "Sampler"]
