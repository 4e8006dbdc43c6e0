"""Experiments: Spec -> Result; and what theory says without a run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast, overload

from weightinit_cli.errors import SpecError, WinitError
from weightinit_cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightinit_cli.experiments.own import Draw
    from weightinit_cli.results import AnyResult, Result, SymmetryResult, TrainingResult
    from weightinit_cli.results.forecast import Forecast
    from weightinit_cli.spec import (
        AnySpec,
        Component,
        Spec,
        SpecLike,
        SymmetrySpec,
        TrainingSpec,
    )
    from weightinit_cli.spec.runs import Runs

# The keys that say whether theory is asked, and those on which its answer depends.
ASKING = ("initializer.name", "initializer.gain", "residual", "output", "data", "inputs", "dtype")
ASKED = (
    *("activation", "initializer", "bias", "width", "layers", "features", "data", "pretraining"),
    *("residual", "output", "inputs", "dtype"),
)

__all__ = [
    "Progress",
    "check",
    "data_notes",
    "digest_of",
    "forecast",
    "gain_of",
    "impossible",
    "run",
    "shadow",
]


@overload
def run(
    spec: Spec,
    *,
    weights: Draw | None = None,
    biases: Draw | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Result: ...


@overload
def run(
    spec: SymmetrySpec, *, threads: int | None = None, progress: Progress | None = None
) -> SymmetryResult: ...


@overload
def run(
    spec: TrainingSpec, *, threads: int | None = None, progress: Progress | None = None
) -> TrainingResult: ...


@overload
def run(
    spec: SpecLike,
    *,
    weights: Draw,
    biases: Draw | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Result: ...


@overload
def run(
    spec: SpecLike,
    *,
    weights: Draw | None = None,
    biases: Draw | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> AnyResult: ...


def run(
    spec: SpecLike,
    *,
    weights: Draw | None = None,
    biases: Draw | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> AnyResult:
    """Run a spec and return everything that was measured.

    `spec` is one, or a mapping of its keys, the path of its file or the name of a shipped config
    (see `spec_of`). The experiment that it names decides what comes back: a `Result` of
    `histogram`, a `SymmetryResult`, a `TrainingResult`; `histogram(**keys)` is always the first.

    `weights` and `biases` are functions of your own, `fn(rng, shape) -> array`, which draw in place
    of the spec's initializer and bias. These stay the law that `check` holds the draws to, and what
    the result says of theory and of scales by formula is theirs. `rng` is a numpy Generator of the
    layer's own stream; `shape` is (fan_in, fan_out) of a dense layer, (height, width, in, out) of a
    convolution, (fan_out,) of biases. Every layer is drawn once, in order; the draws are rounded to
    the spec's dtype. The result's `environment` has the functions' names under `weights` and
    `biases`.

    `threads` None takes all cores for large networks and one for small ones; the figures do not
    depend on it. `progress` is told of every piece of work.

    Raises SpecError for all that is wrong with the spec, where the request needs more memory than
    there is or a number that theory does not have, and where `weights` or `biases` meet a start
    that looks at the data (lsuv, pretraining); WinitError where one of them returns anything but
    real numbers of that shape; TypeError where one is no function; ValueError for fewer than one
    thread, for a spec of several runs, and for functions with another experiment than `histogram`.
    What a function raises itself passes through.

    Example:
        >>> import weightinit_cli as winit
        >>> result = winit.run({"activation": "sigmoid", "initializer": "xavier_normal"})
        >>> result.name, len(result.layers), result.verdict[0].name
        ('spec', 5, 'inputs_indistinguishable')
        >>> winit.run("relu_he").verdict[0].name  # a shipped config
        'healthy'
    """
    from weightinit_cli.spec import one_run_of

    spec = one_run_of(spec, "run")
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    if weights is None and biases is None:
        return _run(spec, threads, progress or Progress())
    if spec.experiment != "histogram":
        raise ValueError(f"own weights and biases are for histogram, not for {spec.experiment}")
    from weightinit_cli.experiments import histogram
    from weightinit_cli.experiments.own import Own

    own = Own(weights, biases)
    own.check(spec)
    return histogram.run(spec, threads, progress or Progress(), own=own)


def _run(spec: AnySpec, threads: int | None, progress: Progress, pattern: int = 0) -> AnyResult:
    """Run a spec by the function `run` of the module of this package named like its experiment."""
    module = import_module(f"{__name__}.{spec.experiment}")
    result: AnyResult = module.run(spec, threads, progress, pattern)
    return result


def shadow(spec: AnySpec, number: int, *, threads: int | None = None) -> AnyResult:
    """Run a spec once more with every input, pre-activation and cotangent moved by one ulp.

    `number` (1, 2, ...) says by which pattern of ups and downs. What differs from `run(spec)` is
    what rounding can do to this network. Raises SpecError as `run` does.
    """
    return _run(spec, threads, Progress(), number)


def check(spec: AnySpec) -> None:
    """Raise SpecError where the spec asks for a number that theory, or a dtype that Python, lacks.

    WinitError where it reads files that are not there.
    """
    from weightinit_cli.experiments.build import (
        asks_theory,
        build_dense,
        build_network,
        precision_of,
    )
    from weightinit_cli.experiments.plugins import try_initializer

    digest_of(spec)
    try_initializer(spec)
    if spec.experiment == "histogram":
        precision_of(spec)
    if not asks_theory(spec):
        return
    if spec.experiment == "histogram":
        build_network(spec)
    else:
        build_dense(spec, (1, *spec.width))


def impossible(spec: AnySpec) -> dict[int, WinitError]:
    """The runs of a spec that cannot be done, by their numbers from 0, each with the reason.

    Raises WinitError, as `check` does, where no run can be done.
    """
    if spec.runs is None:
        check(spec)
        return {}
    found: dict[int, WinitError] = {}
    for number in _to_check(spec.runs):
        try:
            check(spec.runs[number])
        except WinitError as error:
            found |= dict.fromkeys(spec.runs.like(number, ASKED), error)
    if len(found) < len(spec.runs):
        return dict(sorted(found.items()))
    errors = list(dict.fromkeys(found.values()))
    if all(isinstance(each, SpecError) for each in errors):
        problems = (each for error in errors for each in cast("SpecError", error).problems)
        raise SpecError(dict.fromkeys(problems))
    raise errors[0]


def _to_check(runs: Runs) -> Iterator[int]:
    """Number one run of each kind that reads files, asks theory, or tries what is not winit's."""
    from weightinit_cli.experiments.build import asks_theory
    from weightinit_cli.initializers import INITIALIZERS
    from weightinit_cli.spec import initializers_of_weights

    def asks(spec: AnySpec) -> bool:
        named = initializers_of_weights(spec)
        return (
            _reads_data(spec)
            or asks_theory(spec)
            or getattr(spec, "dtype", None) == "bfloat16"
            or any(INITIALIZERS[each.name].source for each in named)
        )

    asking = {number for number in runs.first_of_each(ASKING) if asks(runs[number])}
    for number in runs.first_of_each(ASKED) if asking else ():
        if runs.first_like(number, ASKING) in asking:
            yield number


def digest_of(spec: AnySpec) -> str:
    """The digest that the run's result will have: of the spec and of the files that it reads.

    Raises WinitError where one of these is not there.
    """
    from weightinit_cli.spec import digest

    if not _reads_data(spec):
        return digest(spec)
    from weightinit_cli.experiments.resources import checksums_of

    return digest(spec, checksums_of(spec))


def _reads_data(spec: AnySpec) -> bool:
    """Whether a spec names a data set, or a file of inputs, that the run reads."""
    from weightinit_cli.spec.inputs import FROM_DATA

    inputs = getattr(spec, "inputs", None)
    return _trains(spec) or (inputs is not None and inputs.name in FROM_DATA)


def _trains(spec: AnySpec) -> bool:
    from weightinit_cli.data import NAMES

    return getattr(spec, "data", None) in NAMES


def data_notes(spec: AnySpec) -> tuple[str, ...]:
    """What is worth a word of the data that a run reads: files that are not what they are named."""
    if not _trains(spec):
        return ()
    from weightinit_cli.experiments.resources import notes_of

    return notes_of(spec)


def forecast(spec: Spec, *, with_errors: bool = True) -> Forecast:
    """What mean-field theory predicts of a spec's layers, and of ever more of them.

    The standard errors are most of the work where there are thousands of layers.
    Raises SpecError where the spec asks theory for a number that does not exist.
    """
    from weightinit_cli.experiments.forecasts import forecast as of

    return of(spec, with_errors=with_errors)


def gain_of(activation: Component) -> tuple[float, float]:
    """The gain of an activation, `gain: auto`, and dq'/dq with it; above 1 it is unstable."""
    from weightinit_cli.theory import expectations_of
    from weightinit_cli.theory.maps import gain_of as of

    return of(expectations_of(activation.name, **activation.arguments))
