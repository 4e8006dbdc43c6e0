"""Fonts of the system, for the characters that DejaVu Sans lacks.

They are asked only where a text has such a character. matplotlib's list of them is taken first;
it is written once and kept, or empty where there is no place to keep it, so the fonts that are
not on it are looked at last. Of the same fonts the same ones are chosen each time.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REGULAR = 400
SERIF = ("serif", "mincho", "ming", "song", "batang", "myeongjo", "myungjo", "naskh")
# They map every character, or have colours alone: what matplotlib draws of them is empty.
UNFIT = ("last resort", "lastresort", "adobe blank", "color emoji")


class Face:
    """A font of the system: its family's name and its file, of a collection the first font."""

    def __init__(self, entry: Any) -> None:
        self.name: str = entry.name
        self.file: str = str(entry.fname)
        self._known: dict[str, bool] = {}

    def shows(self, characters: Iterable[str]) -> set[str]:
        """Those of the characters that this font can draw."""
        asked = set(characters)
        if not asked <= self._known.keys():
            self._look_up(asked)
        return {c for c in asked if self._known[c]}

    def _look_up(self, characters: set[str]) -> None:
        from matplotlib.ft2font import FT2Font

        self._known |= dict.fromkeys(characters, False)
        try:
            font = FT2Font(self.file)
            font.set_size(10, 72)
            for c in characters:
                if font.get_char_index(ord(c)):
                    self._known[c] = font.load_char(ord(c)).width > 0
        except (OSError, RuntimeError):  # removed meanwhile, or of a kind that FreeType cannot draw
            return


def showing(characters: Iterable[str]) -> tuple[Face, ...]:
    """Few fonts of the system that together show these characters, as far as any can.

    First the one that shows most of them: one script, one font.
    """
    from matplotlib.font_manager import fontManager

    return _showing("".join(sorted(set(characters))), len(fontManager.ttflist))


@lru_cache(maxsize=1024)
def _showing(characters: str, listed: int) -> tuple[Face, ...]:
    left = set(characters)
    chosen: list[Face] = []
    sources: tuple[Callable[[], list[Face]], ...] = (lambda: _listed(listed), _unlisted)
    for faces in sources:
        while left and (best := _best(faces(), left)):
            chosen.append(best)
            left -= best.shows(left)
    return tuple(chosen)


def _best(faces: list[Face], characters: set[str]) -> Face | None:
    """The first of the fonts that show the most of these characters; None where none does."""
    best, most = None, 0
    for face in faces:
        number = len(face.shows(characters))
        if number > most:
            best, most = face, number
        if most == len(characters):
            break
    return best


@lru_cache(maxsize=1)
def _listed(number: int) -> list[Face]:  # noqa: ARG001  # a longer list is another one
    from matplotlib.font_manager import fontManager

    return _in_order(fontManager.ttflist)


@cache
def _unlisted() -> list[Face]:
    """Fonts that came after matplotlib's list was written, or all where it has none."""
    from matplotlib.font_manager import findSystemFonts, fontManager, ttfFontProperty
    from matplotlib.ft2font import FT2Font

    known = {entry.fname for entry in fontManager.ttflist}
    entries = []
    for file in findSystemFonts():
        if file in known:
            continue
        try:
            entries.append(ttfFontProperty(FT2Font(file)))
        except Exception:  # noqa: BLE001, S112  # as matplotlib does: a broken font is none
            continue
    return _in_order(entries)


def _in_order(entries: Iterable[Any]) -> list[Face]:
    """The system's own fonts, the fittest first."""
    import matplotlib as mpl

    data = mpl.get_data_path()
    fit = [
        entry
        for entry in entries
        if not entry.fname.startswith(data)
        and not getattr(entry, "index", 0)  # since matplotlib 3.11: a later font of a collection
        and not any(word in entry.name.lower() for word in UNFIT)
    ]
    return [Face(entry) for entry in sorted(fit, key=_rank)]


def _rank(entry: Any) -> tuple[Any, ...]:
    """Upright before slanted, regular before bold, Noto Sans CJK first, sans before serif."""
    from matplotlib.font_manager import weight_dict

    name = entry.name.lower()
    weight = weight_dict.get(entry.weight, entry.weight)
    return (
        entry.style != "normal",
        abs(weight - REGULAR),
        not name.startswith("noto sans cjk"),
        not name.startswith("noto sans"),
        any(word in name for word in SERIF),
        name,
        entry.fname,
    )
