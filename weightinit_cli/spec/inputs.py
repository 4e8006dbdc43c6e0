"""What a network is shown: `inputs`, a law to draw from, digits, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weightinit_cli.data import digits
from weightinit_cli.errors import WinitError, printable
from weightinit_cli.parameters import REQUIRED
from weightinit_cli.spec.components import ELSEWHERE
from weightinit_cli.spec.model import Component
from weightinit_cli.spec.nodes import MapNode, Scalar, join, quote, report_wrong, suggestion
from weightinit_cli.spec.values import (
    Field,
    ValueType,
    boolean,
    number,
    object_schema,
    read_key,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.spec.nodes import Node, Report

# Of a file of more inputs, so many are drawn where the spec does not say.
MOST_BY_DEFAULT: Final = 1000
# Far from where float32 ends, and squares in float64.
_LARGEST: Final = 1e30


class Kind(NamedTuple):
    """One name that `inputs` may have: what it is, and the parameters that it takes."""

    doc: str
    fields: tuple[Field, ...] = ()

    @property
    def bare(self) -> bool:
        """Whether the name alone is enough."""
        return all(field.default is not REQUIRED for field in self.fields)


NORMAL: Final = "normal"
DIGITS: Final = "digits"
FILE: Final = "file"
KINDS: Final[Mapping[str, Kind]] = {
    NORMAL: Kind(
        "N(0, 1); any two inputs are correlated by `correlation`",
        (
            Field(
                "correlation",
                number(minimum=0, below=1),
                "c of any two inputs, x = √c s + √(1 - c) e: what they share, and what each has",
                0.0,
            ),
        ),
    ),
    "uniform": Kind(
        "uniform between `low` and `high`",
        (
            Field("low", number(-_LARGEST, _LARGEST), "the smallest value", -1.0),
            Field("high", number(-_LARGEST, _LARGEST), "the largest value", 1.0),
        ),
    ),
    DIGITS: Kind("the 1,797 digits of scikit-learn, 8 × 8 pixels from 0 to 1"),
    FILE: Kind(
        "the rows of a file",
        (
            Field(
                "path",
                text("the path of a file"),
                "an array of numpy's (.npy), text (CSV) or images (IDX); from the current folder",
                example="x.npy",
            ),
            Field(
                "standardize",
                boolean(),
                "whether each feature has its mean over the file taken off, and is divided by its "
                "standard deviation; one that never changes becomes 0",
                False,
            ),
        ),
    ),
}
# Those that are there before the run, in this number and of this size.
FROM_DATA: Final = (DIGITS, FILE)
_LISTED: Final = "there are " + ", ".join(KINDS)


def inputs() -> ValueType:
    """A name of KINDS, or a mapping of `name` (normal, unless given) and its parameters.

    It is read as a Component, defaults filled in; what is N(0, 1) is None, as where there is no
    such key.
    """
    return ValueType(_read, _schema)


def _read(node: Node, path: str, report: Report) -> Component | None:
    named, where = node, path
    if isinstance(node, MapNode):
        where = join(path, "name")
        entry = node.entries.get("name")
        named = Scalar(node.mark, NORMAL, NORMAL) if entry is None else entry[1]
    if not (isinstance(named, Scalar) and isinstance(named.value, str)):
        mapping = " or a mapping {name: ..., parameters}" if named is node else ""
        report_wrong(report, named, where, f"the name of inputs{mapping}")
        return None
    if named.value not in KINDS:
        report.add(named.mark, where, _unknown(named.value))
        return None
    values = _parameters(named.value, node, path, report)
    if None in values.values():
        return None
    if named.value == "uniform" and not values["low"] < values["high"]:
        report.add(node.mark, path, f"low, {values['low']:g}, must be below {values['high']:g}")
        return None
    found = Component(named.value, tuple(sorted(values.items())))
    return None if found == Component(NORMAL, (("correlation", 0.0),)) else found


def _parameters(name: str, node: Node, path: str, report: Report) -> dict[str, Any]:
    """The parameters of a kind, defaults filled in; None those that are wrong."""
    fields = {field.name: field for field in KINDS[name].fields}
    given = node if isinstance(node, MapNode) else MapNode(node.mark, {})
    for key, (mark, _) in given.entries.items():
        if key not in fields and key != "name":
            report.add(mark, join(path, key), _unknown_parameter(name, key))
    return {key: read_key(key, fields, given, path, report) for key in fields}


def _unknown(name: str) -> str:
    if Path(name).suffix in (".npy", ".csv", ".idx", ".gz", ".txt"):
        return f"unknown inputs {quote(name)}; write {{name: file, path: {printable(name)}}}"
    meant = ELSEWHERE.get(name.casefold(), name)
    return f"unknown inputs {quote(name)}{suggestion(meant, KINDS, _LISTED)}"


def _unknown_parameter(name: str, key: str) -> str:
    own = [field.name for field in KINDS[name].fields]
    for other, kind in KINDS.items():
        if other != name and key in (field.name for field in kind.fields):
            return (
                f"unknown parameter of {name!r}; {other!r} takes it: {{name: {other}, {key}: ...}}"
            )
    takes = f"it takes {', '.join(own)}" if own else "it takes none"
    return f"unknown parameter of {name!r}{suggestion(key, own, takes)}"


def _schema() -> dict[str, Any]:
    bare = [{"const": name, "description": kind.doc} for name, kind in KINDS.items() if kind.bare]
    return {"anyOf": [*bare, *map(_kind_schema, KINDS)]}


def _kind_schema(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    schema = object_schema(kind.fields)
    named = [] if name == NORMAL else ["name"]
    return {
        **schema,
        "description": kind.doc,
        "properties": {"name": {"const": name}, **schema["properties"]},
        "required": [*named, *schema.get("required", ())],
    }


def fill_inputs(values: dict[str, Any], root: MapNode, report: Report) -> None:
    """Fill in how many inputs there are, and their size, where a file decides; see that they fit.

    `values["features"]` is None where the spec says nothing of it, not even by an image.
    """
    given: Component | None = values["inputs"]
    if given is None or given.name not in FROM_DATA:
        return
    node = root.entries["inputs"][1]
    mark, path = node.mark, "inputs"
    if isinstance(node, MapNode) and "path" in node.entries:
        mark, path = node.entries["path"][1].mark, "inputs.path"
    try:
        count, size = _shape(given)
    except WinitError as error:
        report.add(mark, path, f"{error}{_beside(given, mark.source)}")
        return
    what = given.name if given.name == DIGITS else printable(str(given.arguments["path"]))
    if "samples" not in root.entries:
        values["samples"] = min(count, MOST_BY_DEFAULT)
    elif values["samples"] is not None and values["samples"] > count:
        message = f"{what} has {count:,} inputs, not {values['samples']:,}"
        report.add(root.entries["samples"][1].mark, "samples", message)
    if values["features"] is None and "features" not in root.entries:
        values["features"] = None if values.get("convolution") is not None else size
    elif values["features"] not in (None, size):
        key = "features" if "features" in root.entries else "image"
        at = root.entries[key][1].mark if key in root.entries else mark
        message = f"{what} has {size:,} features, not {values['features']:,}"
        if key == "image":
            message = f"{what} has {size:,} values, not the {values['features']:,} of an image"
        report.add(at, key, message)


def _shape(given: Component) -> tuple[int, int]:
    """How many inputs there are, and of how many values. Raises WinitError."""
    if given.name == DIGITS:
        return digits.INPUTS, digits.FEATURES
    from weightinit_cli.data.inputs import seen

    found = seen(str(given.arguments["path"]))
    return found.inputs, found.features


def _beside(given: Component, source: str) -> str:
    """A hint at a file that stands beside the spec, where there is none in the current folder."""
    path = Path(source).parent / str(given.arguments.get("path", ""))
    try:
        found = "path" in given.arguments and not Path(str(given.arguments["path"])).exists()
        if found and path.is_file():
            return f"; paths are taken from the current folder: {printable(str(path))} is there"
    except (OSError, ValueError):
        pass
    return ""
