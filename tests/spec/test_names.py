"""Names that are folders: which are one, and which are kept for files of winit's."""

from __future__ import annotations

import pytest

from weightinit_cli.batch.summing import INDEX, SUMMARY
from weightinit_cli.results import STATS
from weightinit_cli.results.kinds import RESULT_KINDS
from weightinit_cli.results.store import COMPARISON, FORMATS
from weightinit_cli.spec import folded
from weightinit_cli.spec.kinds import WRITTEN_PATTERN
from weightinit_cli.spec.names import is_written, told_apart


def test_every_file_that_winit_writes_is_kept_for_it():
    pictures = [COMPARISON, *(name for kind in RESULT_KINDS.values() for name in kind.pictures)]
    files = [f"{picture}.{name}" for picture in pictures for name in FORMATS]
    for name in (STATS, SUMMARY, INDEX, *files):
        assert is_written(name, WRITTEN_PATTERN)
        assert is_written(name.upper(), WRITTEN_PATTERN)
    others = ("stats", "my.json", "stats.json.gz", "xstats.json")
    assert not any(is_written(name, WRITTEN_PATTERN) for name in others)


@pytest.mark.parametrize(
    ("a", "b"), [("A", "a"), ("É", "e\u0301"), ("Straße", "STRASSE"), ("Ω", "\u2126")]
)
def test_names_that_a_file_system_may_take_for_one(a: str, b: str):
    assert folded(a) == folded(b)


def test_numbers_meet_no_other_name():
    names = ["a", "A", "a-2", "a", "b"]
    assert told_apart(names) == ["a", "A-2", "a-2-2", "a-3", "b"]
