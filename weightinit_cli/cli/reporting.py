"""What is reported of runs beside their tables: verdicts of --fail-on, in words and for CI."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.names import propose, severities_and_verdicts
from weightinit_cli.cli.paths import FileToWrite
from weightinit_cli.errors import FAILED, SpecError, WinitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.ci import Case
    from weightinit_cli.errors import Mark, Problem
    from weightinit_cli.results.kinds import AnyResult
    from weightinit_cli.results.model import Verdict
    from weightinit_cli.spec import AnySpec

TEXT, JSON, GITHUB = "text", "json", "github"


def _severities_and_names(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    given: tuple[str, ...],
) -> tuple[str, ...]:
    if not given:
        return given
    from weightinit_cli.results.model import SEVERITIES
    from weightinit_cli.verdicts import DEFINITIONS

    names = [*SEVERITIES, *DEFINITIONS]
    for name in given:
        if name not in names:
            from weightinit_cli.spec.nodes import suggestion

            hint = suggestion(name, names, f"there are {', '.join(names)}")
            raise click.BadParameter(f"no severity or verdict {name!r}{hint}")
    return given


junit_option = click.option(
    "--junit",
    metavar="FILE",
    type=FileToWrite("; /dev/stdout prints it after all else"),
    help="Write a JUnit XML file, which the usual CI systems read.",
)


fail_on_option = click.option(
    "--fail-on",
    metavar="SEVERITY|VERDICT",
    multiple=True,
    shell_complete=propose(severities_and_verdicts),
    callback=_severities_and_names,
    help="Exit with 1 where a verdict is at least so bad (note, warning, severe), or where the one "
    "of this name is found (winit explain). Repeatable.",
)


def style_option(*older: str) -> Callable[[Any], Any]:
    """Return `--output-format`, which some commands know by an older name, too.

    It is called as ruff calls it: `--format` is what pictures are written as.
    """
    return click.option(
        "--output-format",
        *older,
        "style",
        type=click.Choice((TEXT, JSON, GITHUB)),
        default=TEXT,
        show_default=True,
        help="text; json: a line per run; github: text, and annotations of what fails.",
    )


def json_option(words: str) -> Callable[[Any], Any]:
    """Return `--json`, short for `--output-format json`, which prints what these words say."""
    return click.option("--json", "as_json", is_flag=True, help=words)


class Reporter:
    """What a command reports of its runs, as its options ask; each run is a case.

    Cases are kept for the JUnit file, which `writing` writes.
    """

    def __init__(
        self,
        fail_on: tuple[str, ...] = (),
        junit: Path | None = None,
        style: str = TEXT,
        *,
        as_json: bool = False,
    ) -> None:
        if as_json and style == GITHUB:
            raise click.UsageError("--json and --output-format github cannot both be printed")
        self.as_json = as_json or style == JSON
        self.command = click.get_current_context().command_path
        self.fail_on, self._junit, self._annotates = fail_on, junit, style == GITHUB
        self._kept: list[Case] = []
        self._others: Callable[[], Iterable[Case]] = tuple

    @property
    def asked(self) -> bool:
        """Whether there is anything to report."""
        return bool(self.fail_on or self._junit or self._annotates)

    def saved(self, place: Path, result: AnyResult) -> int:
        """Tell of a saved result what is asked for; return the exit code.

        Raises WinitError where verdicts are asked for that were not drawn.
        """
        from weightinit_cli.results.kinds import kind_of

        if not self.fail_on:
            return 0
        experiment = result.spec["experiment"]
        verdicts = kind_of(result).verdict(result)
        if not verdicts:
            raise WinitError(f"{place}: there are no verdicts in this result of {experiment}")
        thresholds = result.spec.get("thresholds", {})
        return self.tell(self.result(str(place), experiment, verdicts, thresholds))

    def run(self, spec: AnySpec, verdicts: Sequence[Verdict], seconds: float | None = None) -> Case:
        """A run that is done: failed where it has a verdict that --fail-on asks for."""
        thresholds = spec.thresholds._asdict() if spec.experiment == "histogram" else {}
        case = self.result(spec.folder, spec.experiment, verdicts, thresholds)
        return case._replace(place=place_of(spec), seconds=seconds)

    def result(
        self,
        name: str,
        experiment: str,
        verdicts: Sequence[Verdict],
        thresholds: Mapping[str, float],
    ) -> Case:
        """A result that is there, under a name, judged by these thresholds."""
        from weightinit_cli.ci import Case
        from weightinit_cli.results.model import asked_for
        from weightinit_cli.results.verdictwords import sentence
        from weightinit_cli.verdicts import threshold_of

        case = Case(name, group=f"winit.{experiment}")
        found = asked_for(verdicts, self.fail_on)
        if not found:
            return case
        return case._replace(
            state="failed",
            heading=f"{name}: {', '.join(each.name for each in found)} ({self._option})",
            lines=tuple(sentence(each, threshold_of(each, thresholds)) for each in found),
            kind=found[0].name,
        )

    def broken(self, name: str, lines: Iterable[str], place: Mark | None = None) -> Case:
        """A run that could not be done, or a spec that could not be read, and why."""
        from weightinit_cli.ci import NOWHERE, Case

        return Case(name, "error", f"{name}: not run", tuple(lines), place or NOWHERE)

    def tell(self, case: Case, more: Iterable[str] = ()) -> int:
        """Print what of a run is asked for; return the exit code.

        The annotation has `more` lines; why a run is broken is told elsewhere.
        """
        if case.state == "failed":
            for line in case.lines:
                terminal.note(f"{case.name}: {line} ({self._option})")
        self.annotate(case._replace(lines=(*case.lines, *more)))
        return FAILED if case.state == "failed" else 0

    def annotate(self, case: Case) -> None:
        """Print the annotation of a case that has not passed, where these are asked for."""
        from weightinit_cli.ci import annotation

        if self._annotates and case.state != "passed":
            terminal.say(annotation(self.command, case))

    def done(self, case: Case, more: Iterable[str] = ()) -> int:
        """Tell of a run, and keep it, where it failed with `more` lines; return the exit code."""
        more = tuple(more) if case.state == "failed" else ()
        self._kept.append(case._replace(lines=(*case.lines, *more)))
        return self.tell(case, more)

    def failed(self, name: str, error: WinitError, spec: AnySpec | None = None) -> int:
        """Print why a run was not done, or a spec not read, and keep that; return the exit code."""
        problems = error.problems if isinstance(error, SpecError) else ()
        place = _first_place(problems) if spec is None else place_of(spec)
        self.done(self.broken(name, error.lines, place))
        return terminal.fail(error.lines, error.exit_code)

    def _keep_error(self, error: BaseException) -> None:
        """Keep what has ended the command: a case for each file where it is a SpecError."""
        if isinstance(error, SpecError):
            by_source: dict[str, list[Problem]] = {}
            for problem in error.problems:
                by_source.setdefault(problem.mark.source, []).append(problem)
            for source, problems in by_source.items():
                self.done(self.broken(source, map(str, problems), _first_place(problems)))
        elif isinstance(error, WinitError):
            self.done(self.broken(self.command, error.lines))
        else:
            words = f"{type(error).__name__}: {error}"
            if isinstance(error, KeyboardInterrupt):
                words = "interrupted: what is not listed here was not run"
            self._kept.append(self.broken(self.command, words.splitlines()))

    def also(self, cases: Callable[[], Iterable[Case]]) -> None:
        """Take cases that were not kept, which are given as often as they are wanted."""
        self._others = cases

    def writing(self, work: Callable[[], int]) -> int:
        """Do the work, and write the JUnit file whatever ends it; return the exit code.

        Only a wrong command line, which is said at once, leaves no file.
        """
        try:
            code = work()
        except click.UsageError:
            raise
        except BaseException as error:
            self._keep_error(error)
            self._write()
            raise
        return max(code, self._write())

    def _write(self) -> int:
        if self._junit is None:
            return 0
        try:
            _write_junit(self._junit, self.command, lambda: chain(self._kept, self._others()))
        except WinitError as error:
            return terminal.fail(error.lines, error.exit_code)
        return 0

    @property
    def _option(self) -> str:
        return f"--fail-on {', '.join(self.fail_on)}"


def place_of(spec: AnySpec) -> Mark:
    """Where the spec's file has a run's initializer; NOWHERE of what no file of this name has.

    Of a run that a variant or the sweep may give an activation, whichever of both stands last.
    """
    from weightinit_cli.ci import NOWHERE

    top = spec.marks[""]
    if not os.path.isfile(top.source):  # noqa: PTH113
        return NOWHERE
    varied = {path.partition(".")[0] for path, _ in spec.varied}
    one = varied.isdisjoint(("variant", "activation"))
    keys = ("initializer",) if one else ("initializer", "activation")
    marks = (mark for path, mark in spec.marks.items() if path.partition(".")[0] in keys)
    return max([top, *(mark for mark in marks if mark.source == top.source)])


def _write_junit(path: Path, command: str, cases: Callable[[], Iterable[Case]]) -> None:
    """Write the file whole; what is no file, as a pipe, gets the text as it would a line."""
    from weightinit_cli.ci import junit
    from weightinit_cli.results import write_at

    pieces = junit(command, cases)
    if terminal.is_stdout(path):
        for piece in pieces:
            terminal.say(piece.decode().removesuffix("\n"))
    else:
        write_at(path, pieces)


def _first_place(problems: Iterable[Problem]) -> Mark | None:
    """The first place in a file that has a problem."""
    marks = (problem.mark for problem in problems)
    return next((mark for mark in marks if os.path.isfile(mark.source)), None)  # noqa: PTH113
