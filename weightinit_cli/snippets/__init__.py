"""Snippets: a network and its start as a short program in the lines of another library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from weightinit_cli.snippets import jax, keras, torch
from weightinit_cli.snippets.start import program_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.snippets.start import Program
    from weightinit_cli.spec import Spec

LIBRARIES: Final[dict[str, Callable[[Program], str]]] = {
    "torch": torch.text,
    "keras": keras.text,
    "jax": jax.text,
}

__all__ = ["LIBRARIES", "snippet"]


def snippet(spec: Spec, library: str) -> str:
    """The program that builds a spec's network in a library of LIBRARIES, with the same start.

    The library draws other numbers, by the same laws. Raises SpecError for what is not said in a
    few lines of it, and as `run` does where theory does not have a number that the spec asks for.
    """
    program = program_of(spec)
    if library != "torch":
        program.check_plain(library)
    return LIBRARIES[library](program)
