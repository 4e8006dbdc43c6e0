"""Collecting the problems of a spec, and the words that their messages share."""

from __future__ import annotations

import difflib
from functools import lru_cache
from typing import TYPE_CHECKING

from weightinit_cli.errors import Mark, Problem, SpecError, counted

if TYPE_CHECKING:
    from collections.abc import Iterable

ECHO_LENGTH = 60
MOST_PROBLEMS = 100


class Report:
    """The problems found so far; one file's are raised together, in the order of the file."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, mark: Mark, path: str, message: str) -> None:
        """Note one problem."""
        self.problems.append(Problem(mark, path, message))

    def raise_if_any(self, later_sources: Iterable[str] = ()) -> None:
        """Raise what was found, sorted by place: the file first, then `later_sources` in order.

        Raises SpecError if there is any problem. Of more than a hundred, the first hundred and
        how many more there are.
        """
        if not self.problems:
            return
        rank = {source: number for number, source in enumerate(later_sources, 1)}
        ordered = sorted(
            self.problems,
            key=lambda problem: (
                rank.get(problem.mark.source, 0),
                problem.mark.line,
                problem.mark.column,
            ),
        )
        if len(ordered) > MOST_PROBLEMS:
            left = ordered[MOST_PROBLEMS:]
            more = f"and {counted(len(left), 'more problem')}"
            ordered[MOST_PROBLEMS:] = [Problem(left[0].mark, "", more)]
        raise SpecError(ordered)


def quote(text: str) -> str:
    """The text in quotes, control characters escaped, shortened to about sixty characters."""
    quoted = repr(text[:ECHO_LENGTH])
    if len(text) <= ECHO_LENGTH and len(quoted) <= ECHO_LENGTH + 2:
        return quoted
    kept = text[: ECHO_LENGTH - 3]
    while len(repr(kept)) > ECHO_LENGTH - 1:
        kept = kept[:-1]
    return repr(kept + "...")


def segment(key: str) -> str:
    """One key as it appears in a path: as written where that is clear, else in quotes."""
    clear = key.isprintable() and key.strip() == key and 0 < len(key) <= ECHO_LENGTH
    return key if clear else quote(key)


@lru_cache(4096)
def join(path: str, key: str) -> str:
    """The path of a key below `path`."""
    return f"{path}.{segment(key)}" if path else segment(key)


def nearest(text: str, choices: Iterable[str]) -> str | None:
    """The choice that `text` was probably meant to be, if any."""
    by_folded = {choice.casefold(): choice for choice in choices}
    folded = text[:ECHO_LENGTH].casefold().replace("-", "_").replace(" ", "_")
    found = difflib.get_close_matches(folded, by_folded, n=1)
    if not found and len(folded) > 1:
        found = [choice for choice in by_folded if choice.startswith(folded)]
    return by_folded[found[0]] if found else None


def suggestion(text: str, choices: Iterable[str], otherwise: str) -> str:
    """`; did you mean 'x'?` where a choice is near, else `; ` and what else would help."""
    near = nearest(text, choices)
    return f"; did you mean {near!r}?" if near else f"; {otherwise}"
