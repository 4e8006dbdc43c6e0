"""Activations: the table, and the functions that its rows build."""

from weightinit_cli.activations.entry import Activation, Entry
from weightinit_cli.activations.table import ACTIVATIONS, ALIASES
from weightinit_cli.parameters import Alias

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "Alias", "Entry"]
