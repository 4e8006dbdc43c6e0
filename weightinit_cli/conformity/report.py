"""What was asked of an initializer and what came out: a row for each figure, one verdict."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.lines import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weightinit_cli.conformity.laws import Measured
    from weightinit_cli.initializers import Fans, Sampler

    Build = Callable[[Fans], Sampler]

# Rows that failed, as many as a short text shows, and the lines and columns that it has at most.
MOST_ROWS = 6
MOST_LINES, COLUMNS = 10, 80


class Row(NamedTuple):
    """A figure that was asked for: where, its standard error, what is expected, how improbable.

    `asked` is the question, behind a comma which of its figures. `p` is the probability of a figure
    at least so far off, from a sound function: 1 or 0 where no chance is in it, and `error` is None
    there. `words` and `wanted` stand for the figure and what is expected where numbers say little.
    `fails` is its outcome at the level that all rows share.
    """

    asked: str
    where: str
    figure: float
    error: float | None
    expected: float
    p: float
    words: str = ""
    wanted: str = ""
    fails: bool = False

    @property
    def question(self) -> str:
        """What was asked, without which of its figures."""
        return self.asked.partition(",")[0]

    @property
    def by_chance(self) -> bool:
        """Whether chance decides, too: one of those that alpha is shared among."""
        return 0 < self.p < 1 or self.error is not None


class Like(NamedTuple):
    """What an initializer is held to: a row's name and numbers, and its sampler of given fans."""

    name: str
    arguments: Mapping[str, float | str]
    build: Build

    @property
    def groups(self) -> int:
        """The groups of output channels that the row itself makes, as `dirac` does."""
        return int(self.arguments.get("groups", 1))


class Asked(NamedTuple):
    """What was asked: rows, what was measured of a law, and what could not be asked, in words."""

    rows: tuple[Row, ...]
    measured: tuple[Measured, ...] = ()
    unasked: tuple[str, ...] = ()

    @property
    def law(self) -> str:
        """The law of independent entries; empty where there is none."""
        return self.measured[0].entries.law if self.measured else ""


@dataclass(frozen=True, slots=True)
class Conformity:
    """Whether an initializer draws what its name says: `conforms`, and why or why not.

    `rows` has every figure that was asked for, `causes` what explains the failures, in words,
    `unasked` what could not be asked. Of `alpha`, the probability that a sound function fails,
    each row has its share (Holm 1979). `draws` entries were looked at. `str()` of it is a text of
    at most ten lines.

    Example:
        >>> import numpy as np
        >>> import weightinit_cli as winit
        >>> def mine(rng, shape):
        ...     return rng.standard_normal(shape) * 2 / np.prod(shape[:-1])
        >>> winit.conform(mine, "kaiming_normal").conforms
        False
    """

    target: str
    framework: str
    like: str
    law: str
    alpha: float
    seed: int
    draws: int
    rows: tuple[Row, ...]
    causes: tuple[str, ...]
    unasked: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether no row fails."""
        return not any(row.fails for row in self.rows)

    @property
    def failed(self) -> tuple[Row, ...]:
        """The rows that fail, of each question the worst first."""
        return tuple(sorted((row for row in self.rows if row.fails), key=lambda row: row.p))

    @property
    def verdict(self) -> str:
        """One line: whether it conforms, and what explains it where it does not."""
        if self.conforms:
            return f"{self.target} conforms to {self.like}"
        why = "; ".join(self.causes) or "no well-known defect explains all of these figures"
        return f"{self.target} does not conform to {self.like}: {why}"

    def worst(self) -> list[tuple[Row, int, int]]:
        """Of each question the worst row, how many there are, and how many of them fail."""
        kinds: dict[str, list[Row]] = {}
        for row in self.rows:
            kinds.setdefault(row.question, []).append(row)
        return [
            (
                min(rows, key=lambda row: (not row.fails, row.p)),
                len(rows),
                sum(r.fails for r in rows),
            )
            for rows in kinds.values()
        ]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        from dataclasses import asdict

        rows = [
            {key: _plain(value) for key, value in row._asdict().items() if value != ""}
            for row in self.rows
        ]
        return {**asdict(self), "rows": rows, "conforms": self.conforms, "verdict": self.verdict}

    @property
    def failure(self) -> str:
        """What failed, of each question the worst figure, and the verdict below it."""
        count, of = sum(row.fails for row in self.rows), len(self.rows)
        heading = f"{count} of {of} figures fail (alpha {self.alpha:g}, seed {self.seed}):"
        return "\n".join([heading, *self._failed_lines(), self.verdict])

    def __str__(self) -> str:
        lines = wrapped(self.verdict, COLUMNS, indent=2)
        for row in self._failed_lines():
            lines += wrapped(row, COLUMNS, indent=4)
        return "\n".join(lines[:MOST_LINES])

    __repr__ = __str__

    def _failed_lines(self) -> list[str]:
        failing = [row for row, _, fails in self.worst() if fails]
        return [f"  {line(row)}" for row in sorted(failing, key=lambda row: row.p)[:MOST_ROWS]]


def line(row: Row) -> str:
    """Return a row as one line: what was asked, the figure with its error, what is expected."""
    place = f" at {row.where}" if row.where else ""
    return f"{row.asked}{place}: {figure(row)}, expected {expected(row)}"


def figure(row: Row) -> str:
    """Write a figure with its standard error, which decides how many digits it has."""
    if row.words:
        return row.words
    if row.error is None:
        return f"{row.figure:.5g}"
    digits = _decimals(row.error)
    if digits is None:
        return f"{row.figure:.4g} ± {row.error:.2g}"
    return f"{row.figure:.{digits}f} ± {row.error:.{digits}f}"


def expected(row: Row) -> str:
    """Write what is expected to the digits of the figure."""
    if row.wanted:
        return row.wanted
    digits = None if row.error is None else _decimals(row.error)
    return f"{row.expected:.5g}" if digits is None else f"{row.expected:.{digits}f}"


def _decimals(error: float) -> int | None:
    """How many decimals show two digits of an error; None where there would be very many."""
    from math import floor, log10

    if not error or not isfinite(error):
        return None
    digits = 1 - floor(log10(error))
    return digits if 0 <= digits <= 7 else None


def judged(rows: Sequence[Row], alpha: float) -> tuple[Row, ...]:
    """Return all rows with their outcomes: one fails by chance with a probability of `alpha`.

    Holm 1979: the smallest p is held to alpha / m, the next to alpha / (m - 1), until one holds.
    """
    chances = sorted(row.p for row in rows if row.by_chance)
    level = 0.0
    for rank, p in enumerate(chances):
        if p > alpha / (len(chances) - rank):
            break
        level = p
    return tuple(
        row._replace(fails=row.p <= level if row.by_chance else row.p == 0) for row in rows
    )


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not isfinite(value) else value
