"""What the modules and parameters of a model are called, in plain torch and in Keras on torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

PARAMETRIZED, KERAS = "parametrizations", "keras"
_AROUND = frozenset(("_orig_mod", "_functional", "_torch_params"))


class Named(NamedTuple):
    """A parameter, all its names, and its module: its path, itself, and the name in it.

    What a parametrization computes a weight of belongs to the weight's module.
    """

    parameter: nn.Parameter
    names: tuple[str, ...]
    path: str
    module: nn.Module
    own: str

    @property
    def name(self) -> str:
        """The first of its names."""
        return self.names[0]


class Naming:
    """The paths of a model's modules by their ids, and its parameters in the model's own order."""

    def __init__(self, model: nn.Module) -> None:
        layers = dict(keras_layers(model))
        self.paths = {id(each): written(name) for name, each in model.named_modules()}
        self.paths |= {id(each): path for path, each in layers.items()}
        of_keras = {id(each.parameter): each for each in _keras_parameters(layers)}
        others = {id(each) for layer in layers.values() for each in layer.parameters()}
        found: dict[int, Named] = {}
        for name, parameter in model.named_parameters(remove_duplicate=False):
            key = id(parameter)
            if key in of_keras:
                found |= {} if key in found else of_keras  # in the order of the layers
            elif key in found:
                found[key] = found[key]._replace(names=(*found[key].names, written(name)))
            elif key not in others:
                found[key] = Named(parameter, (written(name),), *_owner(model, name))
        self.parameters = tuple(each for each in found.values() if each.parameter.numel())


def written(path: str) -> str:
    """A path as its model has it, without what torch.compile and Keras put around modules."""
    return ".".join(part for part in path.split(".") if part not in _AROUND)


def is_of(module: nn.Module, package: str, kind: str = "") -> bool:
    """Whether a module's class, or one that it is made of, is of a package, and called so."""
    return any(
        each.__module__.partition(".")[0] == package and kind in {"", each.__name__}
        for each in type(module).__mro__
    )


def _owner(model: nn.Module, name: str) -> tuple[str, nn.Module, str]:
    """The path of the module that a parameter belongs to, the module, and its name there."""
    path, _, own = name.rpartition(".")
    parts = path.split(".")
    if PARAMETRIZED in parts:
        place = parts.index(PARAMETRIZED)
        path, own = ".".join(parts[:place]), ".".join([*parts[place + 1 :], own])
    return written(path), model.get_submodule(path), own


def keras_layers(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """The layers of every Keras model or layer in a model, by their paths."""
    roots: list[str] = []
    for name, module in model.named_modules():
        if any(not root or f"{name}.".startswith(f"{root}.") for root in roots):
            continue
        if not is_of(module, KERAS):
            continue
        roots.append(name)
        top: Any = module
        above = str(top.path or top.name).replace("/", ".")
        for layer in top._flatten_layers():
            path = str(layer.path or layer.name).replace("/", ".").removeprefix(f"{above}.")
            parts = (written(name), "" if layer is top else path)
            yield ".".join(filter(None, parts)), layer


def _keras_parameters(layers: Mapping[str, Any]) -> Iterator[Named]:
    """The parameters of Keras layers that training changes."""
    found: dict[int, Named] = {}
    for path, layer in layers.items():
        for variable in layer._trainable_variables:
            name, key = ".".join(filter(None, (path, variable.name))), id(variable.value)
            former = found.get(key, Named(variable.value, (), path, layer, variable.name))
            found[key] = former._replace(names=(*former.names, name))
    yield from found.values()


def keras_states(model: nn.Module) -> list[Any]:
    """What Keras keeps among parameters and no gradient changes: statistics, and seeds."""
    return [
        variable.value
        for _, layer in keras_layers(model)
        for variable in layer._non_trainable_variables
    ]
