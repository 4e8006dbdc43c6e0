"""`winit conform`: whether an initializer's code draws what its name says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.names import components, propose
from weightinit_cli.cli.options import quiet_option, refuse_nan
from weightinit_cli.cli.paths import TargetText
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.tables.columns import Cell, Column, layout_for
from weightinit_cli.conformity import ALPHA, KINDS
from weightinit_cli.errors import FAILED, printable
from weightinit_cli.lines import wrapped

if TYPE_CHECKING:
    from weightinit_cli.conformity import Conformity

# With fewer columns what is expected stands in --json alone.
ROOM = 72


@click.command(
    "conform",
    epilog=examples(
        "winit conform init.py:mine --like he_normal",
        "winit conform init.py:mine --like '{name: normal, std: 0.02}'",
    ),
)
@click.argument("target", type=TargetText())
@click.option(
    "--like",
    required=True,
    metavar="INITIALIZER",
    shell_complete=propose(partial(components, "initializer")),
    help="What it claims to draw: he_normal, or '{name: normal, std: 0.02}' (winit list "
    "initializers).",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 0.5, min_open=True),
    callback=refuse_nan,
    default=ALPHA,
    show_default=True,
    help="How often a sound function may fail.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**64 - 1),
    default=0,
    show_default=True,
    help="Other seeds are other draws.",
)
@click.option(
    "--framework",
    type=click.Choice(("numpy", "torch", "keras", "jax")),
    help="Whose way of calling it has, where its parameters don't tell.",
)
@click.option(
    "--only",
    type=click.Choice(KINDS),
    help="Ask for matrices, or for kernels of convolutions, alone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print every figure as one line of JSON.")
@quiet_option
def conform(
    target: str,
    like: str,
    alpha: float,
    seed: int,
    framework: str | None,
    only: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Draw by an initializer of your own, and hold its draws to what --like draws.

    TARGET is file.py:name or package.module:name, a function fn(rng, shape) of numpy,
    fn(key, shape, dtype) of JAX, fn(tensor) of torch, or an initializer of Keras. It is asked for
    about a million entries of unequal matrices and kernels: mean, standard deviation, kurtosis,
    largest entry, the whole distribution, how the scale follows the fans, whether rows, columns,
    seeds and calls are independent; of orthogonal matrices whether they are uniform over all such.

    Of each question the table shows the figure that is farthest off, with its standard error. The
    exit code is 1 where it does not conform.
    """
    from weightinit_cli.conformity import conform as ask

    with ProgressBar(f"drawing by {target}", shown=not quiet):
        found = ask(
            target, like, alpha=alpha, seed=seed, framework=framework or "", only=only or ""
        )
    if as_json:
        terminal.say(_json_line(found))
    elif not quiet:
        for line in _lines(found):
            terminal.say(line)
    return 0 if found.conforms else FAILED


def _json_line(found: Conformity) -> str:
    import json

    return json.dumps(found.to_dict(), separators=(",", ":"), sort_keys=True, allow_nan=False)


def _lines(found: Conformity) -> list[str]:
    draws = f"{found.draws:,} entries, " if found.draws else ""
    heading = (
        f"{found.target} ({found.framework}) against {found.like}: {found.law}; {draws}"
        f"alpha {found.alpha:g}, seed {found.seed}"
    )
    lines = [click.style(line, bold=True) for line in _wrapped(heading)]
    lines += _table(found)
    for each in found.unasked:
        lines += _wrapped(f"not asked: {each}")
    colour = "green" if found.conforms else "red"
    return lines + [click.style(line, fg=colour) for line in _wrapped(found.verdict)]


def _wrapped(text: str) -> list[str]:
    return wrapped(printable(text), terminal.room(), indent=2)


def _table(found: Conformity) -> list[str]:
    from weightinit_cli.conformity.report import expected, figure

    cells: list[list[Cell]] = []
    for row, count, fails in found.worst():
        colour = "red" if fails else None
        outcome = f"{fails} of {count} fail" if fails else f"{count} hold"
        if count == 1:
            outcome = "fails" if fails else "holds"
        place = (
            row.where if "," not in row.asked else f"{row.asked.partition(', ')[2]}; {row.where}"
        )
        texts = (row.question, figure(row), expected(row), place)
        cells.append([Cell(printable(text)) for text in texts])
        cells[-1].append(Cell(outcome, colour, bold=bool(fails)))
    asked, figures, wanted, places, outcomes = zip(*cells, strict=True)
    columns = [
        Column("asked", asked, words=True),
        Column("figure", figures),
        Column("expected", wanted),
        Column("outcome", outcomes, words=True),
        Column("at", places, words=True),
    ]
    if terminal.room() < ROOM:
        columns.pop(2)
    layout = layout_for(columns, terminal.room())
    layout = layout._replace(heads=[heads for heads in layout.heads if any(heads)])
    return [*layout.dimmed_heads(), *layout.rows()]
