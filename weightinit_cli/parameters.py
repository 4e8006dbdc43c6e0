"""What the entries of the tables take: one description for validation, schema and `winit list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
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
