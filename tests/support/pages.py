"""A page of results, read as a browser reads its markup."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "input", "br", "link", "path", "image", "wbr"}


class Element:
    """An element with its attributes, its elements, and all text in it."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Element] = []
        self.parts: list[str | Element] = []

    @property
    def text(self) -> str:
        return "".join(each if isinstance(each, str) else each.text for each in self.parts)

    @property
    def every(self) -> list[Element]:
        """All elements in this one, in their order."""
        return [each for child in self.children for each in (child, *child.every)]

    def find(self, tag: str = "", **attributes: str) -> list[Element]:
        wanted = {key.replace("_", "-").strip("-"): value for key, value in attributes.items()}
        return [
            each
            for each in self.every
            if (not tag or each.tag == tag) and wanted.items() <= each.attributes.items()
        ]

    def one(self, tag: str = "", **attributes: str) -> Element:
        (found,) = self.find(tag, **attributes)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].children.append(element)
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> ends another element"

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read_page(text: str) -> Element:
    """The page as a tree; every element is closed where it should be."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert len(reader.open) == 1, f"not closed: {[each.tag for each in reader.open]}"
    return reader.open[0]


def cells(table: Element) -> tuple[list[str], list[list[Element]]]:
    """The heads of a table, and the cells of its body's rows."""
    heads = [each.text for each in table.one("thead").find("th")]
    return heads, [row.children for row in table.one("tbody").find("tr")]
