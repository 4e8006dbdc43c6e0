"""Text on a screen: how it is spelled and how many columns it takes."""

from __future__ import annotations

import codecs
import sys
import unicodedata

# How our own signs are spelled where an encoding lacks them.
SPELLINGS = {
    "±": "+-",
    "×": "x",
    "·": "*",
    "¹": "^1",
    "²": "^2",
    "³": "^3",
    "½": "1/2",
    "√": "sqrt",
    "∞": "inf",
    "∫": "integral",
    "≤": "<=",
    "≥": ">=",
    "…": "...",
    "ᵀ": "^T",
    "₁": "_1",
    "δ": "delta",
    "ε": "epsilon",
    "θ": "theta",
    "π": "pi",
    "σ": "sigma",
    "Σ": "Sigma",
    "φ": "phi",
    "Φ": "Phi",
    "χ": "chi",
    "ψ": "psi",
}
# The name under which Python knows `_spell`.
ERROR_HANDLER = "weightinit_cli.spelled"


def _spell(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: our signs in plain words, anything else as an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    spelled = (SPELLINGS.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking)
    return "".join(spelled), error.end


codecs.register_error(ERROR_HANDLER, _spell)


def spelled(text: str) -> str:
    """The text as stdout's encoding can show it."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return text if text.isascii() else text.encode(encoding, ERROR_HANDLER).decode(encoding)


def width(text: str) -> int:
    """The columns that a text takes: wide characters of East Asia two, combining marks none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def ljust(text: str, columns: int) -> str:
    """The text with spaces after it, up to this many columns."""
    return text + " " * (columns - width(text))


def rjust(text: str, columns: int) -> str:
    """The text with spaces before it, up to this many columns."""
    return " " * (columns - width(text)) + text


def clipped(text: str, columns: int) -> str:
    """As much of the text's beginning as these columns hold."""
    taken = 0
    for number, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:number]
    return text
