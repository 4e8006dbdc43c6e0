"""Entries of the tables in a spec: a name, or a mapping of `name` and parameters."""

from __future__ import annotations

from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.parameters import ParameterError
from weightinit_cli.sources import SourceError, points_of
from weightinit_cli.spec.model import Component
from weightinit_cli.spec.nodes import (
    MapNode,
    Node,
    Report,
    Scalar,
    join,
    quote,
    report_wrong,
    suggestion,
)
from weightinit_cli.spec.values import LARGEST, ValueType, choice, integer, number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from weightinit_cli.parameters import Parameter
    from weightinit_cli.plugins import Table


# Names that other libraries and books have, and ours.
ELSEWHERE = {
    "gaussian": "normal",
    "default": "torch_linear",
    "pytorch": "torch_linear",
    "logistic": "sigmoid",
    "lrelu": "leaky_relu",
    "identity": "linear",
    "none": "linear",
}


class Option(NamedTuple):
    """One name that a spec may give: the entry it stands for, and what it takes.

    `build` tries the parameters out; None where it takes those of another component, too, or
    where they depend on the layers' shapes.
    """

    name: str
    canonical: str
    doc: str
    parameters: tuple[Parameter, ...]
    entry_parameters: tuple[Parameter, ...]
    build: Callable[..., object] | None

    @property
    def bare(self) -> bool:
        """Whether the name alone is enough."""
        return not any(parameter.required for parameter in self.parameters)


def component(
    what: str,
    listing: str,
    options: Callable[[], Mapping[str, Option]],
    unfit: Callable[[], Mapping[str, str]] = dict,
) -> ValueType:
    """An entry of a table; `options` returns what may be chosen, by name.

    `what` names the table in messages and `listing` the command that prints it; `unfit` names
    entries that exist but do not work here, with the reason. It is read as the component under
    its canonical name, defaults filled in, tried out once.
    """

    def read(node: Node, path: str, report: Report) -> Component | None:
        named, where = node, path
        if isinstance(node, MapNode):
            where = join(path, "name")
            if "name" not in node.entries:
                report.add(node.mark, where, f"required; {listing}")
                return None
            named = node.entries["name"][1]
        if not (isinstance(named, Scalar) and isinstance(named.value, str)):
            mapping = " or a mapping {name: ..., parameters}" if named is node else ""
            report_wrong(report, named, where, f"the name of an {what}{mapping}")
            return None
        choices = options()
        if named.value not in choices:
            try:
                table = table_of(what)
                if table is not None and table.find(named.value):
                    choices = options()
            except SourceError as error:
                report.add(named.mark, where, str(error))
                return None
        if named.value not in choices:
            installed = () if table is None else points_of(table.group)
            near = [*choices, *(point.name for point in installed)]
            message = unfit().get(named.value) or (
                f"unknown {what} {quote(named.value)}"
                f"{suggestion(_meant(named.value, choices), near, listing)}"
            )
            report.add(named.mark, where, message)
            return None
        return _with_parameters(choices[named.value], node, path, report)

    def schema() -> dict[str, Any]:
        """Each name alone where that is enough, and as an object with its parameters."""
        choices = options().values()
        bare = [
            {"const": option.name, "description": option.doc} for option in choices if option.bare
        ]
        return {"anyOf": [*bare, *(_option_schema(option) for option in choices)]}

    return ValueType(read, schema)


def _with_parameters(option: Option, node: Node, path: str, report: Report) -> Component | None:
    """The component that an option stands for, with the parameters that the node gives."""
    given = {}
    if isinstance(node, MapNode):
        given = {key: entry for key, entry in node.entries.items() if key != "name"}
    names = {parameter.name for parameter in option.parameters}
    for key, (mark, _) in given.items():
        if key not in names:
            report.add(mark, join(path, key), _unknown_parameter(option, key))
    values: dict[str, Any] = {}
    for parameter in option.entry_parameters:
        below = join(path, parameter.name)
        if parameter.name in given and parameter.name in names:
            written = given[parameter.name][1]
            values[parameter.name] = type_of(parameter).read(written, below, report)
        elif parameter.required:
            report.add(node.mark, below, f"required; for example: {_example(option)}")
            values[parameter.name] = None
        elif isinstance(parameter.default, str | int | float):
            values[parameter.name] = parameter.default
    if None in values.values():
        return None
    return _tried(option, values, node, path, report)


def _meant(name: str, options: Mapping[str, Option]) -> str:
    meant = ELSEWHERE.get(name.casefold(), name)
    return meant if meant in options else name


def _tried(
    option: Option, values: dict[str, Any], node: Node, path: str, report: Report
) -> Component | None:
    component = Component(option.canonical, tuple(sorted(values.items())))
    if option.build is None:
        return component
    try:
        option.build(**_without_words(option, values))
    except ParameterError as error:
        mark = node.mark
        if isinstance(node, MapNode) and error.parameter in node.entries:
            mark = node.entries[error.parameter][1].mark
        report.add(mark, join(path, error.parameter), error.message)
        return None
    return component


def _without_words(option: Option, values: dict[str, Any]) -> dict[str, Any]:
    """The values with 1 in place of every word, whose number is not known before the run."""
    words = {parameter.name: parameter.words for parameter in option.entry_parameters}
    return {name: 1.0 if value in words[name] else value for name, value in values.items()}


@cache
def type_of(parameter: Parameter) -> ValueType:
    """The type of value that a parameter may hold."""
    if parameter.choices:
        return choice(parameter.choices)
    if parameter.integer:
        low, high = parameter.minimum, parameter.maximum
        return integer(
            -LARGEST if low is None else int(low), LARGEST if high is None else int(high)
        )
    return number(
        parameter.minimum, parameter.maximum, above=parameter.above, words=parameter.words
    )


def _unknown_parameter(option: Option, key: str) -> str:
    if key.isdecimal():
        return f"unknown parameter of {option.name!r}; write decimals with a point, not a comma"
    names = [parameter.name for parameter in option.parameters]
    takes = f"it takes {', '.join(names)}" if names else "it takes none"
    if any(key == parameter.name for parameter in option.entry_parameters):
        return f"unknown parameter of {option.name!r}; {option.canonical!r} takes it"
    return f"unknown parameter of {option.name!r}{suggestion(key, names, takes)}"


def _example(option: Option) -> str:
    required = (parameter for parameter in option.parameters if parameter.required)
    given = (f"{each.name}: {each.choices[0] if each.choices else 0.1}" for each in required)
    return f"{{{', '.join((f'name: {option.name}', *given))}}}"


def _option_schema(option: Option) -> dict[str, Any]:
    properties: dict[str, Any] = {"name": {"const": option.name}}
    for parameter in option.parameters:
        schema = {"description": parameter.doc, **type_of(parameter).schema()}
        if isinstance(parameter.default, str | int | float):
            schema["default"] = parameter.default
        properties[parameter.name] = schema
    required = [parameter.name for parameter in option.parameters if parameter.required]
    return {
        "type": "object",
        "description": option.doc,
        "properties": properties,
        "required": ["name", *required],
        "additionalProperties": False,
    }


def table_of(what: str) -> Table[Any] | None:
    """The table of the rows that are called so; None where there is none."""
    from weightinit_cli.activations import ACTIVATIONS
    from weightinit_cli.initializers import INITIALIZERS

    return {table.what: table for table in (ACTIVATIONS, INITIALIZERS)}.get(what)


def activations() -> dict[str, Option]:
    """Every name of an activation, aliases included."""
    from weightinit_cli.activations import ACTIVATIONS

    return _activations(ACTIVATIONS.version)


@lru_cache(maxsize=1)
def _activations(version: int) -> dict[str, Option]:  # noqa: ARG001  # of the table
    from weightinit_cli.activations import ACTIVATIONS, ALIASES

    return _options(ACTIVATIONS, ALIASES, lambda row: row.build)


def initializers() -> dict[str, Option]:
    """Every name of an initializer, aliases included."""
    from weightinit_cli.initializers import INITIALIZERS

    return _initializers(INITIALIZERS.version)


@lru_cache(maxsize=1)
def _initializers(version: int) -> dict[str, Option]:  # noqa: ARG001  # of the table
    from weightinit_cli.initializers import (
        ALIASES,
        BARE_ALIASES,
        INITIALIZERS,
        Fans,
        Initializer,
    )

    def build_of(row: Initializer) -> Callable[..., object] | None:
        elsewhere = row.activation or row.theory or row.only == "kernel" or row.source
        return None if elsewhere else partial(row.build, Fans(1, 1))

    return _options(INITIALIZERS, ALIASES, build_of, BARE_ALIASES)


@cache
def vector_initializers() -> dict[str, Option]:
    """Every name of an initializer that works for a bias: of winit's own alone."""
    from weightinit_cli.initializers import INITIALIZERS

    fit = {name for name, row in INITIALIZERS.items() if row.build_bias or not row.needs_fans}
    return {name: option for name, option in initializers().items() if option.canonical in fit}


def matrix_initializers() -> dict[str, str]:
    """Every name of an initializer that does not work for a vector, with the reason."""
    fit = vector_initializers()
    works = f"for a bias there are {', '.join(fit)}"
    return {name: f"{name!r} needs a matrix; {works}" for name in initializers() if name not in fit}


def default_bias(initializer: Component) -> Component:
    """What the biases are where the spec does not say."""
    from weightinit_cli.initializers import INITIALIZERS

    return Component(INITIALIZERS[initializer.name].default_bias)


def _options(
    table: Mapping[str, Any],
    aliases: Mapping[str, str],
    build_of: Callable[[Any], Callable[..., object] | None],
    bare: Collection[str] = (),
) -> dict[str, Option]:
    """The options of a table; those that are `bare` take no parameters."""
    options = {}
    for name, canonical in {**{name: name for name in table}, **aliases}.items():
        row = table[canonical]
        parameters = () if name in bare else row.parameters
        options[name] = Option(name, canonical, row.doc, parameters, row.parameters, build_of(row))
    return options
