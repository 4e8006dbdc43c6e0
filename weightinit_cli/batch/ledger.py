"""What has become of every run, kept on disk: a batch may have more runs than memory."""

from __future__ import annotations

import pickle
import tempfile
from array import array
from typing import IO, TYPE_CHECKING, Literal, NamedTuple, Self

from weightinit_cli.errors import OutputError, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from weightinit_cli.results.comparison import ComparedRun, TrainedRun
    from weightinit_cli.results.summary import Row

NOT_YET = -1


class Record(NamedTuple):
    """One run: where its result is, what it says, and why it or its pictures are missing.

    `replaced` says which other spec's result it took the place of.
    """

    name: str
    run: str
    digest: str
    status: Literal["done", "skipped", "failed"]
    verdict: tuple[str, ...] = ()
    rows: list[Row] = []  # noqa: RUF012
    compared: ComparedRun | TrainedRun | None = None
    errors: tuple[str, ...] = ()
    found: str = ""
    replaced: str = ""

    @property
    def folder(self) -> str:
        """Its folder below the output folder: where it was found, else where it is written to."""
        return self.found or (f"{self.name}/{self.run}" if self.run else self.name)


class Ledger:
    """The records of a batch by the runs' numbers, in a file of the output folder without a name.

    So nothing of it is left, whatever ends the batch; and a folder that cannot be written to is
    known before the first run. Raises OutputError then. What the file does not take later is held
    in memory: the runs that are still to come have a right to be tried.
    """

    def __init__(self, out: Path, total: int) -> None:
        self._out = out
        self._places = array("q", [NOT_YET]) * total
        self._held: dict[int, Record] = {}
        try:
            out.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=out, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"{out}: cannot be written: {reason(error)}") from None

    def write(self, number: int, record: Record) -> None:
        """Note what has become of a run."""
        self._places[number] = NOT_YET
        data = memoryview(pickle.dumps(tuple(record)))
        try:
            place = self._file.seek(0, 2)
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            self._held[number] = record
        else:
            self._places[number] = place

    def read(self, numbers: Iterable[int] | None = None) -> Iterator[Record]:
        """The records of these runs, or of all, in the order of their numbers.

        Raises OutputError where the file cannot be read any more.
        """
        for number in range(len(self._places)) if numbers is None else numbers:
            if self._places[number] != NOT_YET:
                yield self._record_at(self._places[number])
            elif number in self._held:
                yield self._held[number]

    def _record_at(self, place: int) -> Record:
        try:
            self._file.seek(place)
            return Record(*pickle.load(self._file))  # noqa: S301  # its own file
        except OSError as error:
            message = f"{self._out}: what was noted there cannot be read: {reason(error)}"
            raise OutputError(message) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
