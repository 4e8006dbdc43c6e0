"""What the entries of the tables take: one description for validation, schema and `winit list`."""

from __future__ import annotations

from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from inspect import Parameter as Argument
    from types import EllipsisType

# The default of a parameter that has none (libraries differ, so none is right).
REQUIRED: Final = ...


class Parameter(NamedTuple):
    """One parameter of an initializer or an activation.

    A number, bounded by `minimum` (or, exclusively, by `above`), unless `choices` lists the
    names it may be; `integer` says that it is a whole one, of at least `minimum`. One of `words`
    stands for a number that the run computes. `default` None means that the parameter may be left
    out altogether.

    Example:
        >>> import weightinit_cli as winit
        >>> winit.Parameter("gain", "multiplies the standard deviation", 1.0, above=0).required
        False
    """

    name: str
    doc: str
    default: float | str | EllipsisType | None = REQUIRED
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    integer: bool = False

    @property
    def required(self) -> bool:
        """Whether a spec must give it."""
        return self.default is REQUIRED


class ParameterError(ValueError):
    """A parameter whose value an initializer or an activation cannot take.

    The tables' functions raise it, which know no file; the spec adds the place.
    """

    def __init__(self, parameter: str, message: str) -> None:
        self.parameter = parameter
        self.message = message
        super().__init__(f"{parameter}: {message}")

    def __reduce__(self) -> tuple[type[ParameterError], tuple[str, str]]:
        return (ParameterError, (self.parameter, self.message))


def parameters_of(
    function: Callable[..., Any], given: Iterable[Parameter], leading: Sequence[str]
) -> tuple[Parameter, ...]:
    """The parameters that a function takes after its `leading` ones, as the tables have them.

    Those that are `given` have words and bounds; of the others the signature says the default.
    Raises TypeError where the function does not take what is given, or has a default that no spec
    can hold.
    """
    name = _name(function)
    described = _described(given)
    found: dict[str, Parameter] = {}
    arguments = _arguments(function, leading)
    for argument in arguments:
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            continue
        if argument.kind is argument.POSITIONAL_ONLY:
            raise TypeError(f"{name}: {argument.name} must be taken by name; leave out the /")
        default = REQUIRED if argument.default is argument.empty else argument.default
        whole = argument.annotation in (int, "int")
        parameter = described.get(argument.name) or Parameter(argument.name, "", integer=whole)
        found[argument.name] = (
            parameter._replace(default=default) if parameter.required else parameter
        )
    any_name = any(argument.kind is argument.VAR_KEYWORD for argument in arguments)
    for each, parameter in described.items():
        if each not in found and not any_name:
            raise TypeError(f"{name} does not take the parameter {each!r}")
        found.setdefault(each, parameter)
    if "name" in found:
        raise TypeError("a parameter cannot be called 'name': a spec has the row's name there")
    for parameter in found.values():
        _require_default(name, parameter)
    return tuple(map(_as_in_specs, found.values()))


def require(
    function: object, what: str, leading: Sequence[str], parameters: Iterable[Parameter]
) -> None:
    """Raise TypeError unless a function takes the `leading` arguments, and parameters by name.

    `what` is the function in words, as "derivative".
    """
    from inspect import signature

    parameters = tuple(parameters)
    names = [each.name for each in parameters]
    form = f"fn({', '.join([*leading, *names])})"
    if not callable(function):
        raise TypeError(f"{what} must be a function {form}, not {function!r}")
    left_out = {each.name for each in parameters if each.default is None}
    try:
        taken = signature(function)
        for some in (names, [name for name in names if name not in left_out]):
            taken.bind(*leading, **dict.fromkeys(some))
    except ValueError:  # what is written in C need not say what it takes
        return
    except TypeError as error:
        raise TypeError(f"{what} must be a function {form}: {error}") from None


def _described(given: Iterable[Parameter]) -> dict[str, Parameter]:
    described: dict[str, Parameter] = {}
    for each in given:
        if not isinstance(each, Parameter):
            raise TypeError(f"must be Parameter('gain', 'what it is'), not {each!r}")
        if each.name in described:
            raise TypeError(f"there are two parameters {each.name!r}")
        described[each.name] = each
    return described


def _arguments(function: Callable[..., Any], leading: Sequence[str]) -> list[Argument]:
    """What a function takes after its `leading` arguments; TypeError unless it takes these."""
    from inspect import signature

    if getattr(function, "nin", None) == len(leading):
        return []  # one of numpy's ufuncs: what else it takes is none of a spec's
    name = _name(function)
    try:
        arguments = list(signature(function).parameters.values())
    except ValueError:
        message = f"{name} does not say what it takes; a def or lambda around it does"
        raise TypeError(message) from None
    by_place = [each for each in arguments[: len(leading)] if each.kind <= 1]
    if len(by_place) < len(leading):
        form = f"{name}({', '.join([*leading, '**parameters'])})"
        raise TypeError(f"{name} must take {', '.join(leading)}: {form}")
    return arguments[len(leading) :]


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _as_in_specs(parameter: Parameter) -> Parameter:
    """The parameter with its default of the type that a spec's number has."""
    default = parameter.default
    if not isinstance(default, Real):
        return parameter
    return parameter._replace(default=int(default) if parameter.integer else float(default))


def _require_default(function: str, parameter: Parameter) -> None:
    """Raise TypeError for a default that no spec could give."""
    name, default, choices = parameter.name, parameter.default, parameter.choices
    if parameter.required or default is None:
        return
    if isinstance(default, str) and default in (*choices, *parameter.words):
        return
    if choices:
        right = f"one of {', '.join(choices)}"
    elif isinstance(default, bool) or not isinstance(default, Real):
        words = f"Parameter({name!r}, 'what it is', choices=('a', 'b'))"
        right = f"a number, or one of the choices of {words}"
    elif isfinite(default) and _is_within(parameter, default):
        return
    else:
        right = "a finite number within its bounds"
    raise TypeError(f"{function}: the default of {name} must be {right}, not {default!r}")


def _is_within(parameter: Parameter, value: float) -> bool:
    minimum, above, maximum = parameter.minimum, parameter.above, parameter.maximum
    return (
        (minimum is None or value >= minimum)
        and (above is None or value > above)
        and (maximum is None or value <= maximum)
        and not (parameter.integer and value % 1)
    )


class Thresholds(NamedTuple):
    """The value of a verdict's figure from which on it is drawn, by the verdict's name.

    Those of signals and gradients are factors over all layers, of root mean squares and norms.
    """

    collapsed: float = 0.001
    saturated: float = 0.3
    inputs_indistinguishable: float = 0.01
    signal_drowned: float = 0.03
    dying: float = 0.1
    vanishing_signal: float = 0.01
    exploding_signal: float = 100
    vanishing_gradient: float = 0.005
    exploding_gradient: float = 200
