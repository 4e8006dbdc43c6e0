"""CONTRIBUTING's recipes name files that exist, and names that stand in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_file_named_exists():
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.py|/))`", TEXT))
    assert len(named) > 15
    absent = [
        each
        for each in named
        if not any((base / each).exists() for base in (ROOT, ROOT / "weightinit_cli"))
    ]
    assert not absent


def test_every_table_named_stands_where_it_is_said_to():
    pattern = r"`([a-z_/]+\.py)`: its row in `([A-Z_]+)`"
    tables = re.findall(pattern, TEXT)
    assert len(tables) >= 4
    for file, table in tables:
        assert re.search(rf"^{table}\b", (ROOT / "weightinit_cli" / file).read_text(), re.MULTILINE)
