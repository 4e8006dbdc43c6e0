"""What a model is given: `64,3,32,32`, `int:16,128<50257`, a .npy file, or arrays of a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.errors import WinitError, printable
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Iterable

Array = np.ndarray[Any, Any]
FORMS = "must be a shape as 64,3,32,32, integers as int:16,128<50257, or a file as x.npy"
_SHAPE = re.compile(r"(?:(int):)?(\d+(?:,\d+)*)(?:<(\d+))?")


class Input(NamedTuple):
    """One input of a model: in words, and what it is.

    Either drawn anew, of `shape` with the inputs on its first axis: N(0, 1), or integers from 0
    below a `bound`; or `given`, an array or whatever a person gives in Python.
    """

    said: str
    shape: tuple[int, ...] = ()
    bound: int | None = None
    given: Any = None

    def draw(self, seed: int, place: int) -> Array:
        """Draw it: float32 of N(0, 1), or int64, from the stream of its place among the inputs."""
        generator = stream(seed, Role.INPUT, layer=place)
        if self.bound is not None:
            return generator.integers(0, self.bound, self.shape)
        return generator.standard_normal(self.shape, np.float32)


def parse(text: str) -> tuple[str, Input]:
    """Read one --input, its name ("" where it has none) and what it is. Raises WinitError."""
    name, equals, said = text.rpartition("=")
    if equals and not name.isidentifier():
        raise WinitError(printable(f"--input {text}: {name!r} is no name of an argument"))
    if said.endswith(".npy"):
        return name, Input(said, given=_loaded(said))
    found = _SHAPE.fullmatch(said.replace(" ", ""))
    if found is None or (found[1] is None) != (found[3] is None):
        raise WinitError(printable(f"--input {text}: {FORMS}"))
    shape = tuple(map(int, found[2].split(",")))
    return name, Input(said, shape, None if found[3] is None else int(found[3]))


def parse_all(texts: Iterable[str]) -> dict[str, Input]:
    """Read every --input, by name; those without are named by their place: "0", "1"."""
    found: dict[str, Input] = {}
    for place, text in enumerate(texts):
        name, one = parse(text)
        found[name or str(place)] = one
    return found


def _loaded(path: str) -> Array:
    try:
        found: Array = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise WinitError(printable(f"--input {path}: {error}")) from None
    return found
