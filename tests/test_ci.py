"""What CI systems read of runs and checks: JUnit's XML, and annotations of GitHub's workflows."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weightinit_cli.ci import Case, annotation, junit
from weightinit_cli.errors import Mark

ODD = "\x00\x1b[2J\r\n\ud800\ufffe]]><&\"' 🎉 重"


def suite_of(cases: list[Case]) -> ET.Element:
    root = ET.fromstring(b"".join(junit("winit batch", lambda: cases)))  # noqa: S314
    (suite,) = root
    assert {**root.attrib, "name": "winit batch"} == suite.attrib
    return suite


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.builds(
            Case,
            st.text() | st.just(ODD),
            st.sampled_from(["passed", "failed", "error"]),
            st.text() | st.just(ODD),
            st.lists(st.text() | st.just(ODD)).map(tuple),
            st.builds(Mark, st.text() | st.just(ODD), st.integers(0, 9), st.integers(0, 9)),
            kind=st.text(),
            seconds=st.none() | st.floats(0, 1e6),
        )
    )
)
def test_whatever_the_names_hold_it_is_xml(cases: list[Case]):
    suite = suite_of(cases)
    states = [case.state for case in cases]
    counts = {"tests": len(cases), "failures": states.count("failed")}
    counts["errors"] = states.count("error")
    assert {key: int(suite.get(key, "")) for key in counts} == counts
    tags = {"failed": "failure", "error": "error", "passed": "system-out"}
    for case, element in zip(cases, suite, strict=True):
        assert [each.tag for each in element] in ([tags[case.state]], [] * (case.state == "passed"))
        assert annotation("winit batch", case).isprintable()


def test_a_case():
    failed = Case(
        "v/big 🎉",
        "failed",
        "v/big: saturated",
        ("note: 91 % <", "next"),
        Mark("a,b.yaml", 7, 50),
        "winit.histogram",
        "saturated",
        0.0421,
    )
    suite = suite_of([failed, Case("other"), failed])
    assert suite.attrib == {
        "name": "winit batch",
        "tests": "3",
        "failures": "2",
        "errors": "0",
        "time": "0.084",
    }
    first, other, _ = suite
    assert first.attrib == {
        "classname": "winit.histogram",
        "name": "v/big 🎉",
        "file": "a,b.yaml",
        "line": "7",
        "time": "0.042",
    }
    assert first[0].attrib == {"type": "saturated", "message": "v/big: saturated"}
    assert first[0].text == "note: 91 % <\nnext"
    assert (other.attrib, len(other)) == ({"classname": "winit", "name": "other"}, 0)
    assert annotation("winit batch", failed) == (
        "::error file=a%2Cb.yaml,line=7,col=50,title=winit batch"
        "::v/big: saturated%0Anote: 91 %25 <%0Anext"
    )
    assert annotation("winit fix", Case("x", "error", "x: not run")) == (
        "::error title=winit fix::x: not run"
    )


@pytest.mark.parametrize("number", [0, 1])
def test_cases_are_asked_for_and_not_held(number: int):
    """Once to be counted, once to be written: each lives for a moment."""
    asked = []

    def cases() -> object:
        asked.append(number)
        return (Case(str(each)) for each in range(number))

    text = b"".join(junit("winit batch", cases))  # type: ignore[arg-type]
    assert len(asked) == 2
    assert text.count(b"<testcase") == number
    assert text.endswith(b"  </testsuite>\n</testsuites>\n")
