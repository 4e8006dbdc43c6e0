"""What was tried to mend a spec, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import counted
from weightinit_cli.results.drawn import Shown
from weightinit_cli.results.model import is_healthy
from weightinit_cli.results.telling import titled, verdict_sentences
from weightinit_cli.results.told import Sentence, Table, Told
from weightinit_cli.results.verdictwords import brief
from weightinit_cli.results.words import described, four_digits
from weightinit_cli.spec import normal_form, yaml_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.results import Verdict
    from weightinit_cli.spec import Spec

# Other seeds than the spec's under which a start that was found is looked at.
OTHER_SEEDS = 2
HEADS = ("tried", "sigma_w", "verdict")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One change of a spec, and the verdict of the run of the changed spec.

    `change` maps keys of the spec to what stands there instead, as it would be written. `sigma_w`
    is the standard deviation of the last layer's weights times the root of its fan_in, and
    `samples` of how many inputs the run was: a scan takes fewer than the spec has, and what it
    finds is run again with all of them. `held` says under how many of OTHER_SEEDS other seeds there
    is no warning either; None where that was not looked at.
    """

    change: Mapping[str, Any]
    sigma_w: float
    samples: int
    verdict: tuple[Verdict, ...]
    held: int | None = None

    @property
    def healthy(self) -> bool:
        """Whether its run has no warning."""
        return is_healthy(self.verdict)


@dataclass(frozen=True, slots=True, repr=False)
class Remedy(Shown):
    """What was tried to mend a spec, the smallest change first, and what was found.

    `own` is the spec as it stands, an attempt without a change. `chosen` is the smallest change
    without a warning; None where none was found, or where the spec itself has no warning.
    `mended` is the spec with that change, None where there is no start without a warning. `nearest`
    are then changes of depth and of activation that have one: other networks, which mend nothing of
    this one.

    Example:
        >>> import weightinit_cli as winit
        >>> winit.fix("sigmoid_xavier")
        Remedy sigmoid_xavier: sigmoid, xavier_normal (gain 1), width 100, 1,000
          samples, seed 0, 5 layers
        as it stands: warning: inputs_indistinguishable first at layer 5: std from input
          to input is 0.57 % of std
        healthy with initializer: {name: xavier_normal, gain: 10.15}, also under 2 of 2
          other seeds
        tried                                            sigma_w  verdict
        initializer: {name: xavier_normal, gain: 10.15}    10.15  healthy; n...saturated
        .mended is the mended spec: run(remedy.mended)
    """

    spec: Spec
    own: Attempt
    attempts: tuple[Attempt, ...]
    chosen: Attempt | None
    mended: Spec | None
    nearest: tuple[Attempt, ...] = ()

    def _told(self) -> Told:
        spec = self.spec
        parts = [*described(normal_form(spec)), counted(spec.layers, "layer")]
        return Told(
            titled("Remedy", spec.folder, spec.overrides, parts),
            [*_as_it_stands(self.own), *self._found()],
            Table(
                HEADS,
                [
                    (_written(each), four_digits(each.sigma_w), brief(each.verdict))
                    for each in self.attempts
                ],
                HEADS,
                [number for number, each in enumerate(self.attempts) if each is self.chosen],
                words=(HEADS[0], HEADS[-1]),
            ),
            ".mended is the mended spec: run(remedy.mended)" if self.chosen else "",
            all_rows=".attempts",
        )

    def _found(self) -> list[Sentence]:
        """The change that mends it, or that there is none, with other networks that are healthy."""
        if self.chosen is not None:
            held = f"also under {self.chosen.held} of {OTHER_SEEDS} other seeds"
            return [Sentence("healthy", f" with {_written(self.chosen)}, {held}")]
        if self.own.healthy:
            return [Sentence("nothing to mend")]
        tried = counted(len(self.attempts), "start")
        return [
            Sentence("nothing mends it", f": {tried} tried, each with a warning", "", "warning"),
            *(Sentence("another network", f": {_written(each)}") for each in self.nearest),
        ]


def _as_it_stands(own: Attempt) -> list[Sentence]:
    """The first root cause of the spec as it stands."""
    first, *_ = verdict_sentences(own.verdict)
    return [first._replace(label=f"as it stands: {first.label}", below="")]


def _written(attempt: Attempt) -> str:
    """The change as a person would write it."""
    return "; ".join(yaml_lines(attempt.change))
