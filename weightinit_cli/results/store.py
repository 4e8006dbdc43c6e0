"""A result on disk: stats.json, read with every value checked, and the pictures beside it.

What an older winit wrote is upgraded, one version after the other. An upgrade changes the parsed
JSON alone, as far as it is what it should be: what is missing or of the wrong type is left for
`decode`, which says where it stands. Its constants are those of the day, whatever the defaults
have become since.
"""

from __future__ import annotations

import json
import os
import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from weightinit_cli.errors import WinitError, reason
from weightinit_cli.reading import read_file
from weightinit_cli.results.figures import BIASES, FIGURES, WEIGHTS
from weightinit_cli.results.files import write_files
from weightinit_cli.results.kinds import (
    RESULT_KINDS,
    WRITTEN_IN,
    AnyResult,
    check_consistency,
    drawn_by,
    kind_of,
)
from weightinit_cli.results.model import SCHEMA_VERSION
from weightinit_cli.results.plain import Mismatch, changes, decode, indented, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

STATS = "stats.json"
FORMATS = ("png", "svg", "pdf")
COMPARISON, SUMMARY, RUNS = "comparison", "summary.csv", "runs.json"
MOST_CHANGES = 4
# Only the environment has a text under these keys: who drew them. A layer has figures.
_DRAWER = re.compile(rb'"(weights|biases)": "')
Tree = dict[str, Any]
# What each version was the last to lack beside its figures: the beginnings of paths, `*` for any
# name, and keys of the spec.
_NEW_AFTER: Final[dict[int, tuple[str, ...]]] = {
    1: (
        "digest",
        "gradient",
        "repeats",
        "resolved.no_theory",
        "resolved.standard_errors",
        "spec.backward",
        "spec.repeats",
        "spec.thresholds",
        "theory",
        "verdict",
    ),
    2: (),
    3: (
        "repeats.gradient.nonfinite",
        "repeats.*.quantiles",
        "repeats.*.values",
        "resolution",
        "theory.figures.*.no_z",
        "theory.figures.*.standard_error",  # to first order in 1 / width; its z, too
        "theory.figures.*.z",
        "unresolved",
        "weights.quantiles",
    ),
    4: ("digest", "spec.thresholds", "verdict"),
    5: ("biases",),
    6: (
        "theory.figures.*.no_z",
        "theory.figures.*.standard_error",  # with the kurtosis of the weights' law; its z, too
        "theory.figures.*.z",
    ),
}


def dump_result(result: AnyResult) -> str:
    """The result as JSON text: sorted keys, no nan or inf, a list of numbers on one line."""
    return indented(result) + "\n"


def dump_line(result: AnyResult) -> str:
    """The result as JSON on a single line, the same data as `dump_result`."""
    return json.dumps(plain(result), separators=(",", ":"), allow_nan=False)


def load_result(path: str | os.PathLike[str]) -> AnyResult:
    """Read a saved result: a stats.json, or the folder that holds one.

    What an older winit wrote is brought up to the present schema.

    Raises WinitError, naming the file and the place in it, where it is missing, not JSON, of a
    newer schema, or where a figure is missing, of the wrong type or contradicts another.

    Example:
        >>> import weightinit_cli as winit
        >>> result = winit.run("relu_he")
        >>> [path.name for path in result.save("outputs/relu_he")]
        ['histogram.png', 'depth.png', 'stats.json']
        >>> winit.load_result("outputs/relu_he") == result
        True
    """
    return load_saved(path)[0]


def load_saved(path: str | os.PathLike[str]) -> tuple[AnyResult, int]:
    """A saved result as `load_result` reads it, and the schema version that it was written in."""
    file = Path(path)
    try:
        if os.path.isdir(file):  # noqa: PTH112  # which does not mind where nobody may look
            file = file / STATS
        data = parse(read_file(file))
        version = _check_version(data)
        upgrade(data)
        if version < SCHEMA_VERSION and isinstance(data.get("environment"), dict):
            data["environment"].setdefault(WRITTEN_IN, version)
        result: AnyResult = decode(_kind(data), data)
        check_consistency(result)
    except FileNotFoundError as error:
        raise WinitError(f"{path}: {_why_none(Path(path), error)}") from None
    except OSError as error:
        raise WinitError(f"{file}: {reason(error)}") from None
    except (Mismatch, ValueError) as error:
        raise WinitError(f"{file}: {error}") from None
    return result, written_in(result)


def written_in(result: AnyResult) -> int:
    """The schema version that a result was written in, before it was upgraded."""
    version: int = result.environment.get(WRITTEN_IN, SCHEMA_VERSION)
    return min(version, SCHEMA_VERSION)


def parse(data: bytes) -> Any:
    """What a file of JSON holds. Raises Mismatch where it is no strict JSON."""
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Mismatch(
            f"line {error.lineno}, column {error.colno}", f"not JSON: {error.msg}"
        ) from None
    except UnicodeDecodeError:
        raise Mismatch("", "not JSON: not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise Mismatch("", f"not JSON that winit writes: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise Mismatch("", f"holds {name}, which is not JSON")


def _check_version(data: Any) -> int:
    found = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise Mismatch("schema_version", "missing: not a result of winit")
    if found > SCHEMA_VERSION:
        environment = data.get("environment")
        if found > 10**6:
            raise Mismatch("schema_version", "not a version of winit's")
        writer = environment.get("winit") if isinstance(environment, dict) else None
        raise Mismatch(
            "schema_version",
            f"{found} is newer than {SCHEMA_VERSION}, which this winit reads; "
            + (
                f"winit {ascii(writer)[1:-1][:40]} wrote it"
                if isinstance(writer, str)
                else "a newer winit wrote it"
            ),
        )
    return found


def _kind(data: Any) -> type[AnyResult]:
    """The class of the result that a tree holds, decided by the experiment of its spec."""
    spec = data.get("spec")
    experiment = spec.get("experiment", "histogram") if isinstance(spec, dict) else "histogram"
    if not isinstance(experiment, str) or experiment not in RESULT_KINDS:
        raise Mismatch("spec.experiment", f"must be one of {', '.join(RESULT_KINDS)}")
    return RESULT_KINDS[experiment].result


def _why_none(place: Path, error: FileNotFoundError) -> str:
    """Why a place has no result, and what it has instead."""
    if os.path.islink(error.filename):  # noqa: PTH114
        return reason(error)
    one = min(place.glob(f"*/{STATS}"), default=None)
    if one is not None:
        return f"holds several results; {one.parent} is one"
    return f"no such result; winit histogram, symmetry and train write OUT/<name>/{STATS}"


def picture_names(result: AnyResult, formats: Iterable[str]) -> list[str]:
    """The files of a result's pictures in these formats."""
    return [f"{picture}.{name}" for picture in kind_of(result).drawn(result) for name in formats]


def files_of(result: AnyResult, drawn: Mapping[str, bytes]) -> dict[str, bytes]:
    """A result's files by name: its pictures as they were drawn, then stats.json."""
    return {**drawn, STATS: dump_result(result).encode()}


def save_files(out: Path, folder: str, digest: str, files: Mapping[str, bytes]) -> list[Path]:
    """Write a result's files to its folder and return their paths; pictures of another run go.

    So does what several runs of a spec have there in common. Raises WinitError where they cannot
    be written.
    """
    place = out / folder
    former = (
        name for name in chain(outdated(place, digest), common_files(place)) if name not in files
    )
    return write_files(out, folder, files, former)


def is_of(file: Path, digest: str) -> bool:
    """Whether a picture or stats.json is there and is that of the run with this digest."""
    return digest.encode() in _content(file)


def _content(file: Path) -> bytes:
    """What a file holds; nothing where it cannot be read."""
    try:
        return read_file(file)
    except OSError:
        return b""


def outdated(place: Path, digest: str) -> Iterator[str]:
    """The pictures in a result's folder that can't be shown to be of the run with this digest."""
    return (name for name in _pictures(place) if not is_of(place / name, digest))


def _pictures(place: Path) -> Iterator[str]:
    """The pictures in a result's folder; a folder of a picture's name is none."""
    for picture in chain.from_iterable(kind.pictures for kind in RESULT_KINDS.values()):
        for name in FORMATS:
            file = place / f"{picture}.{name}"
            if os.path.lexists(file) and not file.is_dir():
                yield file.name


def common_files(place: Path) -> Iterator[str]:
    """What stands in a folder of several runs beside their own folders."""
    for name in (RUNS, SUMMARY, *(f"{COMPARISON}.{each}" for each in FORMATS)):
        if (place / name).is_file():
            yield name


def own_files(place: Path) -> Iterator[str]:
    """What stands in the folder of a single result: stats.json and the pictures."""
    if (place / STATS).is_file():
        yield from (STATS, *_pictures(place))


def replaced(place: Path, digest: str, spec: Mapping[str, Any]) -> str:
    """In words, of which other spec the saved result in a folder is, or who drew it; else empty.

    `digest` and the normal form `spec` are those of the run that is to be saved there.
    """
    if next(common_files(place), None) is not None:
        return f"{place}: replaces a comparison of several runs, whose folders stay"
    content = _content(place / STATS)
    if digest.encode() in content and not _DRAWER.search(content):
        return ""  # as mostly; to understand all of a result takes far longer
    try:
        former, version = load_saved(place)
    except WinitError:
        return ""
    if names := drawn_by(former):
        return f"{place}: replaces what {' and '.join(names.values())} drew"
    differing = changes(former.spec, spec)
    parts = [
        f"{path.removesuffix('.name')}: {change}"
        for path, change in differing.items()
        if path != "name" and not ("layers" in differing and _of_one_layer(path, change))
    ]
    if not parts and version < SCHEMA_VERSION:
        return ""  # it is the same spec, as an older winit wrote it
    more = f"; and {len(parts) - MOST_CHANGES:,} more" if len(parts) > MOST_CHANGES else ""
    changed = "; ".join(parts[:MOST_CHANGES]) + more or "the same, of other data"
    return f"{place}: replaces the result of another spec ({changed})"


def _of_one_layer(path: str, change: str) -> bool:
    """Whether it is the entry of a layer that only one of two specs has, as of their widths."""
    return "absent" in change.split(", now ") and re.search(r"\.\d+(\.|$)", path) is not None


def upgrade(tree: Tree) -> None:
    """Bring a tree of an older version up to SCHEMA_VERSION, in place.

    Raises Mismatch for a figure that its version does not have.
    """
    for version in range(tree["schema_version"], SCHEMA_VERSION):
        if version in UPGRADES:
            UPGRADES[version](tree)
        for path, layer in _named_layers(tree):
            _add_figures(layer, version + 1, path)
        tree["schema_version"] = version + 1


def upgrade_1_to_2(tree: Tree) -> None:
    """Version 1 had no gradient, theory or verdict, and one network; its digest stays as it was."""
    _add(tree, {"verdict": []}, "")
    _add(
        tree.get("spec"),
        {
            "backward": False,
            "repeats": 1,
            "thresholds": {
                "collapsed": 0.001,
                "saturated": 0.3,
                "inputs_indistinguishable": 0.02,
                "dying": 0.1,
                "vanishing_signal": 0.57,
                "exploding_signal": 1.75,
                "vanishing_gradient": 0.57,
                "exploding_gradient": 1.75,
            },
        },
        "spec",
    )
    older = {
        "no_theory": "recorded by an older winit, which had no theory",
        "standard_errors": None,
    }
    _add(tree.get("resolved"), older, "resolved")
    new: Tree = {"gradient": None, "theory": None, "repeats": None}
    for path, layer in _named_layers(tree):
        _add(layer, new, path)


def upgrade_2_to_3(tree: Tree) -> None:
    """Version 2 had no convolutions and no pretraining."""
    spec = tree.get("spec")
    experiment = spec.get("experiment", "histogram") if isinstance(spec, dict) else "histogram"
    if experiment == "training":
        networks = tree.get("networks")
        for number, network in enumerate(networks if isinstance(networks, list) else ()):
            _add(network, {"pretraining": []}, f"networks.{number}")
    elif experiment == "histogram":
        _add(tree, {"kernels": None}, "")
        _add(tree.get("resolved"), {"pretraining": []}, "resolved")
        for path, layer in _named_layers(tree):
            _add(layer, {"channels": None}, path)


def upgrade_3_to_4(tree: Tree) -> None:
    """Version 3 had no resolution, no quantiles of weights and over seeds, and no reasons."""
    for path, layer in _named_layers(tree):
        _add(layer, {"resolution": None, "unresolved": {}}, path)
        if isinstance(layer, dict):
            _add(layer.get("weights"), {"quantiles": None}, f"{path}.weights")
            _add_to_each(layer.get("repeats"), {"quantiles": None}, f"{path}.repeats")
            theory = layer.get("theory")
            figures = theory.get("figures") if isinstance(theory, dict) else None
            _add_to_each(figures, {"no_z": None}, f"{path}.theory.figures")


def upgrade_4_to_5(tree: Tree) -> None:
    """Version 4 had one severity, advice that was not tried, and thresholds of a mean per layer."""
    notes = {"collapsed", "dying", "saturated", "vanishing_signal"}
    verdicts = tree.get("verdict")
    for number, verdict in enumerate(verdicts if isinstance(verdicts, list) else ()):
        name = verdict.get("name") if isinstance(verdict, dict) else None
        severity = None if name == "healthy" else "note" if name in notes else "warning"
        _add(verdict, {"severity": severity, "over": None, "because": None}, f"verdict.{number}")
        if severity is not None and isinstance(verdict.get("advice"), str):
            verdict["advice"] = None
    spec = tree.get("spec")
    thresholds = spec.get("thresholds") if isinstance(spec, dict) else None
    if isinstance(thresholds, dict):
        if thresholds.get("inputs_indistinguishable") == 0.02:
            thresholds["inputs_indistinguishable"] = 0.01
        thresholds |= {
            "signal_drowned": 0.03,
            "vanishing_signal": 0.01,
            "exploding_signal": 100.0,
            "vanishing_gradient": 0.005,
            "exploding_gradient": 200.0,
        }


def upgrade_5_to_6(tree: Tree) -> None:
    """Version 5 recorded nothing of the biases."""
    for path, layer in _named_layers(tree):
        _add(layer, {"biases": None}, path)


def _named_layers(tree: Tree) -> list[tuple[str, Any]]:
    """All that has the figures of a layer, with its path: a network's layers, a probe's values."""
    spec = tree.get("spec")
    experiment = spec.get("experiment", "histogram") if isinstance(spec, dict) else None
    if experiment == "histogram":
        return [("input", tree.get("input")), *_numbered(tree, "layers")]
    if experiment != "probe":
        return []
    given = tree.get("input")
    named = given.items() if isinstance(given, dict) else ()
    found = [(f"input.{name}", each) for name, each in named]
    for path, value in _numbered(tree, "values"):
        if isinstance(value, dict):
            found.append((f"{path}.figures", value.get("figures")))
    return found


def _numbered(tree: Tree, key: str) -> list[tuple[str, Any]]:
    """The entries of a list, each with its path."""
    entries = tree.get(key)
    listed = entries if isinstance(entries, list) else ()
    return [(f"{key}.{number}", each) for number, each in enumerate(listed)]


def _add_figures(layer: object, version: int, place: str) -> None:
    """Give a layer the figures that this version was the first to have."""
    if not isinstance(layer, dict):
        return
    for path, row in (FIGURES | WEIGHTS | BIASES).items():
        if row.since == version and not row.optional:
            part, _, key = path.rpartition(".")
            owner = layer.get(part) if part else layer
            _add(owner, {key: None}, f"{place}.{part}" if part else place)


def _add_to_each(parts: object, new: Mapping[str, Any], path: str) -> None:
    for name, part in parts.items() if isinstance(parts, dict) else ():
        _add(part, new, f"{path}.{name}")


def _add(part: object, new: Mapping[str, Any], path: str) -> None:
    """Give an object keys that its version did not have."""
    if not isinstance(part, dict):
        return
    for key, value in new.items():
        if key in part:
            raise Mismatch(f"{path}.{key}" if path else key, "unknown figure")
        part[key] = value


def _new_figures(version: int) -> list[str]:
    """Where the figures stand that this version was the first to have."""
    paths = [p for p, row in FIGURES.items() if row.since == version and not row.optional]
    told = [f"{part}.{path}" for path in paths for part in ("repeats", "theory.figures")]
    drawn = [path for path, row in (WEIGHTS | BIASES).items() if row.since == version]
    return [*paths, *told, *drawn]


# What the files of each version lacked.
LACKED: Final[dict[int, tuple[str, ...]]] = {
    version: tuple(
        path
        for last in range(version, SCHEMA_VERSION)
        for path in (*_NEW_AFTER.get(last, ()), *_new_figures(last + 1))
    )
    for version in range(1, SCHEMA_VERSION)
}

UPGRADES: Final[dict[int, Callable[[Tree], None]]] = {
    1: upgrade_1_to_2,
    2: upgrade_2_to_3,
    3: upgrade_3_to_4,
    4: upgrade_4_to_5,
    5: upgrade_5_to_6,
}
