"""Names that a shell proposes, each with a word on it."""

from __future__ import annotations

import re
from importlib import import_module
from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from click import Context, Parameter
    from click.shell_completion import CompletionItem

    from weightinit_cli.plugins import Table
    from weightinit_cli.spec.values import Field

SHORT = 72
# Where a sentence ends; not after an initial (K. Saito) or dots.
END = re.compile(r"(?<![ (][A-Z])(?<![.])[;.] ")


def table(what: str) -> Table[Any]:
    """Return the table of initializers or of activations, whose import takes numpy."""
    found: Table[Any] = getattr(import_module(f"weightinit_cli.{what}s"), f"{what}s".upper())
    return found


def components(what: str) -> dict[str, str]:
    """The names that a spec may give for an initializer or an activation, each with what it is.

    Those of installed packages are names alone, so that nobody's code is run for them.
    """
    from weightinit_cli.plugins import installed_names

    rows = table(what)
    words = {name: row.formula if what == "activation" else row.doc for name, row in rows.items()}
    others = {other: f"same as {name}" for other, name in rows.aliases.items()}
    return {**dict.fromkeys(installed_names(what), ""), **words, **others}


def parameters_of(what: str) -> list[str]:
    """The names of what initializers or activations take."""
    rows = table(what).values()
    return list(dict.fromkeys(each.name for row in rows for each in row.parameters))


def configs() -> dict[str, str]:
    """The shipped specs, each with what it shows."""
    from weightinit_cli.spec import shipped_configs

    return {path.stem: leading_comment(path) for path in shipped_configs()}


def verdicts() -> dict[str, str]:
    """The verdicts, each with what it means."""
    from weightinit_cli.verdicts import DEFINITIONS

    return {name: definition.meaning for name, definition in DEFINITIONS.items()}


def severities_and_verdicts() -> dict[str, str]:
    """What --fail-on takes, each with what it means."""
    from weightinit_cli.results.model import SEVERITIES
    from weightinit_cli.results.verdictwords import SEVERITY_MEANINGS

    return {**{each: SEVERITY_MEANINGS[each] for each in SEVERITIES}, **verdicts()}


def leading_comment(path: Path) -> str:
    """Read the first paragraph of the comment at the top of a config."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = takewhile(lambda line: line.lstrip("# ") and line.startswith("#"), lines)
    return " ".join(line.lstrip("# ") for line in comment)


def keys(experiments: Iterable[str]) -> dict[str, str]:
    """The paths of all keys of these experiments, each with a `=` after it and its meaning."""
    from weightinit_cli.spec.kinds import TABLES
    from weightinit_cli.spec.layers import COMPONENT_KEYS

    found: dict[str, str] = {}
    for path, field in (each for name in experiments for each in by_path(TABLES[name])):
        found[f"{path}="] = field.doc
        if field.name in COMPONENT_KEYS:
            parameters = parameters_of(what_of(field.name))
            found |= dict.fromkeys((f"{path}.{each}=" for each in ("name", *parameters)), "")
    return found


def by_path(fields: Iterable[Field], above: str = "") -> Iterator[tuple[str, Field]]:
    """Yield every field with its path, those in a field after it."""
    for field in fields:
        path = above + field.name
        yield path, field
        yield from by_path(field.type.fields, f"{path}.")


def values(path: str, experiments: Iterable[str]) -> dict[str, str]:
    """The words that the key of this path may have; none where it is a number."""
    from weightinit_cli.spec.kinds import TABLES
    from weightinit_cli.spec.layers import COMPONENT_KEYS

    *above, last = path.removesuffix(".name").split(".")
    if last in COMPONENT_KEYS:
        return components(what_of(last))
    if above and above[-1] in COMPONENT_KEYS:
        rows = table(what_of(above[-1])).values()
        parameters = [each for row in rows for each in row.parameters if each.name == last]
        return dict.fromkeys(
            (word for each in parameters for word in (*each.choices, *each.words)), ""
        )
    words: dict[str, str] = {}
    for experiment in experiments:
        fields: Iterable[Field] = TABLES[experiment]
        for name in above:
            fields = [inner for each in fields if each.name == name for inner in each.type.fields]
        for field in fields:
            if field.name == last and not field.type.fields:
                words |= dict.fromkeys(_words(field.type.schema()), "")
    return words


def _words(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words that a schema accepts beside numbers, mappings and lists."""
    yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
    if isinstance(word := schema.get("const"), str):
        yield word
    if schema.get("type") == "boolean":
        yield from ("true", "false")
    for each in schema.get("anyOf", ()):
        yield from _words(each)


def what_of(key: str) -> str:
    """Whether a key's value is an initializer or an activation."""
    return "activation" if key == "activation" else "initializer"


def proposed(names: Mapping[str, str], incomplete: str) -> list[CompletionItem[str]]:
    """Those of the names that begin so, each with a word on it."""
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(name, help=_short(words) or None)
        for name, words in names.items()
        if name.startswith(incomplete)
    ]


def _short(words: str) -> str:
    first, *_ = END.split(words, maxsplit=1)
    line = " ".join(first.split())
    return line if len(line) <= SHORT else f"{line[: SHORT - 3].rstrip()}..."


def propose(
    names: Callable[[], Mapping[str, str]],
) -> Callable[[Context, Parameter, str], list[Any]]:
    """Return what an option or argument gives to click as `shell_complete`."""

    def complete(context: Context, parameter: Parameter, incomplete: str) -> list[Any]:  # noqa: ARG001
        return proposed(names(), incomplete)

    return complete


def propose_override(
    context: Context,
    parameter: Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[Any]:
    """Propose, for --set of a command, keys of the specs that it runs, then the key's words."""
    from weightinit_cli.cli.experiments import EXPERIMENTS
    from weightinit_cli.spec.kinds import TABLES

    of_command = {row.command: [name] for name, row in EXPERIMENTS.items()}
    others = list(TABLES) if context.command.name == "batch" else ["histogram"]
    experiments = of_command.get(context.command.name or "", others)
    path, equals, _ = incomplete.partition("=")
    if not equals:
        return proposed(keys(experiments), incomplete)
    words = values(path, experiments)
    return proposed({f"{path}={word}": meaning for word, meaning in words.items()}, incomplete)
