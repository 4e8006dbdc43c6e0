"""The search for a start without a warning: what is proposed is run."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain
from math import inf, isfinite, log10, nan, sqrt
from statistics import mode
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.errors import MemoryShortageError, SpecError, counted
from weightinit_cli.experiments import run
from weightinit_cli.experiments.build import build_network, scaled_on_data
from weightinit_cli.initializers import AUTO, INITIALIZERS
from weightinit_cli.progress import Progress
from weightinit_cli.remedies.model import OTHER_SEEDS, Attempt, Remedy
from weightinit_cli.remedies.proposals import (
    SOUND,
    STRUCTURE,
    by_name,
    changed,
    gaussian_at_scale,
    kindred,
    of_depth,
    own_at_scale,
    rounded,
    scales_of_theory,
    small_branches,
    small_output,
    start,
    structures,
)
from weightinit_cli.remedies.scan import scan
from weightinit_cli.results import resolved
from weightinit_cli.results.model import is_healthy
from weightinit_cli.spec import (
    as_written,
    different,
    normal_form,
    one_run_of,
    written_per_layer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weightinit_cli.remedies.proposals import Change, Scaled
    from weightinit_cli.results import Result, Verdict
    from weightinit_cli.spec import Spec, SpecLike
    from weightinit_cli.spec.written import Written

# Inputs of a run that looks for what is then run with all of them.
FEW_SAMPLES: Final = 200
# Standard deviations of the biases that are tried where the spec's own and zeros do not do.
SIGMAS_B: Final = (0.1, 0.5, 1.0)
# Of what has no warning, so many are run with all inputs and under other seeds.
MOST_CONFIRMED: Final = 4


def fix(spec: SpecLike, *, threads: int | None = None, progress: Progress | None = None) -> Remedy:
    """Search for a start without a warning of the network of a spec, by running what is proposed.

    `spec` is one, or what stands for one (see `spec_of`).

    Tried are, the smallest change first: smaller residual branches, where the spec has some; a
    smaller output layer, where the loss is far off; zero biases alone; the spec's own initializer
    at the scales of theory and at those that a scan finds; other initializers; both with zero
    biases, and with random ones; then, where no scale does, a normalization and residual branches.
    What comes later is tried where nothing before it has no warning under other seeds, too. Where
    nothing has none, other depths and activations are tried. The gradient is measured even where
    the spec says that it is not to be, and of several `repeats` the first is judged.

    Raises SpecError as `run` does, and for a spec of another experiment; ValueError for a spec of
    several runs.

    Example:
        >>> import weightinit_cli as winit
        >>> start = {"name": "normal", "std": 0.01}
        >>> remedy = winit.fix({"activation": "relu", "initializer": start})
        >>> remedy.chosen.change
        {'initializer': {'name': 'normal', 'std': 0.1414}}
        >>> winit.run(remedy.mended).verdict[0].name
        'healthy'
    """
    spec = one_run_of(spec, "fix")
    if spec.experiment != "histogram":
        message = f"a start is looked for in specs of histogram, not of {spec.experiment}"
        raise SpecError([spec.problem("experiment", message)])
    search = _Search(replace(spec, backward=True, repeats=1), threads, progress or Progress())
    as_it_stands = search.own()
    if as_it_stands.held:
        return Remedy(spec, as_it_stands, (), None, spec)
    chosen = search.find()
    if as_it_stands.healthy and not (chosen and chosen.held):
        return Remedy(spec, as_it_stands, search.attempts, None, spec)
    mended = None if chosen is None else changed(spec, chosen.change)
    nearest = () if chosen else tuple(_nearest(search))
    return Remedy(spec, as_it_stands, search.attempts, chosen, mended, nearest)


class _Trial(NamedTuple):
    """An attempt, what tells its network from others, its place among the attempts, its gradient.

    `slope` says by which power of ten the gradient's power at layer 1 is larger than at the last:
    ± inf where that is more than the dtype can tell.
    """

    attempt: Attempt
    network: object
    place: tuple[int, float]
    slope: float


class _Level(NamedTuple):
    """Changes that are proposed, and an initializer of any scale that is then scanned.

    `bias` stands beside that initializer. `one_family` says that all of them are of one kind, so
    that their scale orders them.
    """

    changes: Iterable[Change]
    scaled: Scaled | None = None
    bias: Written = "zeros"
    one_family: bool = False


class _Search:
    """The trials of one network; those of networks that are the same are made once."""

    def __init__(self, spec: Spec, threads: int | None, progress: Progress) -> None:
        self.spec, self.threads, self.progress = spec, threads, progress
        self.trials: dict[object, _Trial] = {}
        self.level = self.runs = 0
        self.always: Change = {}

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was tried, the smallest change first; of one family by its scale."""
        trials = sorted(self.trials.values(), key=lambda trial: trial.place)
        return tuple(trial.attempt for trial in trials if trial.attempt.change)

    def own(self) -> Attempt:
        """The spec as it stands, where it has no warning under other seeds, too."""
        trial = self._keep({}, self.spec, by_scale=False)
        return self._confirm(trial) if trial.attempt.healthy else trial.attempt

    def find(self, *, with_more: bool = True) -> Attempt | None:
        """The start of the smallest change that has no warning; None where there is none.

        One that has none under all other seeds is taken before a smaller change that has some.
        Without `more`, only the initializer is changed.
        """
        best: Attempt | None = None
        for level in self._levels(with_more=with_more):
            self.level += 1
            best = _surest(best, self._best(level))
            if best is not None and best.held == OTHER_SEEDS:
                break
        return best

    def beside(self, change: Change) -> Attempt | None:
        """The start of another network, with the spec's own biases, that no other seed warns of."""
        try:
            spec = changed(self.spec, change)
        except SpecError:  # as siren's weights, which are for its own activation
            return None
        other = _Search(spec, self.threads, self.progress)
        other.runs = self.runs
        found = other.find(with_more=False)
        self.runs = other.runs
        if found is None or found.held != OTHER_SEEDS:
            return None
        return replace(found, change={**change, **found.change})

    def run(self, spec: Spec) -> Result:
        """Run a spec, and tell the progress that it is done."""
        result = run(spec, threads=self.threads)
        self.runs += 1
        self.progress.step(1, counted(self.runs, "run"))
        return result

    def _levels(self, *, with_more: bool) -> Iterator[_Level]:
        """What is proposed, for ever larger changes."""
        if with_more:
            yield from self._alone()
        layers = build_network(self.spec).body.weighted
        fans = mode((layer.fan_in, layer.fan_out) for layer in layers)
        layer = next(each for each in layers if (each.fan_in, each.fan_out) == fans)
        own, gaussian = own_at_scale(self.spec, layer), gaussian_at_scale(layer)
        independent = own is not None and layer.weights.excess is not None
        alike = independent and all((each.fan_in, each.fan_out) == fans for each in layers)
        kept = written_per_layer(self.spec.bias)
        zero: list[Written] = ["zeros"] if with_more and kept != "zeros" else []
        for alone in zero:
            yield _Level([start(self.spec, written_per_layer(self.spec.initializer), alone)])
        for bias in (kept, *zero):
            if own is not None:
                yield _Level(self._own(own, bias), own, bias, one_family=True)
            by_names = (start(self.spec, each, bias) for each in by_name(self.spec))
            yield _Level(by_names, None if alike else gaussian, bias)
        for sigma_b in SIGMAS_B if with_more else ():
            bias = {"name": "normal", "std": sigma_b}
            if own is not None:
                yield _Level(self._own(own, bias), own, bias, one_family=True)
            if not alike:
                critical = start(self.spec, "critical", bias)
                yield _Level([critical], gaussian, bias, one_family=True)
        for structure in structures(self.spec) if with_more else ():
            yield _Level([structure])
            yield _Level({**structure, **start(self.spec, each, kept)} for each in SOUND)

    def _alone(self) -> Iterator[_Level]:
        """What is not about the layers' weights: smaller branches, and a smaller output layer.

        Where the loss is far off by the output layer's own weights, all that follows has the
        smaller one, too.
        """
        if self.spec.residual is not None:
            yield _Level([small_branches(self.spec)])
        own = self.trials.get(_network(self.spec))
        if own is not None and any(map(_is_of_the_output, own.attempt.verdict)):
            self.always = small_output(self.spec)
            yield _Level([self.always])

    def _own(self, scaled: Scaled, bias: Written) -> Iterator[Change]:
        """The spec's own initializer, as it stands and at the scales of theory."""
        [initializer] = different(self.spec.initializer)
        proposals: list[Written] = [as_written(initializer)]
        if any(AUTO in each.words for each in INITIALIZERS[initializer.name].parameters):
            proposals.append({"name": initializer.name, "gain": AUTO})
        for each in chain(proposals, map(scaled, scales_of_theory(self.spec, bias))):
            yield start(self.spec, each, bias)

    def _best(self, level: _Level) -> Attempt | None:
        """The soundest proposal without a warning; of a scan, where none is under other seeds too.

        Sound is a gradient that changes by few powers of ten, then a verdict with few notes.
        """
        tried = filter(None, [self._try(each, by_scale=level.one_family) for each in level.changes])
        sound = sorted(tried, key=lambda each: (_tens(each.slope), len(each.attempt.verdict)))
        found = self._confirmed(sound)
        scans = self._scan(level.scaled, level.bias) if level.scaled is not None else iter(())
        while found is None or found.held != OTHER_SEEDS:
            trials = next(scans, None)
            if trials is None:
                break
            found = _surest(found, self._confirmed(trials))
        return found

    def _confirmed(self, trials: Iterable[_Trial]) -> Attempt | None:
        """The first attempt without a warning also under other seeds, else under most of them."""
        best: Attempt | None = None
        for trial in [each for each in trials if each.attempt.healthy][:MOST_CONFIRMED]:
            attempt = self._confirm(trial)
            best = _surest(best, attempt if attempt.healthy else None)
            if best is not None and best.held == OTHER_SEEDS:
                break
        return best

    def _confirm(self, trial: _Trial) -> Attempt:
        """Run what was found with all inputs, and then under other seeds."""
        attempt = trial.attempt
        if attempt.held is not None:
            return attempt
        spec = changed(self.spec, attempt.change)
        if attempt.samples < spec.samples:
            attempt = replace(attempt, samples=spec.samples, verdict=self._verdict(spec))
        if attempt.healthy:
            seeds = ((spec.seed + number) % 2**64 for number in range(1, OTHER_SEEDS + 1))
            held = sum(is_healthy(self._verdict(replace(spec, seed=seed))) for seed in seeds)
            attempt = replace(attempt, held=held)
        self.trials[trial.network] = trial._replace(attempt=attempt)
        return attempt

    def _verdict(self, spec: Spec) -> tuple[Verdict, ...]:
        """The verdict of a run; none, which is not healthy, where a layer has no scale then."""
        try:
            return self.run(spec).verdict
        except MemoryShortageError:
            raise
        except SpecError:
            return ()

    def _scan(self, scaled: Scaled, bias: Written) -> Iterator[list[_Trial]]:
        """The trials without a warning between scales that are too low and too high.

        Those first at which the gradient changes least; again and again, as the scan finds more.
        """
        known: dict[float, _Trial] = {}

        def slope_at(sigma_w: float) -> float:
            trial = self._try(start(self.spec, scaled(sigma_w), bias), by_scale=True)
            if trial is None:
                return nan
            known[sigma_w] = trial
            return trial.slope

        for _ in scan(next(scales_of_theory(self.spec, bias)), slope_at):
            healthy = [trial for trial in known.values() if trial.attempt.healthy]
            if healthy:
                yield sorted(healthy, key=lambda trial: abs(trial.slope))

    def _try(self, change: Change, *, by_scale: bool) -> _Trial | None:
        """Run a changed spec with few inputs; None where it is refused, for want of a scale."""
        change = {**self.always, **change}
        try:
            spec = changed(self.spec, change)
            known = self.trials.get(_network(spec))
            if known is not None:
                return known
            few = replace(spec, samples=min(spec.samples, FEW_SAMPLES))
            return self._keep(change, few, by_scale=by_scale)
        except MemoryShortageError:
            raise
        except SpecError:
            return None

    def _keep(self, change: Change, spec: Spec, *, by_scale: bool) -> _Trial:
        """Run a changed spec, and keep the trial; its place is by its scale or as it comes."""
        result = self.run(spec)
        layer = result.resolved.layers[-1]
        sigma_w = layer.weight_std * sqrt(layer.fan_in)
        attempt = Attempt(change, sigma_w, spec.samples, result.verdict)
        place = (self.level, sigma_w if by_scale else 0.0)
        trial = _Trial(attempt, _network(spec), place, _slope(result))
        self.trials[trial.network] = trial
        return trial


def _surest(best: Attempt | None, other: Attempt | None) -> Attempt | None:
    """Which of two holds under more other seeds; the first of equals."""
    if best is None or other is None:
        return best or other
    return other if (other.held or 0) > (best.held or 0) else best


def _is_of_the_output(verdict: Verdict) -> bool:
    """Whether a loss is far off, and not since the signal grows below the output layer."""
    return verdict.name == "confident_at_start" and verdict.because is None and verdict.warns


def _slope(result: Result) -> float:
    """By which power of ten the gradient's power at layer 1 is larger than at the last."""
    gradients = [layer.gradient for layer in result.layers if layer.gradient is not None]
    if any(each.nonfinite for each in result.layers) or any(each.nonfinite for each in gradients):
        return inf
    change = 0.0
    for layer in result.layers[:-1]:
        ratio = resolved(layer, "gradient.total_ratio")
        if not ratio:
            return -inf
        change += log10(ratio)
    return change


def _tens(slope: float) -> float:
    """By how many whole powers of ten the gradient's norm changes, the root of its power."""
    return abs(slope) // 2 if isfinite(slope) else inf


def _network(spec: Spec) -> object:
    """What is the same for networks that are: their structure, and what their draws are from."""
    samplers = (
        sampler for layer in build_network(spec).weighted for sampler in (layer.weights, layer.bias)
    )
    drawn = (
        None if each is None else (rounded(each.mean), rounded(each.std), each.whole, each.excess)
        for each in samplers
    )
    form = normal_form(spec)
    structure = (json.dumps(form.get(key)) for key in STRUCTURE)
    return scaled_on_data(spec) is not None, *structure, *drawn


def _nearest(search: _Search) -> Iterator[Attempt]:
    """The start of the deepest network with fewer layers, and that of a kindred activation."""
    fails, works, found = search.spec.layers, 0, None
    while fails - works > max(1, works // 4):
        depth = (fails + works) // 2
        attempt = search.beside(of_depth(search.spec, depth))
        if attempt is None:
            fails = depth
        else:
            works, found = depth, attempt
    if found is not None:
        yield found
    for activation in kindred(search.spec.activation):
        attempt = search.beside({"activation": activation})
        if attempt is not None:
            yield attempt
            break
