"""The hook of the docs' site: where links lead, and what fits a narrow screen."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

HOOK = Path(__file__).parents[1] / ".ci/site.py"


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = spec_from_file_location("docs_site", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_wide_table_scrolls_in_itself(hook: ModuleType):
    page = "<p>x</p>\n<table>\n<tr></tr>\n</table>\n<table>\n</table>"
    wrapped = hook.on_page_content(page)
    assert wrapped.count('<div class="table-responsive"><table>') == 2
    assert wrapped.count("</table></div>") == 2


def test_a_picture_leads_to_itself(hook: ModuleType):
    image = '<img alt="a" src="../outputs/x.png" />'
    assert hook.on_page_content(f"<p>{image}</p>") == (
        f'<p><a href="../outputs/x.png">{image}</a></p>'
    )


@pytest.mark.parametrize(
    ("written", "in_the_site"),
    [
        ("[there](../README.md#two-commands)", "[there](start.md#two-commands)"),
        ("![a](../outputs/reference/x/y.png)", "![a](outputs/reference/x/y.png)"),
        ("[changes](../CHANGELOG.md)", "changes (`CHANGELOG.md` in the repository)"),
        ("[keys](spec.md)", "[keys](spec.md)"),
    ],
)
def test_links_beside_docs(hook: ModuleType, written: str, in_the_site: str):
    assert hook.on_page_markdown(written) == in_the_site
