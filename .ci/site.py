"""Hook of MkDocs: the README, and what pages link beside docs/, become part of the site.

The pages are read in the repository, too, so that they link its files: ../outputs/reference/x.png.
Pictures are copied, and have the same path in the site; the README is its page "start"; other files
and folders are named without a link. On a narrow screen a wide table scrolls in itself, not the
page, and a picture leads to itself, to be looked at in its full size.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(?P<text>!?\[[^\]]*\])\(\.\./(?P<path>[^)#]+)(?P<anchor>#[^)]*)?\)")
START = "start.md"
IMAGE = re.compile(r'<img [^>]*?src="(?P<source>[^"]+)"[^>]*>')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the README, and the pictures that the pages link."""
    from mkdocs.structure.files import File

    readme = (ROOT / "README.md").read_text("utf-8")
    for inside, outside in (("](docs/", "]("), ("](outputs/", "](../outputs/")):
        readme = readme.replace(inside, outside)
    readme = re.sub(r"\]\((\w+\.md)\)", lambda match: _beside(match[1]), readme)
    files.append(File.generated(config, START, content=readme))
    pages = [page.content_string for page in files.documentation_pages()]
    linked = {match["path"] for page in pages for match in LINK.finditer(page)}
    for path in sorted(each for each in linked if each.endswith(".png")):
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def _beside(name: str) -> str:
    """The end of a link of the README, seen from docs/."""
    inside = (ROOT / "docs" / name).is_file()
    return f"]({name})" if inside else f"](../{name})"


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links to where the site has what they link."""

    def link(match: re.Match[str]) -> str:
        if match["path"] == "README.md":
            return f"{match['text']}({START}{match['anchor'] or ''})"
        if match["path"].endswith(".png"):
            return f"{match['text']}({match['path']})"
        return f"{match['text'][1:-1]} (`{match['path']}` in the repository)"

    return LINK.sub(link, markdown)


def on_page_content(html: str, **_: object) -> str:
    """Let wide tables scroll, and lead a picture to itself."""
    html = html.replace("<table>", '<div class="table-responsive"><table>')
    html = html.replace("</table>", "</table></div>")
    return IMAGE.sub(r'<a href="\g<source>">\g<0></a>', html)
