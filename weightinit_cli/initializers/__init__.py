"""Initializers: the table, and the samplers that its rows build."""

from weightinit_cli.initializers.samplers import Fans, Sampler
from weightinit_cli.initializers.table import ALIASES, INITIALIZERS, Initializer
from weightinit_cli.parameters import Alias

__all__ = ["ALIASES", "INITIALIZERS", "Alias", "Fans", "Initializer", "Sampler"]
