"""What can go wrong, each kind with its exit code, and where it went wrong."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# Exit codes beside those of the errors below: a drift or a run that failed, a fault of winit's, ^C.
FAILED = 1
DEFECT = 3
INTERRUPTED = 130
# Stretches of layers that are told one by one, and of more the different things that they have.
MOST_STRETCHES = 3
MOST_TOLD = 4


def printable(text: str) -> str:
    """Return the text on one line, with control characters escaped: they could steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def reason(error: Exception) -> str:
    """Return what the system says of an error of its own, or what another error says itself."""
    return str(getattr(error, "strerror", None) or error)


def counted(number: int, noun: str) -> str:
    """Return a number and its noun as they are printed: `1 run`, `2,000 runs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def by_layer(texts: Iterable[str]) -> str:
    """What each layer has, from layer 1: `sin (omega 30) in layer 1 / tanh in layers 2 to 5`.

    Of more than a few stretches, what there is at all: `relu / tanh by layer`.
    """
    stretches = [(text, len(list(run))) for text, run in groupby(texts)]
    if len(stretches) == 1:
        return stretches[0][0]
    if len(stretches) > MOST_STRETCHES:
        different = list(dict.fromkeys(text for text, _ in stretches))
        more = len(different) - MOST_TOLD
        if more > 1:
            different[MOST_TOLD:] = [f"{more} others"]
        return f"{' / '.join(different)} by layer"
    told, first = [], 1
    for text, count in stretches:
        last = first + count - 1
        layers = f"layer {first}" if count == 1 else f"layers {first} to {last}"
        told.append(f"{text} in {layers if count != 2 else f'layers {first} and {last}'}")
        first = last + 1
    return " / ".join(told)


class Mark(NamedTuple):
    """A place in a text that a person wrote: `source:line:column`, counted from 1.

    A source without lines, such as a command-line option, has `line` 0.
    """

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if self.line == 0:
            return self.source
        return f"{self.source}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One thing to mend: where (`mark`), which key (`path`, empty for the whole), what."""

    mark: Mark
    path: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.mark), self.path, self.message) if part)


class WinitError(Exception):
    """What kept winit from its work, a line of text each; exit code 2 where a user can mend it.

    Example:
        >>> import weightinit_cli as winit
        >>> try:
        ...     winit.run({"activation": "tnah", "initializer": "he_normal"})
        ... except winit.WinitError as error:
        ...     print(error)
        spec: activation: unknown activation 'tnah'; did you mean 'tanh'?
    """

    exit_code = 2

    def __init__(self, *lines: str, exit_code: int = exit_code) -> None:
        super().__init__(*lines)
        self.lines, self.exit_code = lines, exit_code

    def __str__(self) -> str:
        return "\n".join(self.lines)


class SpecError(WinitError):
    """A spec that cannot be run; holds every problem found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(*map(str, self.problems))

    def __reduce__(self) -> tuple[type[SpecError], tuple[tuple[Problem, ...]]]:
        return (type(self), (self.problems,))


class MemoryShortageError(SpecError):
    """A spec that needs more memory than is available now: later, or alone, it may fit."""
