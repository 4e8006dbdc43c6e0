"""What a model is given: `64,3,32,32`, `int:16,128<50257`, a .npy file, or arrays of a person."""

from __future__ import annotations

import re
from hashlib import sha256
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.errors import WinitError, printable, reason
from weightinit_cli.machine import available_bytes
from weightinit_cli.probing.failures import find_target
from weightinit_cli.reading import open_at_once
from weightinit_cli.sources import portable, said
from weightinit_cli.streams import Role, stream
from weightinit_cli.targets import portable_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

Array = np.ndarray[Any, Any]
FORMS = (
    "must be a shape as 64,3,32,32, integers as 'int:16,128<50257' (in quotes: < is the shell's), "
    "a file as x.npy, or file.py:function"
)
_SHAPE = re.compile(r"(?:(int):)?(\d+(?:,\d+)*)(?:<(\d+))?")
# Inputs of fewer bytes are drawn without a look at the memory that is there.
SMALL = 1 << 28
MOST_BOUND = 1 << 63


class Input(NamedTuple):
    """One input of a model: in words, and what it is.

    Either drawn anew, of `shape` with the inputs on its first axis: N(0, 1), or integers from 0
    below a `bound`; or `given`, an array or whatever a person gives in Python; or what `make`, a
    person's function, returns. `checksum` is that of an array which a file has.
    """

    said: str
    shape: tuple[int, ...] = ()
    bound: int | None = None
    given: Any = None
    make: Callable[[], Any] | None = None
    checksum: str = ""

    def draw(self, seed: int, place: int) -> Array:
        """Draw it: float32 of N(0, 1), or int64, from the stream of its place among the inputs."""
        generator = stream(seed, Role.INPUT, layer=place)
        if self.bound is not None:
            return generator.integers(0, self.bound, self.shape)
        return generator.standard_normal(self.shape, np.float32)


def parse_all(texts: Iterable[str], loaded: dict[str, ModuleType]) -> dict[str, Input]:
    """Read every --input, by name; those without are named by their place: "0", "1".

    A person's functions are taken from the modules that are `loaded` already, or added to these.

    Raises WinitError where one is none of the forms, or has the name of another.
    """
    found: dict[str, Input] = {}
    unnamed = 0
    for text in texts:
        name, one = parse(text, loaded)
        if not name:
            name = str(unnamed)
            unnamed += 1
        if name in found:
            raise WinitError(printable(f"--input {text}: there is another input {name!r}"))
        found[name] = one
    return found


def parse(text: str, loaded: dict[str, ModuleType]) -> tuple[str, Input]:
    """Read one --input, its name ("" where it has none) and what it is. Raises WinitError."""
    name, equals, words = text.partition("=")
    if not (equals and name.isidentifier()):
        name, words = "", text
    if words.endswith(".npy"):
        array = _loaded(words)
        checksum = sha256(np.ascontiguousarray(array).data).hexdigest()
        return name, Input(portable(words), given=array, checksum=checksum)
    found = _SHAPE.fullmatch(words.replace(" ", ""))
    if found is None and ":" in words and not words.startswith("int:"):
        return name, Input(portable_target(words), make=_function(words, loaded))
    if found is None or (found[1] is None) != (found[3] is None):
        raise WinitError(printable(f"--input {text}: {FORMS}"))
    shape = tuple(map(int, found[2].split(",")))
    bound = None if found[3] is None else int(found[3])
    if 0 in shape:
        raise WinitError(f"--input {text}: every size must be at least 1")
    if bound is not None and not 0 < bound < MOST_BOUND:
        raise WinitError(f"--input {text}: the bound must be at least 1 and below 2**63")
    _refuse_too_large(text, shape, 4 if bound is None else 8)
    return name, Input(words, shape, bound)


def _refuse_too_large(text: str, shape: tuple[int, ...], each: int) -> None:
    needed = prod(shape) * each * 2  # itself, and what a first layer makes of it
    if needed > SMALL and needed > (there := available_bytes()):
        raise WinitError(
            f"--input {text}: needs {needed / 1e9:,.1f} GB of memory, and {there / 1e9:,.1f} GB "
            "are available"
        )


def _function(target: str, loaded: dict[str, ModuleType]) -> Callable[[], Any]:
    function = find_target(target, loaded)
    if not callable(function):
        raise WinitError(
            printable(f"--input {target}: is {type(function).__name__}: a function is needed")
        )
    made: Callable[[], Any] = function
    return made


def _loaded(path: str) -> Array:
    """The array in a file: float64 as float32, integers as int64. Raises WinitError."""
    try:
        with open_at_once(path) as file:
            found: Array = np.lib.format.read_array(file, allow_pickle=False)
    except OSError as error:
        raise WinitError(printable(f"--input {path}: {reason(error)}")) from None
    except MemoryError:
        raise WinitError(printable(f"--input {path}: not enough memory for its array")) from None
    except Exception as error:  # numpy raises many kinds where a header is damaged
        why = "is no array in numpy's format .npy: " + said(error)
        if "Object arrays" in str(error):
            why = "holds Python objects: numbers are needed"
        raise WinitError(printable(f"--input {path}: {why}")) from error
    if found.dtype.kind not in "fiub":
        raise WinitError(f"--input {path}: holds {found.dtype}: real numbers are needed")
    if found.ndim == 0 or found.size == 0:
        raise WinitError(
            f"--input {path}: has shape {found.shape}: at least one input is needed, on its "
            "first axis"
        )
    if found.dtype.kind == "f":
        return found.astype(np.float32) if found.dtype == np.float64 else found
    return found if found.dtype.kind == "b" else found.astype(np.int64)


def refuse_nan(array: Array, where: str) -> None:
    """Raise WinitError where an input holds nan: all that follows would be nan, and no finding."""
    wrong = np.argwhere(np.isnan(array))
    if len(wrong):
        more = f", and at {len(wrong) - 1:,} more places" if len(wrong) > 1 else ""
        raise WinitError(printable(f"{where} is nan at {wrong[0].tolist()}{more}"))
