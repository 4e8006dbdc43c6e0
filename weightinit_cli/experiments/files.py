"""The files that a run reads, and the digest that they are part of."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from weightinit_cli.data import DATA_DIR, checksums, notes
from weightinit_cli.errors import DataError
from weightinit_cli.spec import TrainingSpec, digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightinit_cli.spec import AnySpec


def data_folder() -> Path | None:
    """Where data sets are looked for; None where nobody has said."""
    named = os.environ.get(DATA_DIR)
    return Path(named) if named else None


@contextmanager
def located(spec: TrainingSpec) -> Iterator[None]:
    """Have a DataError say where the spec asks for the data."""
    try:
        yield
    except DataError as error:
        raise DataError(str(spec.problem("data", str(error)))) from None


def digest_of(spec: AnySpec) -> str:
    """The digest of a run. Raises DataError where a file that it reads is not there."""
    if not isinstance(spec, TrainingSpec):
        return digest(spec)
    with located(spec):
        return digest(spec, checksums(spec.data, data_folder()))


def notes_of(spec: AnySpec) -> tuple[str, ...]:
    """What is worth a word of the files that a run reads; nothing where they are not there."""
    if not isinstance(spec, TrainingSpec):
        return ()
    try:
        return notes(spec.data, data_folder())
    except DataError:  # which the run says
        return ()
