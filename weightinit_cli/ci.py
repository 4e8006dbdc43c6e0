"""What CI systems show of runs and checks: JUnit's XML, and annotations of GitHub's workflows."""

from __future__ import annotations

from collections import Counter
from math import fsum
from typing import TYPE_CHECKING, Literal, NamedTuple

from weightinit_cli.errors import Mark, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

NOWHERE = Mark("")


class Case(NamedTuple):
    """A run, or what could not be run: its name, what was found, and where that comes from.

    `failed` says that something was found that is not to be, `error` that it could not be done. The
    first line says in short what was found, `lines` say all of it. `group` is what the case belongs
    to, `kind` of which kind the failure is. Without a file of its own, `place` is NOWHERE.
    """

    name: str
    state: Literal["passed", "failed", "error"] = "passed"
    heading: str = ""
    lines: tuple[str, ...] = ()
    place: Mark = NOWHERE
    group: str = "winit"
    kind: str = ""
    seconds: float | None = None


def junit(command: str, cases: Callable[[], Iterable[Case]]) -> Iterator[bytes]:
    """Give JUnit's XML of a command piece by piece.

    `cases` gives them all, once to be counted and once to be written, so that any number of them
    takes no memory.
    """
    from xml.sax.saxutils import quoteattr

    states: Counter[str] = Counter()
    times = []
    for case in cases():
        states[case.state] += 1
        times += [] if case.seconds is None else [case.seconds]
    counts = {
        "tests": str(states.total()),
        "failures": str(states["failed"]),
        "errors": str(states["error"]),
        "time": f"{fsum(times):.3f}" if times else "",
    }

    def opened(tag: str, attributes: dict[str, str]) -> str:
        given = (f" {key}={quoteattr(printable(text))}" for key, text in attributes.items() if text)
        return f"<{tag}{''.join(given)}>"

    yield b"<?xml version='1.0' encoding='utf-8'?>\n"
    yield f"{opened('testsuites', counts)}\n".encode()
    yield f"  {opened('testsuite', {'name': command, **counts})}\n".encode()
    for case in cases():
        attributes = {
            "classname": case.group,
            "name": case.name,
            "file": case.place.source,
            "line": str(case.place.line or ""),
            "time": "" if case.seconds is None else f"{case.seconds:.3f}",
        }
        begin = f"    {opened('testcase', attributes)}"
        yield f"{begin}{''.join(_inside(case, opened))}</testcase>\n".encode()
    yield b"  </testsuite>\n</testsuites>\n"


def annotation(command: str, case: Case) -> str:
    """Return a case that failed, or could not be done, as a command to GitHub's runner."""
    text = "\n".join(printable(line) for line in (case.heading, *case.lines))
    place = {"file": case.place.source, "line": case.place.line, "col": case.place.column}
    properties = {**{key: value for key, value in place.items() if value}, "title": command}
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::error {given}::{_escaped(text)}"


def _inside(case: Case, opened: Callable[[str, dict[str, str]], str]) -> Iterator[str]:
    """Give what stands in a case: a failure, an error, or the lines of one that has passed."""
    from xml.sax.saxutils import escape

    text = escape("\n".join(map(printable, case.lines)))
    if case.state == "passed":
        if text:
            yield f"\n      <system-out>{text}</system-out>\n    "
        return
    tag = "failure" if case.state == "failed" else "error"
    begin = opened(tag, {"type": case.kind, "message": case.heading})
    yield f"\n      {begin}{text}</{tag}>\n    "


def _property(text: str) -> str:
    return _escaped(printable(text)).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
