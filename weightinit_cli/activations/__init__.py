"""Activations: the table, and the functions that its rows build."""

from weightinit_cli.activations.entry import Activation, Entry
from weightinit_cli.activations.table import ACTIVATIONS, ALIASES

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "Entry"]
