"""The result of `experiment: training`: loss curves from one start or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.drawn import Kept
from weightinit_cli.results.model import LEFT_OUT, Reconstruction, check_pretraining
from weightinit_cli.results.plain import (
    Mismatch,
    check_none_negative,
    check_not_negative,
    check_share,
)
from weightinit_cli.results.told import Table, ends
from weightinit_cli.results.words import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weightinit_cli.results.comparison import TrainedRun


@dataclass(frozen=True, slots=True)
class Score:
    """A network on one part of the data: mean cross-entropy (nats) and share of right answers.

    The loss is None where it is not finite.
    """

    loss: float | None
    accuracy: float


@dataclass(frozen=True, slots=True)
class Trained:
    """One network: the loss of every mini-batch before its step, and how it ended.

    `diverged` is the step at which the loss was not finite any more, which ended it; `validation`
    is None where the data have no such part. `stream` is a short hash of its draws; `pretraining`
    has one entry per hidden layer, none without any.
    """

    losses: tuple[float, ...]
    diverged: int | None
    train: Score
    validation: Score | None
    test: Score
    stream: str
    pretraining: tuple[Reconstruction, ...] = ()


@dataclass(frozen=True, slots=True)
class BestOf:
    """What choosing the best of k networks gives, over all choices of k of those trained.

    The best on validation data, scored on test data: expectation and standard deviation.
    """

    k: int
    accuracy_mean: float
    accuracy_std: float
    loss_mean: float
    loss_std: float


@dataclass(frozen=True, slots=True)
class DataUsed:
    """The data set: how many examples of each part, and the checksums of the files it came from."""

    name: str
    features: int
    classes: int
    train: int
    validation: int
    test: int
    checksums: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class TrainingResult(Kept):
    """The networks that a spec describes, one per repeat, trained from their starts.

    `interrupted` says after how many steps of which network (from 1) it was stopped by hand;
    `best_of` is empty without validation data, of a single network, and where it was stopped;
    of very many networks it has not every k.
    """

    schema_version: int
    name: str
    spec: Mapping[str, Any]
    digest: str
    data: DataUsed
    networks: tuple[Trained, ...]
    best_of: tuple[BestOf, ...]
    interrupted: tuple[int, ...] | None
    environment: Mapping[str, Any]
    overrides: tuple[str, ...] | None = field(default=None, metadata=LEFT_OUT)


def check(result: TrainingResult) -> None:
    """Raise Mismatch where a part of the result contradicts its spec or another part."""
    spec = result.spec
    if result.data.name != spec["data"]:
        raise Mismatch("data.name", "not spec.data")
    if not 1 <= len(result.networks) <= spec["repeats"]:
        raise Mismatch("networks", "not as many as spec.repeats")
    if result.interrupted is None and len(result.networks) < spec["repeats"]:
        raise Mismatch("networks", "fewer than spec.repeats, and not interrupted")
    if result.interrupted is not None and not _is_moment(result.interrupted, spec):
        raise Mismatch("interrupted", "must be a step and a network of the spec")
    for index, network in enumerate(result.networks):
        if len(network.losses) > spec["steps"]:
            raise Mismatch(f"networks.{index}.losses", "more than spec.steps")
        check_pretraining(network.pretraining, spec, f"networks.{index}.pretraining")
    _check_networks(result)


def rows(result: TrainingResult) -> list[dict[str, Any]]:
    """One row per network and step.

    Of what ^C has cut short, each row says so; of whole runs there is no such column.
    """
    stopped = {} if result.interrupted is None else {"interrupted": True}
    found = []
    for number, network in enumerate(result.networks, 1):
        ends: dict[str, Any] = {"network": number, "diverged": network.diverged}
        for part in ("train", "validation", "test"):
            score = getattr(network, part)
            if score is not None:
                ends |= {f"{part}.loss": score.loss, f"{part}.accuracy": score.accuracy}
        found += [
            {**stopped, **ends, "step": step, "loss": loss}
            for step, loss in enumerate(network.losses, 1)
        ]
    return found


def table(result: TrainingResult) -> Table:
    """A row per network: its losses at the first step and in the end, and its accuracy."""
    heads = ("network", "first loss", "train loss", "test loss", "test acc.")
    rows = []
    for number, each in enumerate(result.networks, 1):
        first = each.losses[0] if each.losses else None
        values = (first, each.train.loss, each.test.loss, each.test.accuracy)
        rows.append((str(number), *map(rounded, values)))
    return Table(heads, rows, heads, ends(len(rows), 4))


def beside(result: TrainingResult) -> dict[str, str]:
    """What is said of a run beside others: means over its networks, and what ended it."""
    networks = result.networks
    losses = [[getattr(each, part).loss for each in networks] for part in ("train", "test")]
    means = [None if None in part else fmean(part) for part in losses]
    accuracy = fmean(each.test.accuracy for each in networks)
    return {
        **dict(zip(("train loss", "test loss"), map(rounded, means), strict=True)),
        "test acc.": rounded(accuracy),
        "": ", ".join(filter(None, (divergence(result), interruption(result)))),
    }


def streams(result: TrainingResult) -> list[str | None]:
    """The hash of each network's draws."""
    return [network.stream for network in result.networks]


def checksums(result: TrainingResult) -> Mapping[str, str]:
    """The checksums of the files that the data came from, by their names."""
    return result.data.checksums


def divergence(result: TrainingResult) -> str:
    """In words which networks diverged, and after which step; empty where none did."""
    number = len(result.networks)
    steps = [each.diverged for each in result.networks if each.diverged is not None]
    if not steps:
        return ""
    if number == 1:
        return f"diverged at step {steps[0]:,}"
    return f"{len(steps):,} of {number:,} networks diverged, the first at step {min(steps):,}"


def interruption(result: TrainingResult) -> str | None:
    """`interrupted after step 30 of network 2` where ^C has ended it; None else."""
    if result.interrupted is None:
        return None
    step, network = result.interrupted
    of = f" of network {network:,}" if result.spec["repeats"] > 1 else ""
    return f"interrupted after step {step:,}{of}"


def compared(result: TrainingResult, label: str, varied: Iterable[tuple[str, Any]]) -> TrainedRun:
    """What the picture of many runs needs, under the name that its curve has there."""
    from weightinit_cli.results.comparison import VARIANT, TrainedRun

    varied = tuple(varied)
    alone = [path for path, _ in varied] == [VARIANT]
    return TrainedRun(varied[0][1] if alone else label, result, varied)


def best_of_few(result: TrainingResult) -> list[BestOf]:
    """The entries of `best_of` for choices of at most half of the networks.

    Larger choices are ever more alike, up to the only one of all of them: that they spread little
    says nothing of other networks.
    """
    return [best for best in result.best_of if 2 * best.k <= len(result.networks)]


def _check_networks(result: TrainingResult) -> None:
    """Raise Mismatch where a training has what none can have."""
    for number, network in enumerate(result.networks):
        check_none_negative(network.losses, f"networks.{number}.losses")
        for part in ("train", "validation", "test"):
            score = getattr(network, part)
            if score is not None:
                check_share(score.accuracy, f"networks.{number}.{part}.accuracy")
                check_not_negative(score.loss, f"networks.{number}.{part}.loss")
    for number, best in enumerate(result.best_of):
        place = f"best_of.{number}"
        check_share(best.accuracy_mean, f"{place}.accuracy_mean")
        check_none_negative((best.accuracy_std, best.loss_mean, best.loss_std), place)
        if not 1 <= best.k <= len(result.networks):
            raise Mismatch(f"{place}.k", "must be from 1 to the number of networks")


def _is_moment(moment: tuple[int, ...], spec: Mapping[str, Any]) -> bool:
    if len(moment) != 2:
        return False
    step, network = moment
    return step in range(spec["steps"] + 1) and network in range(1, spec["repeats"] + 1)
