"""Outcomes as JUnit XML, which the usual CI systems read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from weightinit_cli.errors import printable
from weightinit_cli.guard.report import details, heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.guard.report import Report


def junit(reports: Sequence[Report]) -> bytes:
    """One test case per run: a failure where it has drifted, an error where it can't be read."""
    states = [report.state for report in reports]
    counts = {
        "tests": str(len(reports)),
        "failures": str(states.count("drift")),
        "errors": str(states.count("error")),
    }
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "winit check", **counts})
    for report in reports:
        gate = report.outcome.gate if report.outcome else None
        attributes = {"classname": f"winit.{gate or 'check'}", "name": printable(report.run)}
        case = ET.SubElement(suite, "testcase", {**attributes, "file": printable(report.path)})
        text = "\n".join(printable(line) for line in details(report))
        if report.state == "same":
            if text:
                ET.SubElement(case, "system-out").text = text
            continue
        kind = "failure" if report.state == "drift" else "error"
        ET.SubElement(case, kind, {"message": printable(heading(report))}).text = text
    ET.indent(suites)
    document: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document + b"\n"
