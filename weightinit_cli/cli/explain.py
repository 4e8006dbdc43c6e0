"""`winit explain`: what the names and words of specs, tables and verdicts mean."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.meanings import (
    MARKS,
    TERMS,
    WORDS,
    column_meanings,
    heads_of,
    plain,
    term,
    verdicts,
    word_rows,
)
from weightinit_cli.cli.names import configs, proposed
from weightinit_cli.cli.plugins import plugin_option
from weightinit_cli.lines import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weightinit_cli.cli.meanings import Rows

INDENT = 4


def _propose(context: click.Context, argument: click.Parameter, incomplete: str) -> list[Any]:  # noqa: ARG001
    """Propose verdicts, columns as they are easily typed, initializers, activations and keys."""
    from weightinit_cli.cli.entries import component_names, key_names
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS

    columns = {plain(head).replace(" ", "_"): text for head, text in column_meanings().items()}
    others = dict.fromkeys(chain(*component_names().values(), key_names()), "")
    terms = {name.replace(" ", "_"): meaning for name, meaning in TERMS.items()}
    named = {**others, **columns, **terms, **WORDS, **SEVERITY_MEANINGS, **verdicts()}
    return proposed(named, incomplete)


@click.command(
    "explain",
    epilog=examples(
        "winit explain vanishing_gradient",
        "winit explain 'std (inputs)'",
        "winit explain chi_1",
    ),
)
@click.argument("name", required=False, shell_complete=_propose)
@plugin_option
def explain(name: str | None) -> None:
    """Print what a name means: a verdict, a column of tables, an initializer, an activation, a
    parameter of these, a key of specs, a shipped config, a figure as stats.json and summary.csv
    name it, or a word of theory.

    A name of several things is explained as each of them. Without NAME, all that can be explained,
    by kind.
    """  # noqa: D205
    columns = terminal.columns() or terminal.PIPED_COLUMNS
    for line in _all(columns) if name is None else _one(name, columns):
        terminal.say(line)


def _all(columns: int) -> list[str]:
    """Write a row per verdict, worst first, per column and word of tables; the names of others."""
    from weightinit_cli.cli.entries import component_names, key_names
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS

    lists = {
        "verdict": verdicts(),
        "severity": SEVERITY_MEANINGS,
        "column": column_meanings(),
        "in place of a figure": MARKS,
        "in files": WORDS,
        "word": TERMS,
    }
    tables = [_meanings(what, each, columns) for what, each in lists.items()]
    names = {**component_names(), "keys of specs": key_names()}
    tables += [_listed(what, each, columns) for what, each in names.items()]
    return [line for lines in tables for line in ["", *lines]][1:]


def _meanings(what: str, meanings: Mapping[str, str], columns: int) -> list[str]:
    width = max(map(len, (what, *meanings)))
    lines = [click.style(f"{what:<{width}}  what it means", dim=True)]
    for name, meaning in meanings.items():
        first, *more = wrapped(f"{name:<{width}}  {meaning}", columns, indent=width + 2)
        lines += [click.style(name, bold=True) + first[len(name) :], *more]
    return lines


def _listed(what: str, names: Sequence[str], columns: int) -> list[str]:
    lines = wrapped(", ".join(names), columns - INDENT)
    return [click.style(what, dim=True), *(" " * INDENT + line for line in lines)]


def _one(name: str, columns: int) -> list[str]:
    """Write all that a name is. Raises UsageError where it is nothing."""
    found = list(_found(name))
    several = len(found) > 1
    lines: list[str] = []
    for title, kind, rows in found:
        lines += [""] * bool(lines)
        lines.append(click.style(title, bold=True) + (f" ({kind})" if several else ""))
        lines += _labelled(rows if several or not kind else [("is", kind), *rows], columns)
    return lines


def _labelled(rows: Rows, columns: int) -> Iterator[str]:
    width = max(len(label) for label, _ in rows) + 2
    for label, text in rows:
        for line in wrapped(f"{label:<{width}}{text}", columns - INDENT, indent=width):
            yield " " * INDENT + line


def _found(name: str) -> Iterator[tuple[str, str, Rows]]:
    """Yield the title, the kind and the rows of each thing of this name.

    Verdicts, severities, words and terms are nothing else. Raises UsageError where it is nothing.
    """
    from weightinit_cli.cli.entries import component_rows, key_rows
    from weightinit_cli.results.figures import FIGURES

    word = "_".join(name.replace("-", " ").split()).casefold()
    for each in (name, word):
        if rows := word_rows(each):
            yield each, "", rows
            return
    if each := term(name):
        yield each, "", [("meaning", TERMS[each])]
        return
    heads = heads_of(plain(name))
    exact = [head for head in heads if plain(head) == plain(name)]
    others = [*component_rows(word), *key_rows(word), *_config_rows(word)]
    if not exact and name in FIGURES:
        heads, others = (
            [],
            [(name, "a figure of a layer", [("meaning", FIGURES[name].words)]), *others],
        )
    for head in exact if others else heads:
        yield head, "a column of tables", [("meaning", column_meanings()[head])]
    yield from others
    if not (heads or others):
        raise click.UsageError(f"nothing is called {name!r}{_hint(name, word)}")


def _config_rows(name: str) -> Iterator[tuple[str, str, Rows]]:
    """Yield what the shipped config of this name shows, if there is one."""
    if (shown := configs().get(name)) is not None:
        yield (
            name,
            "a shipped config",
            [("shows", shown), ("a copy", f"winit new {name} --like {name}")],
        )


def _hint(name: str, word: str) -> str:
    """Say what is probably meant: what other libraries and books call so, else what is near."""
    from weightinit_cli.cli.entries import component_names, key_names
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS
    from weightinit_cli.spec.components import ELSEWHERE
    from weightinit_cli.spec.keys import KEYS
    from weightinit_cli.spec.nodes import suggestion

    if meant := ELSEWHERE.get(word) or next(iter(KEYS.get(word, ())), ""):
        return f"; did you mean {meant!r}?"
    names = [*verdicts(), *column_meanings(), *WORDS, *TERMS, *SEVERITY_MEANINGS]
    names += chain(*component_names().values(), key_names(), configs())
    return suggestion(name, names, "winit explain lists what there is")
