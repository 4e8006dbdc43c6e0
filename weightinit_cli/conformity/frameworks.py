"""An initializer of anybody's, asked for draws in the way of its framework.

Shapes are (*kernel, in, out) here; torch's are (out, in, *kernel), and its draws are turned round.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from math import prod
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from weightinit_cli.errors import WinitError, printable
from weightinit_cli.initializers import Fans
from weightinit_cli.initializers.own import kind_of
from weightinit_cli.sources import file_of, said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Array = np.ndarray[Any, Any]
Framework = Literal["numpy", "torch", "keras", "jax"]

# By which first parameters a function is known.
FIRST: Final[dict[Framework, tuple[str, ...]]] = {
    "numpy": ("rng", "generator", "random_generator", "random_state"),
    "jax": ("key", "rng_key", "prng_key", "prngkey"),
    "keras": ("shape",),
    "torch": ("tensor", "t", "w", "weight", "weights", "param", "parameter", "x"),
}
FORMS = (
    "name its parameters (rng, shape) as with numpy, (key, shape, dtype) as with JAX, "
    "(shape, dtype) as with Keras or (tensor) as with torch, or say --framework"
)
# Other dtypes that are asked for where the function takes one.
DTYPES: Final[dict[Framework, tuple[str, ...]]] = {
    "numpy": ("float16", "float64"),
    "jax": ("float16", "bfloat16"),  # float64 only where it was switched on
    "keras": ("float16",),
    "torch": ("float16", "float64"),
}
DTYPE = "float32"
# numpy has none of its own: float32 that says what it was.
BFLOAT16: Final = np.dtype(np.float32, metadata={"name": "bfloat16"})


class Ask(NamedTuple):
    """What is asked for: a shape (*kernel, in / groups, out), in a dtype."""

    shape: tuple[int, ...]
    groups: int = 1
    dtype: str = DTYPE

    @property
    def kernel(self) -> tuple[int, ...]:
        """A kernel's sides; empty of a matrix."""
        return self.shape[:-2]

    @property
    def fans(self) -> Fans:
        """The fans; the inputs and outputs of one group count."""
        *kernel, inputs, outputs = self.shape
        return Fans.of_kernel(tuple(kernel), inputs, outputs // self.groups, first=False)

    @property
    def size(self) -> int:
        """How many entries there are."""
        return prod(self.shape)

    def __str__(self) -> str:
        groups = f" in {self.groups} groups" if self.groups > 1 else ""
        return "×".join(map(str, self.shape)) + groups


class Target(NamedTuple):
    """A person's initializer, and how it is called.

    `takes` are the names of its parameters, `given` what those without a default are given, and
    `file` is where it is written.
    """

    thing: Any
    name: str
    framework: Framework
    takes: frozenset[str]
    given: Mapping[str, Any]
    file: str

    @property
    def seeded(self) -> bool:
        """Whether a seed can be given to it."""
        return self.framework != "keras" or self._keras_seed or "keras" in sys.modules

    @property
    def has_stream(self) -> bool:
        """Whether two calls of one stream draw on, so that they must differ."""
        return self.framework in ("numpy", "torch")

    @property
    def takes_dtype(self) -> bool:
        """Whether draws of another dtype can be asked for."""
        return self.framework == "torch" or "dtype" in self.takes

    @property
    def _keras_seed(self) -> bool:
        if inspect.isclass(self.thing):
            return "seed" in _parameters(self.thing)
        return "seed" in (self.thing.get_config() if hasattr(self.thing, "get_config") else {})

    def shape(self, asked: Ask) -> tuple[int, ...]:
        """The shape that is asked for, in the order of the framework's axes."""
        return _turned(asked.shape) if self.framework == "torch" else asked.shape

    def taken(self, asked: Ask, **more: object) -> dict[str, Any]:
        """What it is given by name: of `more` what it takes, its groups, and what it needs."""
        if asked.groups > 1:
            more["groups"] = asked.groups
        return {**{key: value for key, value in more.items() if key in self.takes}, **self.given}

    def stream(self, seed: int) -> Callable[[Ask], Array]:
        """Begin a stream of draws at a seed: `fn(rng, ...)` and torch go on in it at each call.

        What is returned has the shape that is asked for. Raises WinitError where the function
        raises, and for what is no array of real numbers of this shape.
        """
        try:
            ask_of = STREAMS[self.framework](self, seed)
        except ImportError as error:
            message = f"is called as with {self.framework}, and that cannot be imported"
            raise WinitError(printable(f"{self.name}: {message}: {said(error)}")) from None

        def ask(asked: Ask) -> Array:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    drawn = ask_of(asked)
                    values = _array(drawn)
            except WinitError:
                raise
            except (Exception, SystemExit) as error:  # noqa: BLE001
                message = f"asked for shape {self.shape(asked)}: {said(error, self.file)}"
                hint = "; --only matrices leaves kernels out" if asked.kernel else ""
                if isinstance(error, TypeError) and not hint:
                    hint = f"; called as with {self.framework}, which --framework changes"
                raise WinitError(printable(f"{self.name}: {message}{hint}")) from None
            return self._checked(values, drawn, asked)

        return ask

    def _checked(self, values: Array, drawn: object, asked: Ask) -> Array:
        if not np.can_cast(values.dtype, np.float64, "same_kind"):
            of_objects = values.dtype == object and not isinstance(drawn, np.ndarray)
            kind = kind_of(drawn) if of_objects else f"one of {values.dtype}"
            must = f"must return an array of real numbers, not {kind}"
            raise WinitError(printable(f"{self.name}: {must}"))
        if isinstance(drawn, list | tuple | int | float):
            raise WinitError(f"{self.name}: must return an array, not {kind_of(drawn)}")
        shape = self.shape(asked)
        if values.shape != shape:
            message = f"returned shape {values.shape}; {shape} was asked for"
            raise WinitError(f"{self.name}: {message}")
        if self.framework == "torch":
            values = values.transpose(*range(2, values.ndim), 1, 0)
        return values


def target_of(
    thing: object, framework: str = "", given: Mapping[str, Any] | None = None, name: str = ""
) -> Target:
    """Recognise an initializer by its signature, unless `framework` says whose it is.

    A parameter without a default takes the value that `given` has of this name. Raises WinitError
    for what is not callable, cannot be recognised, or needs a value that nobody gives.
    """
    written = getattr(thing, "func", thing)  # a functools.partial has no name of its own
    name = name or getattr(written, "__qualname__", "") or type(thing).__qualname__
    if not callable(thing):
        raise WinitError(printable(f"{name}: is {kind_of(thing)}, and cannot be called"))
    known: list[Framework] = []
    if framework:
        known = [each for each in FIRST if each == framework]
        if not known:
            raise WinitError(f"no framework {framework!r}; there are {', '.join(FIRST)}")
    called = thing
    if inspect.isclass(thing):
        called = _made(thing, name, given or {})
    if _recognised(called) is None and (made := _from_factory(called)) is not None:
        called = made
    found = known[0] if framework else _recognised(called)
    if found is None:
        raise WinitError(printable(f"{name}: cannot tell how it is called: {FORMS}"))
    keras_class = found == "keras" and inspect.isclass(thing)
    parameters = _parameters(called)
    values, lacking = _given(called, found, given or {})
    if lacking:
        message = f"is called as with {found}, and needs {_without_default(lacking)}"
        raise WinitError(printable(f"{name}: {message}"))
    made = thing if keras_class else called
    return Target(made, name, found, parameters, values, file_of(called))


def _recognised(thing: Any) -> Framework | None:
    if hasattr(thing, "get_config"):
        return "keras"
    try:
        parameters = list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):
        return None
    if not parameters:
        return None
    first = parameters[0]
    module = (getattr(thing, "__module__", None) or "").partition(".")[0]
    if module in ("jax", "flax", "torch") and first.name in ("key", "rng", "tensor"):
        return "torch" if module == "torch" else "jax"
    if "Tensor" in str(first.annotation):
        return "torch"
    return next((name for name, firsts in FIRST.items() if first.name in firsts), None)


def _from_factory(thing: Any) -> Any:
    """What a function returns that needs nothing, as JAX's `he_normal()`; None where it does."""
    try:
        parameters = inspect.signature(thing).parameters.values()
        if all(p.default is not p.empty or p.kind is p.VAR_KEYWORD for p in parameters):
            made = thing()
            return made if _recognised(made) else None
    except Exception:  # noqa: BLE001
        return None
    return None


def _made(thing: Any, name: str, given: Mapping[str, Any]) -> Any:
    needed, lacking = _needed(thing, 0, given)
    if lacking:
        message = f"needs {_without_default(lacking)}"
        raise WinitError(printable(f"{name}: {message}; name an instance instead"))
    try:
        return thing(**needed)
    except Exception as error:  # noqa: BLE001
        raise WinitError(printable(f"{name}: {said(error)}")) from None


def _without_default(names: list[str]) -> str:
    verbs = "which has no default and is" if len(names) == 1 else "which have no default and are"
    return f"{', '.join(names)}, {verbs} not in --like"


def _given(
    thing: Any, framework: Framework, given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    positional = {"numpy": 2, "jax": 3, "keras": 1, "torch": 1}[framework]
    return _needed(thing, positional, given)


def _needed(thing: Any, behind: int, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values of the parameters without a default behind the first, and those that lack one."""
    ours = ("fans", "groups", "dtype", "seed", "generator")
    values: dict[str, Any] = {}
    lacking = []
    try:
        parameters = list(inspect.signature(thing).parameters.values())[behind:]
    except (TypeError, ValueError):
        return {}, []
    for each in parameters:
        named = each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
        if not named or each.default is not each.empty or each.name in ours:
            continue
        if each.name in given:
            values[each.name] = given[each.name]
        else:
            lacking.append(each.name)
    return values, lacking


def _parameters(thing: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return frozenset()


# How each framework is asked: a stream from a seed, then a draw at each call.


def _numpy(target: Target, seed: int) -> Callable[[Ask], object]:
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed)))

    def draw(asked: Ask) -> object:
        more = target.taken(asked, fans=asked.fans, dtype=np.dtype(asked.dtype))
        return target.thing(rng, asked.shape, **more)

    return draw


def _jax(target: Target, seed: int) -> Callable[[Ask], object]:
    import jax

    key = jax.random.key(seed)

    def draw(asked: Ask) -> object:
        more = target.taken(asked, dtype=jax.numpy.dtype(asked.dtype))
        return target.thing(key, asked.shape, **more)

    return draw


def _keras(target: Target, seed: int) -> Callable[[Ask], object]:
    initializer = _keras_instance(target, seed)

    def draw(asked: Ask) -> object:
        more = target.taken(asked, dtype=asked.dtype)
        if inspect.isclass(target.thing):  # which was given what it needs already
            more = {key: value for key, value in more.items() if key not in target.given}
        drawn = initializer(asked.shape, **more)
        if "keras" in sys.modules:
            return sys.modules["keras"].ops.convert_to_numpy(drawn)
        return drawn

    return draw


def _keras_instance(target: Target, seed: int) -> Any:
    thing: Any = target.thing
    if "keras" in sys.modules and not target._keras_seed:
        sys.modules["keras"].utils.set_random_seed(seed)
    given = {"seed": seed} if target._keras_seed else {}
    if inspect.isclass(thing):
        needed, _ = _needed(thing, 0, target.given)
        return thing(**needed, **given)
    return type(thing).from_config({**thing.get_config(), **given}) if given else thing


def _torch(target: Target, seed: int) -> Callable[[Ask], object]:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = torch.get_rng_state()
    generator = torch.Generator().manual_seed(seed)

    def draw(asked: Ask) -> object:
        nonlocal state
        dtype = getattr(torch, asked.dtype)
        tensor = torch.full(_turned(asked.shape), torch.nan, dtype=dtype)
        more = target.taken(asked, generator=generator)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.set_rng_state(state)
            returned = target.thing(tensor, **more)
            state = torch.get_rng_state()
        return tensor if returned is None else returned

    return draw


STREAMS: Final[dict[Framework, Callable[[Target, int], Callable[[Ask], object]]]] = {
    "numpy": _numpy,
    "jax": _jax,
    "keras": _keras,
    "torch": _torch,
}


def _turned(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(*kernel, in, out) as torch has it: (out, in, *kernel)."""
    return (shape[-1], shape[-2], *shape[:-2])


def _array(drawn: Any) -> Array:
    if hasattr(drawn, "detach"):
        drawn = drawn.detach().cpu()
        if str(drawn.dtype) == "torch.bfloat16":
            return np.asarray(drawn.float().numpy()).astype(BFLOAT16)
        return np.asarray(drawn.numpy())
    values = np.asarray(drawn)
    return values.astype(BFLOAT16) if values.dtype.name == "bfloat16" else values


def name_of(dtype: np.dtype[Any]) -> str:
    """The name of a dtype, of bfloat16, too."""
    return str(dtype.metadata["name"]) if dtype.metadata else dtype.name
