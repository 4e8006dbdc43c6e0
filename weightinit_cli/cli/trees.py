"""Several runs on disk: their common table and picture again, as the run itself gave them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from weightinit_cli.cli import terminal
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.cli.specs import note_lacking, note_pictureless, tell_undrawn
from weightinit_cli.errors import WinitError, printable
from weightinit_cli.results.comparison import VARIANT
from weightinit_cli.results.kinds import kind_of
from weightinit_cli.results.tree import in_short, results_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.cli.reporting import Reporter
    from weightinit_cli.plots import Look
    from weightinit_cli.results import AnyResult
    from weightinit_cli.results.tree import ListedRun, RunTree


class SavedRuns:
    """The runs of a spec that have a result; those that have none are told in the end."""

    def __init__(self, place: Path, tree: RunTree) -> None:
        self._place, self._tree = place, tree
        self._missing: list[str] = []
        self._damaged: list[WinitError] = []

    def read(self) -> Iterator[tuple[ListedRun, AnyResult]]:
        """Give every run with its result, one at a time. Raises WinitError where there is none."""
        some = False
        for pair in results_of(self._place, self._tree, self._missing, self._damaged):
            some = True
            yield pair
        if not some:
            lines = [line for error in self._damaged for line in error.lines] + self._lacking()
            self._damaged, self._missing = [], []
            raise WinitError(*lines)

    def tell(self) -> int:
        """Say which runs are missing, and what is wrong with damaged ones; return the exit code."""
        for line in self._lacking():
            terminal.note(printable(line))
        return max((terminal.fail(e.lines, e.exit_code) for e in self._damaged), default=0)

    def _lacking(self) -> list[str]:
        words = f"{self._place}: {in_short(self._tree, self._missing)}"
        return [words] if self._missing else []


def show_runs(place: Path, tree: RunTree, reporter: Reporter, *, as_json: bool) -> int:
    """Print a line for each run, or its result as JSON; return the exit code."""
    from weightinit_cli.cli.tables import run_lines, runs_head, runs_layout, runs_title
    from weightinit_cli.results import dump_line

    saved = SavedRuns(place, tree)
    layout = None
    code = 0
    for run, result in saved.read():
        if layout is None:
            labels = (each.label for each in tree.runs)
            output = _all_have_output(place, tree, result)
            layout = runs_layout(result.spec["experiment"], labels, output=output)
            if not as_json:
                terminal.say(runs_title(tree.name, tree.overrides, len(tree.runs)))
                terminal.say("\n".join(runs_head(layout)))
        lines = [dump_line(result)] if as_json else run_lines(layout, run.label, result)
        terminal.say("\n".join(lines))
        code = max(code, reporter.saved(place / run.folder, result))
    return max(code, saved.tell())


def _all_have_output(place: Path, tree: RunTree, first: AnyResult) -> bool:
    """Whether all runs have an output layer: the first one tells, unless just that is varied."""
    if "output" not in first.spec or {VARIANT, "output"}.isdisjoint(tree.axes):
        return "output" in first.spec
    return all("output" in result.spec for _, result in SavedRuns(place, tree).read())


def plot_runs(
    place: Path, tree: RunTree, folder: Path, formats: Sequence[str], look: Look, *, quiet: bool
) -> int:
    """Draw the picture of all runs; return the exit code."""
    from weightinit_cli.results import write_files
    from weightinit_cli.saving import Saved, draw_safely

    saved = SavedRuns(place, tree)
    with ProgressBar(f"drawing {place}", shown=not quiet):
        pictures, undrawn = draw_safely(partial(_pictures, saved, tree, formats, look))
    paths = write_files(folder, "", pictures) if pictures else []
    if not quiet:
        for written in paths:
            terminal.say(printable(str(written)))
        names = [run.values[0] for run in tree.runs] if tree.axes[:1] == (VARIANT,) else []
        note_lacking([tree.name, *map(str, names)])
        note_pictureless(tree.name, Saved(paths, undrawn))
    return max(saved.tell(), tell_undrawn(Saved(paths, undrawn)))


def _pictures(
    saved: SavedRuns, tree: RunTree, formats: Sequence[str], look: Look
) -> dict[str, bytes]:
    from weightinit_cli.plots import comparison_pictures
    from weightinit_cli.results.words import full_name

    spec: Mapping[str, Any] = {}
    runs = []
    for run, result in saved.read():
        spec = spec or result.spec
        compared = kind_of(result).compared(result, run.label, tree.varied(run))
        if compared is not None:
            runs.append(compared)
    name = full_name(tree.name, tree.overrides)
    return comparison_pictures(name, spec, runs, len(tree.runs), formats, look)
