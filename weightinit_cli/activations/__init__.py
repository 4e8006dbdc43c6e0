"""Activations: the table, and the functions that its rows build."""

from weightinit_cli.activations.activation import Activation
from weightinit_cli.activations.table import ACTIVATIONS, ALIASES, Row

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "Row"]
