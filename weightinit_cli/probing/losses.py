"""What is minimized: `cross_entropy:10`, `mean_square`, a person's function, or the model's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.errors import WinitError, printable
from weightinit_cli.probing.failures import find_target
from weightinit_cli.spec.nodes import nearest
from weightinit_cli.targets import portable_target

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

CROSS_ENTROPY, MEAN_SQUARE, OWN, RANDOM = "cross_entropy", "mean_square", "own", "random"
NAMES = (CROSS_ENTROPY, MEAN_SQUARE)
FORMS = "must be cross_entropy, cross_entropy:CLASSES, mean_square, or file.py:function"


class Loss(NamedTuple):
    """A loss in words, and how it is computed.

    `kind` is CROSS_ENTROPY with labels drawn uniformly among the classes, MEAN_SQUARE against
    N(0, 1), OWN, by `function(output, batch)`, or RANDOM: the sum of the outputs × N(0, 1), where
    nothing is minimized and a gradient is wanted all the same (a model that returns a loss of its
    own is asked for that first).
    """

    said: str
    kind: str
    classes: int | None = None
    function: Callable[..., Any] | None = None


def parse(text: str | None, loaded: dict[str, ModuleType]) -> Loss:
    """Read --loss; a function of a person's own is found in a module that is `loaded` or added.

    Raises WinitError where it is none of the forms.
    """
    if text is None:
        return Loss("none given", RANDOM)
    name, _, classes = text.partition(":")
    if name == CROSS_ENTROPY and (not classes or (classes.isdigit() and int(classes) > 1)):
        return Loss(text, CROSS_ENTROPY, int(classes) if classes else None)
    if text == MEAN_SQUARE:
        return Loss(text, MEAN_SQUARE)
    if ":" in text and name not in NAMES:
        function = find_target(text, loaded)
        if not callable(function):
            kind = type(function).__name__
            raise WinitError(printable(f"--loss {text}: is {kind}: a function is needed"))
        return Loss(portable_target(text), OWN, function=function)
    near = None if name in NAMES else nearest(name, NAMES)
    hint = f"; did you mean {near!r}?" if near else ""
    raise WinitError(printable(f"--loss {text}: {FORMS}{hint}"))
