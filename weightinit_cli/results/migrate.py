"""Results that an older winit wrote: one upgrade per version, applied one after the other.

An upgrade changes the parsed JSON alone, as far as it is what it should be: what is missing or of
the wrong type is left for `decode`, which says where it stands. The constants are those of the
day, whatever the defaults have become since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.results.figures import FIGURES, WEIGHTS
from weightinit_cli.results.model import SCHEMA_VERSION
from weightinit_cli.results.plain import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Tree = dict[str, Any]


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
    """No gradient, no theory, one network, no verdict; the digest stays that of its own time."""
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
    """No convolutions and nothing pretrained."""
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
    """No resolution, no quantiles of weights and over seeds, no reasons."""
    for path, layer in _named_layers(tree):
        _add(layer, {"resolution": None, "unresolved": {}}, path)
        if isinstance(layer, dict):
            _add(layer.get("weights"), {"quantiles": None}, f"{path}.weights")
            _add_to_each(layer.get("repeats"), {"quantiles": None}, f"{path}.repeats")
            theory = layer.get("theory")
            figures = theory.get("figures") if isinstance(theory, dict) else None
            _add_to_each(figures, {"no_z": None}, f"{path}.theory.figures")


def _named_layers(tree: Tree) -> list[tuple[str, Any]]:
    """The input and the layers of a result of `experiment: histogram`, each with its path."""
    spec = tree.get("spec")
    if not isinstance(spec, dict) or spec.get("experiment", "histogram") != "histogram":
        return []
    layers = tree.get("layers")
    numbered = enumerate(layers if isinstance(layers, list) else ())
    return [("input", tree.get("input")), *((f"layers.{n}", each) for n, each in numbered)]


def _add_figures(layer: object, version: int, place: str) -> None:
    """Give a layer the figures that this version was the first to have."""
    if not isinstance(layer, dict):
        return
    for path, row in (FIGURES | WEIGHTS).items():
        if row.since == version:
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
}


def _new_figures(version: int) -> list[str]:
    """Where the figures stand that this version was the first to have."""
    paths = [path for path, row in FIGURES.items() if row.since == version]
    told = [f"{part}.{path}" for path in paths for part in ("repeats", "theory.figures")]
    return [*paths, *told, *(path for path, row in WEIGHTS.items() if row.since == version)]


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
}
