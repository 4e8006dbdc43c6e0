"""How pictures are to look, for print: options of the commands that draw saved results again."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.options import refuse_nan
from weightinit_cli.cli.paths import PathText
from weightinit_cli.errors import WinitError, reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.plots.engine.look import Look

POINTS = {"in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pt": 1.0}
NARROWEST, WIDEST = 108.0, 2880.0  # points
SIZES, DOTS = (3, 40), (30, 1200)
DEFAULT_SIZE = 8.5


class Asked(NamedTuple):
    """What a person asks of the pictures' appearance."""

    width: float | None
    font_size: float | None
    title: bool
    dpi: float | None
    style: str | None
    svg_text: bool

    def look(self, *, quiet: bool) -> Look:
        """The look, read from the style sheet first. Raises WinitError where it cannot be read."""
        from weightinit_cli.plots.engine.settings import load_matplotlib

        load_matplotlib()
        from weightinit_cli.plots.engine.look import PLAIN
        from weightinit_cli.plots.engine.page import TEXT

        look = PLAIN if self.style is None else _style(self.style)
        changes: dict[str, Any] = {"width": self.width, "title": self.title}
        changes["svg_text"] = self.svg_text
        if self.font_size is not None:
            changes["scale"] = self.font_size / TEXT
        if self.dpi is not None:
            changes["dpi"] = self.dpi
        look = replace(look, **changes)
        for name, value, (low, high) in (
            ("font.size", look.scale * TEXT, SIZES),
            ("savefig.dpi", look.dpi, DOTS),
        ):
            if not low <= value <= high:
                expected = f"expected a number from {low} to {high}, not {value:g}"
                raise WinitError(f"{self.style}: {name}: {expected}")
        if look.lacking and not quiet:
            families = " or ".join(map(repr, look.lacking))
            terminal.note(
                f"{self.style}: no font of this machine is {families}: DejaVu Sans is taken"
            )
        return look


def _style(name: str) -> Look:
    from weightinit_cli.plots.engine.look import read_style

    try:
        return read_style(name)
    except OSError as error:
        raise WinitError(f"{name}: no style sheet can be read: {reason(error)}") from None
    except UnicodeDecodeError as error:
        words = f"byte 0x{error.object[error.start]:02X} is not UTF-8"
        raise WinitError(f"{name}: {words}; save the file as UTF-8") from None
    except Exception as error:  # noqa: BLE001  # whatever a setting's own check raises
        words = " ".join(str(error).split())
        raise WinitError(f"{name}: not a style sheet of matplotlib: {words}") from None


def _length(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    given: str | None,
) -> float | None:
    if given is None:
        return None
    found = re.fullmatch(r"([0-9]*\.?[0-9]+) *(in|cm|mm|pt)", given.strip())
    if found is None:
        raise click.BadParameter(f"expected a length such as 3.3in, 84mm or 240pt, not {given!r}")
    points = float(found[1]) * POINTS[found[2]]
    if not NARROWEST <= points <= WIDEST:
        raise click.BadParameter(f"expected a width from 1.5in to 40in, not {given}")
    return points


def look_options(width: str = "--width") -> Callable[[Any], Any]:
    """Give a command the options, which it takes together as `asked`.

    `width` is what the pictures' width is called where the command has another one.
    """

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        return _with_options(command, width)

    return with_options


def _with_options(command: Callable[..., Any], width_name: str) -> Callable[..., Any]:
    @click.option(
        width_name,
        "picture_width",
        metavar="LENGTH",
        callback=_length,
        help="The pictures' width, e.g. 3.3in for one column of a paper (in, cm, mm, pt).",
    )
    @click.option(
        "--font-size",
        type=click.FloatRange(*SIZES),
        callback=refuse_nan,
        metavar="POINTS",
        help=f"Size of the axes' names; all else follows. Default: {DEFAULT_SIZE}.",
    )
    @click.option("--no-title", is_flag=True, help="Leave out the title and what stands below it.")
    @click.option(
        "--dpi",
        type=click.FloatRange(*DOTS),
        callback=refuse_nan,
        help="Dots per inch of PNG files.",
    )
    @click.option(
        "--style",
        metavar="FILE",
        type=PathText(),
        help="Fonts and colours of a matplotlib style sheet (.mplstyle).",
    )
    @click.option("--svg-text", is_flag=True, help="Write text in SVG as text, not as outlines.")
    @wraps(command)
    def asked(
        *args: Any,
        picture_width: float | None,
        font_size: float | None,
        no_title: bool,
        dpi: float | None,
        style: str | None,
        svg_text: bool,
        **kwargs: Any,
    ) -> Any:
        wish = Asked(picture_width, font_size, not no_title, dpi, style, svg_text)
        return command(*args, asked=wish, **kwargs)

    return asked
