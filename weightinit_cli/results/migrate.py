"""Results that an older winit wrote: one upgrade per version, applied one after the other.

An upgrade changes the parsed JSON alone, as far as it is what it should be: what is missing or of
the wrong type is left for `decode`, which says where it stands. The constants are those of the
day, whatever the defaults have become since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.results.decode import Mismatch
from weightinit_cli.results.model import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Tree = dict[str, Any]


def upgrade(tree: Tree) -> None:
    """Bring a tree of an older version up to SCHEMA_VERSION, in place.

    Raises Mismatch for a figure that its version does not have.
    """
    for version in range(tree["schema_version"], SCHEMA_VERSION):
        UPGRADES[version](tree)
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
    _add(tree.get("input"), new, "input")
    layers = tree.get("layers")
    for number, layer in enumerate(layers if isinstance(layers, list) else ()):
        _add(layer, new, f"layers.{number}")


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
        _add(tree.get("input"), {"channels": None}, "input")
        layers = tree.get("layers")
        for number, layer in enumerate(layers if isinstance(layers, list) else ()):
            _add(layer, {"channels": None}, f"layers.{number}")


def _add(part: object, new: Mapping[str, Any], path: str) -> None:
    """Give an object keys that its version did not have."""
    if not isinstance(part, dict):
        return
    for key, value in new.items():
        if key in part:
            raise Mismatch(f"{path}.{key}" if path else key, "unknown figure")
        part[key] = value


# What the files of each version lacked, by the beginnings of its paths, and keys of the spec.
LACKED: Final[dict[int, tuple[str, ...]]] = {
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
}

UPGRADES: Final[dict[int, Callable[[Tree], None]]] = {
    1: upgrade_1_to_2,
    2: upgrade_2_to_3,
}
