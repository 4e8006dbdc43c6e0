"""Names that are folders: which fit on every platform, which are one, how others are made to."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from unicodedata import category, normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME = 100
LONGEST_RUN = 80
MOST_BYTES = 255
DIGITS = 12
# What a name must look like as far as regular expressions of every kind can say it.
_NO_LETTER = r":-@\[-^`{-\x7f\u2000-\u206f"
NAME_PATTERN = rf"[^\x00-/_{_NO_LETTER}]([^\x00-,/{_NO_LETTER}]{{0,98}}[^\x00-,./{_NO_LETTER}])?"
DEVICE_PATTERN = (
    r"([cC][oO][nN]|[pP][rR][nN]|[aA][uU][xX]|[nN][uU][lL]"
    r"|([cC][oO][mM]|[lL][pP][tT])[0-9¹²³])(\..*)?"
)
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def composed(text: str) -> str:
    """The text in one spelling of its accents: NFC."""
    return text if text.isascii() else normalize("NFC", text)


def folded(text: str) -> str:
    """What is equal for all names that a file system may take for one."""
    return text.lower() if text.isascii() else composed(normalize("NFD", text).casefold())


def is_device(name: str) -> bool:
    """Whether Windows uses this name for a device."""
    return re.fullmatch(DEVICE_PATTERN, name) is not None


def is_written(name: str, written: str) -> bool:
    """Whether winit writes a file of this name; `written` is the pattern of those that it does."""
    return re.fullmatch(written, name, re.IGNORECASE) is not None


def unfit(text: str, written: str) -> str | None:
    """What the name of a spec, and so of a folder, must be that `text` is not.

    `written` is the pattern of the files that winit writes beside the folders of specs and runs.
    """
    if (
        not 0 < len(text) <= LONGEST_NAME
        or text[0] in "._-"
        or text[-1] == "."
        or _replaced(text, "._-") != text
    ):
        return (
            f"1 to {LONGEST_NAME} letters, digits, . _ and -, the first a letter or a digit, "
            "the last no dot"
        )
    if len(text.encode()) > MOST_BYTES:
        return f"at most {MOST_BYTES} bytes long in UTF-8"
    if is_device(text):
        return "a name that Windows does not use for a device"
    return "a name that winit gives to no file of its own" if is_written(text, written) else None


def slug(stem: str, written: str) -> str:
    """The stem as a name: runs of characters that do not fit become one `-`, ends stripped.

    What still does not fit is `spec-` and eight digits of the sha256 of the stem.
    """
    stem = composed(stem)
    text = _replaced(stem, "._-")
    if text != stem:
        text = text.strip("-")
    text = text.rstrip(".")
    return text if unfit(text, written) is None else f"spec-{_digest(stem)[:8]}"


def folder_of(words: str) -> str:
    """What a run is, as a part of its folder's name; digits of the sha256 where nothing is left."""
    text = _replaced(composed(words), ".+-").strip("-. ")
    return text or _digest(words)[:DIGITS]


def safe(folder: str, written: str) -> str:
    """The folder's name, changed where it is a device's or that of a file of winit's."""
    return f"run-{folder}" if is_device(folder) or is_written(folder, written) else folder


def shortened(folder: str) -> str:
    """The folder's name; one that is too long is cut, and ends in digits of its sha256."""
    if len(folder) <= LONGEST_RUN and _bytes(folder) <= MOST_BYTES:
        return folder
    kept = folder[: LONGEST_RUN - DIGITS - 1]
    while _bytes(kept) > MOST_BYTES - DIGITS - 1:
        kept = kept[:-1]
    return f"{kept.rstrip('-.,+=')}-{_digest(folder)[:DIGITS]}"


def told_apart(names: Iterable[str]) -> list[str]:
    """The names; of those that are equal, also ignoring case, the second gets a `-2`, and so on."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        kept, number = name, seen.get(folded(name), 0) + 1
        while number > 1 and folded(kept := f"{name}-{number}") in seen:
            number += 1
        seen[folded(name)] = number
        seen.setdefault(folded(kept), 1)
        found.append(kept)
    return found


def _replaced(text: str, signs: str) -> str:
    """The text with `-` for every run of what is neither a letter, a digit nor one of the signs.

    Letters and digits may be of any script, with the marks that belong to them.
    """
    kept: list[str] = []
    fits = replaced = False
    for character in text:
        if character.isascii():
            fits_now = character.isalnum()
        else:
            kind = category(character)
            fits_now = kind[0] in "LN" or (fits and kind in ("Mn", "Mc"))
            fits_now = fits_now and not _INVISIBLE.match(character)
        fits = fits_now
        if fits or character in signs:
            kept.append(character)
            replaced = False
        elif not replaced:
            kept.append("-")
            replaced = True
    return "".join(kept)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
