"""A start without a warning for a spec: proposed by theory or found by a scan, and tried."""

from weightinit_cli.remedies.model import OTHER_SEEDS, Attempt, Remedy
from weightinit_cli.remedies.search import fix

__all__ = ["OTHER_SEEDS", "Attempt", "Remedy", "fix"]
