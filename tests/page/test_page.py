"""A page of results says what stats.json says, of every experiment, and needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

import weightinit_cli
from support.pages import Element, cells, read_page
from support.plots.probes import PROBES
from weightinit_cli import WinitError, load_result
from weightinit_cli.page import Unread, write_page
from weightinit_cli.page.budget import LEVELS, level_for
from weightinit_cli.page.content import STATES, exactly, filters_of, groups_of, shown, value_words
from weightinit_cli.page.reading import Listed, Named
from weightinit_cli.page.rendering import page_of
from weightinit_cli.results.figures import figure, resolved
from weightinit_cli.results.histogram import told
from weightinit_cli.results.kinds import kind_of
from weightinit_cli.results.told import Rounded
from weightinit_cli.results.verdictwords import told as told_verdicts

REFERENCE = Path(__file__).parents[2] / "outputs" / "reference"
NAMES = (
    "sigmoid_xavier", "article/std-10", "article/std-0", "relu_he", "pre_norm", "conv_small_std/He",
    "logistic_random", "restarts",
)  # fmt: skip
TAGS = {
    "a", "b", "bdi", "body", "br", "button", "caption", "code", "details", "div", "fieldset",
    "figcaption", "figure", "footer", "form", "g", "h1", "h2", "h3", "head", "header", "html",
    "image", "input", "label", "legend", "li", "main", "meta", "optgroup", "option", "p",
    "path", "pre", "script", "section", "select", "span", "style", "summary", "svg", "table",
    "tbody", "td", "text", "th", "thead", "title", "tr", "ul",
}  # fmt: skip
EVIL = [
    "<script>alert(1)</script>",
    '"onmouseover=alert(1) x="',
    "'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "שלום \u202e evil \x1b]0;title\x07",
    "名前 ✓ é",
    "line\nbreak\ttab\x00",
    "lone \ud800",
    "]]></svg><!--",
]


@pytest.fixture(scope="module")
def results() -> dict:
    found = {name: load_result(REFERENCE / name) for name in NAMES}
    return found | {"probe": PROBES["frozen_stem"]()}


@pytest.fixture(scope="module")
def page(results: dict, tmp_path_factory: pytest.TempPathFactory) -> Element:
    return read_page(written(results, tmp_path_factory.mktemp("page") / "page.html"))


def written(results: dict, file: Path, **more) -> str:
    write_page([Named(name, name, each) for name, each in results.items()], file, Unread(), **more)
    return file.read_text("utf-8")


def written_of(given: list[Named], file: Path) -> str:
    write_page(given, file, Unread())
    return file.read_text("utf-8")


def section(page: Element, name: str) -> Element:
    return next(
        each for each in page.find("details", _class="run") if each.find("bdi")[0].text == name
    )


def row(page: Element, name: str) -> tuple[list[str], list[Element]]:
    for table in page.find("table", _class="runs"):
        heads, rows = cells(table)
        for each in rows:
            if each[0].text == name:
                return heads, each
    raise AssertionError(name)


def value(cell: Element) -> float:
    return float(cell.attributes.get("title", cell.text))


@pytest.mark.parametrize("name", [*NAMES, "probe"])
def test_tables_are_those_of_the_results(page: Element, results: dict, name: str):
    table = kind_of(results[name]).table(results[name])
    heads, rows = cells(section(page, name).one("table"))
    assert heads == list(table.heads)
    assert [[cell.text for cell in each] for each in rows] == list(map(list, table.rows))


@pytest.mark.parametrize("name", NAMES[:6])
def test_every_figure_has_all_its_digits(page: Element, results: dict, name: str):
    result = results[name]
    heads, rows = cells(section(page, name).one("table"))
    compared = 0
    for path, each in told(result).items():
        if not each.in_table or each.head not in heads:
            continue
        column = [row[heads.index(each.head)] for row in rows]
        for layer, cell in zip(result.layers, column, strict=True):
            number = resolved(layer, path)
            if number is None:
                assert "title" not in cell.attributes
                assert figure(layer, path) is None or cell.text.startswith(("<", ">=", "?"))
            else:
                assert value(cell) == number
                compared += 1
    assert compared >= 2 * len(result.layers)


def test_what_figures_leave_out_and_how_far_theory_is(page: Element, results: dict):
    layers = results["sigmoid_xavier"].layers
    heads, rows = cells(section(page, "sigmoid_xavier").one("table"))
    z = [row[heads.index("z (std)")] for row in rows]
    assert [value(cell) for cell in z] == [layer.theory.figures["std"].z for layer in layers]
    assert "outside" not in heads


def test_what_lies_outside_of_the_histograms(tmp_path: Path):
    spec = {
        "activation": "relu", "initializer": "he_normal", "width": 10, "layers": 2, "samples": 50,
        "histogram": {"range": [0, 1]},
    }  # fmt: skip
    result = weightinit_cli.run(spec)
    page = read_page(written({"one": result}, tmp_path / "page.html"))
    heads, rows = cells(section(page, "one").one("table"))
    assert [value(row[heads.index("outside")]) for row in rows] == [
        layer.histogram.overflow / 500 for layer in result.layers
    ]


def test_overview_has_a_row_for_each_run(page: Element, results: dict):
    for name, result in results.items():
        heads, (_, verdict, *rest) = row(page, name)
        shown = dict(zip(heads[2:], rest, strict=True))
        *figures, last = kind_of(result).beside(result).items()
        assert {head: shown[head].text for head, _ in figures} == dict(figures)
        for head, text in figures:
            if isinstance(text, Rounded) and text.value is not None:
                assert value(shown[head]) == text.value
        state = verdict.find("span")[0].text
        assert state in STATES.values()
        assert verdict.text.removeprefix(state).strip() == last[1] or not last[1]
    counted = re.findall(r"\d+ (?:\w+ )?\w+", page.one("header").one("p", _class="tools").text)
    assert counted == []
    assert page.one("header").find("p")[0].text.split()[:2] == ["9", "runs:"]


def test_loss_at_the_start_of_a_network_with_classes(tmp_path: Path):
    spec = {
        "activation": "relu", "initializer": "he_normal", "width": 10, "layers": 2, "samples": 50,
        "output": {"classes": 5},
    }  # fmt: skip
    result = weightinit_cli.run(spec)
    heads, found = row(read_page(written({"one": result}, tmp_path / "page.html")), "one")
    assert value(found[heads.index("loss at start")]) == result.output.loss


def test_a_column_of_figures_stands_to_the_right_also_where_one_is_below_its_floor(tmp_path: Path):
    runs = {each: weightinit_cli.run(each) for each in ("sigmoid_std001", "sigmoid_xavier")}
    page = read_page(written(runs, tmp_path / "page.html"))
    heads = {each.text: each.attributes for each in page.one("table", class_="runs").find("th")}
    assert "class" not in heads["std (inputs)"]
    assert heads["initializer"]["class"] == "t"
    names, found = row(page, "sigmoid_std001")
    assert "class" not in found[names.index("std (inputs)")].attributes


def test_verdicts_advice_and_remarks_are_told(page: Element, results: dict):
    for name, result in results.items():
        text = " ".join(section(page, name).text.split())
        for each in told_verdicts(kind_of(result).verdict(result)):
            for part in (each.label, each.rest, each.consequences, each.advice):
                assert " ".join(part.split()) in text
        for remark in kind_of(result).remarks(result):
            assert " ".join(remark.split()) in text


def test_spec_is_yaml_that_is_read_again(page: Element, results: dict):
    from weightinit_cli.spec import digest, parse_spec

    for name in NAMES:
        text = section(page, name).one("pre").text
        spec = parse_spec(text.encode(), source="page", stem="page")
        checksums = kind_of(results[name]).checksums(results[name])
        assert digest(spec, checksums) == results[name].digest


def test_pictures_are_drawn_and_said_in_words(page: Element, results: dict):
    for name, result in results.items():
        drawn = section(page, name).find("svg")
        assert len(drawn) == len(kind_of(result).drawn(result))
        for each in drawn:
            assert each.attributes["role"] == "img"
            assert len(each.attributes["aria-label"]) > 15
            assert each.find("path")
    label = section(page, "sigmoid_xavier").find("svg")[0].attributes["aria-label"]
    assert label.startswith("histogram: layer 1, std 0.21 (0.21); layer 2, ")


def test_keys_that_differ_are_columns_and_filters(page: Element):
    heads, found = row(page, "relu_he")
    assert found[heads.index("activation")].text == "relu"
    choices = page.one("select", data_key="activation").find("option")
    assert [each.text for each in choices] == ["all", "relu", "sigmoid"]
    shared = page.find("details", _class="shared")[0].text
    assert "seed" in shared
    assert "seed" not in heads


def test_nothing_from_elsewhere(page: Element):
    policy = page.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for tag in ("style", "script"):
        own = hashlib.sha256(page.one(tag).text.encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(own).decode()}'" in policy
    sources = {"src", "href", "srcset", "action", "data", "poster", "xlink:href"}
    found = [v for each in page.every for k, v in each.attributes.items() if k in sources]
    assert found
    assert all(each.startswith(("#", "data:image/png;base64,")) for each in found)
    assert "@import" not in page.one("style").text
    assert "url(" not in page.one("style").text


def test_structure_for_who_hears_or_types(page: Element):
    assert page.one("html").attributes["lang"] == "en"
    for tag in ("header", "main", "footer", "h1", "title"):
        page.one(tag)
    assert page.find("a")[0].attributes["href"] == "#overview"
    ids = [each.attributes["id"] for each in page.every if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    links = {each.attributes["href"][1:] for each in page.find("a")}
    assert links <= set(ids)
    for table in page.find("table"):
        assert table.one("caption").text.strip()
        assert all("scope" in each.attributes for each in table.find("th"))
    for box in page.find("div", _class="scroll"):
        assert box.attributes["tabindex"] == "0"
    for control in (*page.find("select"), *page.find("input")):
        named = "aria-label" in control.attributes
        assert named or any(control in label.every for label in page.find("label"))


def test_without_a_script_nothing_is_hidden_but_what_needs_it(page: Element):
    hidden = [each for each in page.every if "hidden" in each.attributes]
    assert {each.attributes.get("id", each.attributes.get("class")) for each in hidden} == {
        "filters", "columns", "tools",
    }  # fmt: skip
    assert not [each for each in page.every if any(key.startswith("on") for key in each.attributes)]
    assert not [each for each in page.every if "style" in each.attributes]


@pytest.mark.parametrize("name", EVIL)
def test_names_are_text_everywhere(results: dict, tmp_path: Path, name: str):
    result = replace(results["sigmoid_xavier"], name=name, overrides=(f"name={name}",))
    probe = PROBES["frozen_stem"]()
    probe = replace(probe, values=(replace(probe.values[0], module=name), *probe.values[1:]))
    file = tmp_path / "page.html"
    unread = Unread()
    unread.lacking.append(name)
    listed = [Listed(each, "", ((name, each),), name, name, 2) for each in (name, f"{name}2")]
    results = [(result, listed[0]), (result, listed[1]), (probe, None)]
    given = [Named(name, name, each, listed) for each, listed in results]
    write_page(given, file, unread, title=name)
    text = file.read_text("utf-8")
    page = read_page(text)
    assert {each.tag for each in page.every} <= TAGS
    assert len(page.find("script")) == 1
    assert not [k for each in page.every for k in each.attributes if k.startswith("on")]
    visible = "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)
    assert page.one("title").text == visible
    assert page.one("h1").text == visible
    assert page.find("details", _class="run")[0].find("bdi")[0].text == visible
    assert all(c.isprintable() or c == "\n" for c in text)
    ids = [each.attributes["id"] for each in page.every if "id" in each.attributes]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*(-\d+)?", each) for each in ids)


# its size


def test_a_thousand_runs_have_pictures_and_tables_in_ten_megabytes(results: dict):
    one = shown(Named("", "", results["sigmoid_xavier"]))
    runs = [
        replace(
            one,
            number=k,
            name=f"sigmoid_xavier, normal-{k / 1000:.3f},depth-{k}",
            place=f"sweep/normal-{k / 1000:.3f},depth-{k}",
            keys={**one.keys, "initializer.std": k / 1000, "seed": k},
        )
        for k in range(1, 1001)
    ]
    page = page_of(runs, "1,000 runs")
    assert len(page.content) <= 10_000_000
    assert page.left_out == LEVELS[1].left_out
    text = page.content.decode()
    assert text.count("<svg ") == 2000
    assert "To stay below 10 MB, this page leaves out" in text
    assert text.count('<details class="run"') == 1000


def test_what_is_left_out_grows_until_the_runs_have_room(results: dict):
    run = shown(Named("", "", results["sigmoid_xavier"]))
    whole = sum(map(len, run.pictures.values()))
    small = [len(each) for each in run.small.values()]
    assert sum(small) < 0.6 * whole
    table = {True: 3000, False: 1000}
    rooms = [
        level_for([run], lambda _, level: table[level.all_rows], room)
        for room in (
            3000 + whole + 1000,
            3000 + sum(small) + 1000,
            3000 + small[0] + 500,
            3000,
            1000,
            999,
        )
    ]
    assert rooms == list(LEVELS)


def test_rows_and_runs_that_are_left_out_are_said(results: dict, monkeypatch: pytest.MonkeyPatch):
    deep = shown(Named("", "", results["pre_norm"]))
    runs = [replace(deep, number=k) for k in range(1, 4)]
    monkeypatch.setattr("weightinit_cli.page.rendering.MOST_BYTES", 30_000)
    page = page_of(runs, "few bytes")
    assert page.left_out == LEVELS[4].left_out
    tree = read_page(page.content.decode())
    assert not tree.find("svg")
    kept = tree.find("details", _class="run")[0].one("tbody").find("tr")
    assert 1 <= len(kept) < 20
    assert f"{20 - len(kept)} rows left out" in tree.text
    monkeypatch.setattr("weightinit_cli.page.rendering.MOST_BYTES", 20_000)
    assert not read_page(page_of(runs, "fewer").content.decode()).find("details", _class="run")


def test_pictures_of_several_runs_have_a_fifth_of_the_page(
    results: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    listed = [
        Listed(f"run {k}", "", (("variant", k),), f"{k % 3}", f"{k % 3}", 2) for k in range(6)
    ]
    result = results["sigmoid_xavier"]
    given = [Named("", "", result, each) for each in listed]
    page = read_page(written_of(given, tmp_path / "all.html"))
    together = page.one("section", aria_labelledby="together")
    assert [each.text for each in together.find("h3")] == ["0", "1", "2"]
    monkeypatch.setattr("weightinit_cli.page.rendering.SHARE_TOGETHER", 10_000_000 // 15_000)
    page = read_page(written_of(given, tmp_path / "one.html"))
    assert len(page.one("section", aria_labelledby="together").find("svg")) == 1
    assert "the pictures of 2 specs together" in page.one("p", _class="note").text


# what filters choose among


@pytest.mark.parametrize(
    ("given", "words", "exact"),
    [
        (None, "-", "-"),
        (True, "true", "true"),
        (1000, "1000", "1000"),
        (1.0, "1", "1"),
        (0.123456, "0.1235", "0.123456"),
        (1e-8, "1e-8", "1e-08"),
        ("a\x1bb", r"a\x1bb", r"a\x1bb"),
    ],
)
def test_values_of_a_spec(given: object, words: str, exact: str):
    assert (value_words(given), exactly(value_words(given))) == (words, exact)


def test_many_numbers_are_chosen_by_bounds(results: dict):
    one = shown(Named("", "", results["relu_he"]))
    runs = [
        replace(one, number=k, keys={**one.keys, "width": k % 30, "seed": k % 3}) for k in range(90)
    ]
    found = {each.key: each.choices for each in filters_of(groups_of(runs))}
    assert found["width"] == ()
    assert [value for value, _ in found["seed"]] == ["0", "1", "2"]


# from Python


def test_report_of_results_and_of_a_folder(results: dict, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = [results["sigmoid_xavier"], results["relu_he"]]
    assert weightinit_cli.report(given) == Path("report.html")
    assert len(read_page(Path("report.html").read_text("utf-8")).find("details", _class="run")) == 2
    compared = weightinit_cli.compare(given, ["one", "two"])
    page = read_page(weightinit_cli.report(compared, "two.html", title="Both").read_text("utf-8"))
    assert page.one("h1").text == "Both"
    picture = page.one("section", aria_labelledby="together").one("svg")
    assert {"one", "two"} <= {each.text for each in picture.find("text")}
    assert row(page, "one")[1][0].text == "one"
    given[0].save("out/mine")
    assert weightinit_cli.report("out") == Path("out/report.html")
    assert weightinit_cli.report(given[1], "out/one.html") == Path("out/one.html")


def test_report_says_what_it_cannot_read(results: dict, tmp_path: Path):
    with pytest.raises(WinitError, match="expected at least one result"):
        weightinit_cli.report([])
    with pytest.raises(WinitError, match=r"expected a folder, or results of run\(\), not int"):
        weightinit_cli.report([1])
    with pytest.raises(WinitError, match="no such folder"):
        weightinit_cli.report(tmp_path / "nowhere")
    results["relu_he"].save(tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "stats.json").write_text("{")
    with pytest.raises(WinitError, match="not JSON"):
        weightinit_cli.report(tmp_path)
    page = read_page((tmp_path / "report.html").read_text("utf-8"))
    assert "not JSON" in page.one("section", aria_labelledby="unread").text
    assert row(page, "relu_he")
