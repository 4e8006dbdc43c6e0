"""Names that a shell proposes, each with a word on it; nothing here imports arrays."""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from click import Context, Parameter

    from weightinit_cli.spec.values import Field

SHORT = 72


class TableNames(NamedTuple):
    """The names in a table: of its rows, other names of these, and of what they take."""

    rows: tuple[str, ...]
    aliases: tuple[str, ...]
    parameters: tuple[str, ...]


@cache
def table_names(what: str) -> TableNames:
    """Read the names in the table of initializers or activations from its text.

    To import a table takes numpy, which takes longer than all else that a shell waits for.
    """
    file = Path(__file__).parents[1] / f"{what}s" / "table.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found: dict[str, tuple[str, ...]] = {}
    for each in tree.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.value, ast.Dict):
            keys = (key.value for key in each.value.keys if isinstance(key, ast.Constant))
            found[ast.unparse(each.target)] = tuple(map(str, keys))
    parameters = (
        str(call.args[0].value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) == "Parameter"
        and isinstance(call.args[0], ast.Constant)
    )
    return TableNames(found["_ROWS"], found["ALIASES"], tuple(dict.fromkeys(parameters)))


def components(what: str) -> dict[str, str]:
    """The names that a spec may give for an initializer or an activation, of packages too."""
    from weightinit_cli.plugins import installed_names

    names = table_names(what)
    return dict.fromkeys((*names.rows, *names.aliases, *installed_names(what)), "")


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

    found: dict[str, str] = {}
    for experiment in experiments:
        for field in TABLES[experiment]:
            found |= _paths(field, "")
    return found


def _paths(field: Field, above: str) -> dict[str, str]:
    from weightinit_cli.spec.layers import COMPONENT_KEYS

    path = above + field.name
    found = {f"{path}=": field.doc}
    for inner in field.type.fields:
        found |= _paths(inner, f"{path}.")
    if field.name in COMPONENT_KEYS:
        names = table_names(_what(field.name)).parameters
        found |= dict.fromkeys((f"{path}.{each}=" for each in ("name", *names)), "")
    return found


def values(path: str, experiments: Iterable[str]) -> dict[str, str]:
    """The words that the key of this path may have; none where it is a number."""
    from weightinit_cli.spec.kinds import TABLES
    from weightinit_cli.spec.layers import COMPONENT_KEYS

    *above, last = path.removesuffix(".name").split(".")
    if last in COMPONENT_KEYS:
        return components(_what(last))
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


def _what(key: str) -> str:
    return "activation" if key == "activation" else "initializer"


def proposed(names: Mapping[str, str], incomplete: str) -> list[CompletionItem[str]]:
    """Those of the names that begin so, each with a word on it."""
    return [
        CompletionItem(name, help=_short(words) or None)
        for name, words in names.items()
        if name.startswith(incomplete)
    ]


def _short(words: str) -> str:
    first, *_ = re.split(r"[;.] ", words, maxsplit=1)
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
