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
    found = []
    for step in re.split(r"\n\d\. ", TEXT):
        file = re.match(r"`(.+?\.py)`", step)
        for table in re.findall(r"its\s+row\s+in\s+`([A-Z_]+)`", step) if file else ():
            found.append(table)
            source = (ROOT / "weightinit_cli" / file[1]).read_text()
            assert re.search(rf"^{table}\b", source, re.MULTILINE), f"{table} in {file[1]}"
    assert found == ["FIGURES", "SPEC_KINDS", "RESULT_KINDS", "EXPERIMENTS"]
