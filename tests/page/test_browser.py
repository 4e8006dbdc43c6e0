"""The page in a real browser: sorting, filtering, keyboard, light and dark, narrow and printed.

Needs playwright (`pip install -e ".[browser]"`) and a Chromium: `chromium`, `google-chrome` or what
WINIT_CHROMIUM names.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.plots.probes import PROBES
from weightinit_cli import load_result
from weightinit_cli.page import Unread, write_page
from weightinit_cli.page.content import shown
from weightinit_cli.page.reading import Named
from weightinit_cli.page.rendering import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

REFERENCE = Path(__file__).parents[2] / "outputs" / "reference"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
NAMES = ("sigmoid_xavier", "article/std-0", "relu_he", "pre_norm", "tanh_critical", "relu_std001")
RUNS = [*NAMES, "logistic_random", "probe", "<img src=x onerror=alert(1)>"]


def chromium() -> str:
    named = os.environ.get("WINIT_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("there is no Chromium here: none of the names is on the path")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium()
    with playwright.sync_playwright() as started:
        # As root, as which CI may run, Chromium has no sandbox.
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    results = {name: load_result(REFERENCE / name) for name in (*NAMES, "logistic_random")}
    results["probe"] = PROBES["frozen_stem"]()
    results[RUNS[-1]] = replace(results["relu_he"], name=RUNS[-1])
    file = tmp_path_factory.mktemp("page") / "page.html"
    write_page([Named(name, name, each) for name, each in results.items()], file, Unread())
    return file.as_uri()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Open the page; in the end nothing was logged, raised or asked of the network."""
    contexts, problems = [], []

    def open_page(width: int = 1200, script: bool = True, at: str = "", **more: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=script, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(f"dialog {dialog.message}"))
        page.on("request", lambda asked: problems.append(asked.url) if is_foreign(asked) else None)
        page.goto(at or address)
        return page

    def is_foreign(asked: Any) -> bool:
        return not asked.url.startswith((address.partition("#")[0], "data:"))

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def names(page: Any, table: str = "#table-1") -> list[str]:
    """The runs whose rows are shown, in order."""
    return page.locator(f"{table} tbody tr:visible > th").all_inner_texts()


def status(page: Any) -> str:
    return page.get_by_role("status").inner_text()


def head(page: Any, words: str, table: str = "#table-1") -> Any:
    heads = page.locator(f"{table} thead th")
    return heads.filter(has=page.get_by_role("button", name=words, exact=True))


def test_sorting_by_a_figure(opened: Callable):
    page = opened()
    own = names(page)
    assert own == [*NAMES, RUNS[-1]]
    std = head(page, "std")
    values = [load_result(REFERENCE / name).layers[-1].std for name in (*NAMES, "relu_he")]
    rising = [name for _, name in sorted(zip(values, own, strict=True), key=lambda each: each[0])]
    assert std.get_attribute("aria-sort") is None
    std.get_by_role("button").click()
    assert std.get_attribute("aria-sort") == "ascending"
    assert names(page) == rising
    std.get_by_role("button").click()
    assert std.get_attribute("aria-sort") == "descending"
    ties = {frozenset(names(page)[k : k + 2]) for k in range(len(own) - 1)}
    assert frozenset(("relu_he", RUNS[-1])) in ties
    falling = [name for name in names(page) if name != RUNS[-1]]
    assert falling == [name for name in rising[::-1] if name != RUNS[-1]]
    std.get_by_role("button").click()
    assert std.get_attribute("aria-sort") is None
    assert names(page) == own


def test_sorting_by_words_and_by_how_bad_it_is(opened: Callable):
    page = opened()
    head(page, "run").get_by_role("button").click()
    assert names(page) == sorted(names(page), key=str.lower)
    head(page, "verdict").get_by_role("button").click()
    assert head(page, "run").get_attribute("aria-sort") is None
    signs = page.locator("#table-1 tbody td[data-rank] span").all_inner_texts()
    order = "✖▲•✔○"
    assert signs == sorted(signs, key=order.index)
    assert len(set(signs)) >= 4


def test_what_is_no_number_stands_last_both_ways(opened: Callable):
    page = opened()
    page.locator("#table-1").evaluate(
        """table => {
            const cells = [...table.tBodies[0].rows].map(row => row.cells[2]);
            ["-", "3", "<1e-8", "?", ">99.9%", "1,000", "2e-3"].forEach((text, k) => {
                cells[k].removeAttribute("title"); cells[k].textContent = text;
            });
        }"""
    )
    button = head(page, "std").get_by_role("button")
    for expected in (
        ["<1e-8", "2e-3", ">99.9%", "3", "1,000", "?", "-"],
        ["1,000", "3", ">99.9%", "2e-3", "<1e-8", "?", "-"],
    ):
        button.click()
        assert page.locator("#table-1 tbody td:nth-child(3)").all_inner_texts() == expected


def test_filter_by_text_verdict_and_key(opened: Callable):
    page = opened()
    assert status(page) == "9 of 9 runs shown"
    page.get_by_label("Text in a row").fill("TANH")
    assert (names(page), status(page)) == (["tanh_critical"], "1 of 9 runs shown")
    assert page.locator("details.run:visible").count() == 1
    page.get_by_label("Text in a row").fill("no such run")
    assert status(page) == "0 of 9 runs shown"
    page.get_by_role("button", name="Show all").click()
    assert status(page) == "9 of 9 runs shown"
    page.get_by_label("Verdict").select_option("severe")
    assert (
        page.locator("tr[data-run]:visible").count() == page.locator("[data-state=severe]").count()
    )
    assert "article/std-0" in names(page)
    page.get_by_label("Verdict").select_option("inputs_indistinguishable")
    assert "sigmoid_xavier" in names(page)
    page.get_by_label("Verdict").select_option("")
    page.get_by_text("By a key of the spec").click()
    page.locator("select[data-key=activation]").select_option("relu")
    relu = ["relu_he", "pre_norm", "relu_std001", RUNS[-1]]
    assert names(page) == relu
    page.locator("select[data-key=layers]").select_option("20")
    assert names(page) == ["pre_norm"]


def test_filter_between_two_numbers(browser: Any, opened: Callable, tmp_path: Path):
    one = shown(Named("", "", load_result(REFERENCE / "relu_he")))
    runs = [
        replace(one, number=k, name=f"run {k}", keys={**one.keys, "initializer.std": k / 1000})
        for k in range(1, 61)
    ]
    file = tmp_path / "many.html"
    file.write_bytes(page_of(runs, "many").content)
    page = browser.new_page()
    page.goto(file.as_uri())
    page.get_by_label("initializer.std from").fill("0.0035")
    assert status(page) == "57 of 60 runs shown"
    page.get_by_label("initializer.std to").fill("0.006")
    assert names(page) == ["run 4", "run 5", "run 6"]
    page.close()


def test_columns_are_chosen(opened: Callable):
    page = opened()
    assert head(page, "std").is_visible()
    page.locator(".columns summary").first.click()
    page.locator(".columns").first.get_by_label("std", exact=True).uncheck()
    assert not head(page, "std").is_visible()
    extra = page.locator(".columns").first.locator("input[data-extra]")
    assert extra.count() > 0
    assert not extra.first.is_checked()
    place = extra.first.get_attribute("value")
    cell = page.locator("#table-1 tbody tr").first.locator("> *").nth(int(place))
    assert not cell.is_visible()
    extra.first.check()
    assert cell.is_visible()


def test_a_link_opens_its_run(opened: Callable):
    page = opened()
    assert page.locator("details.run[open]").count() == 0
    page.get_by_role("link", name="relu_he").click()
    page.locator("details.run[open]").wait_for()
    assert page.locator("details.run[open] > summary").all_inner_texts() == ["✔ healthy relu_he"]
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.get_by_role("link", name="environment 1").first.click()
    page.get_by_role("button", name="Open all runs").click()
    assert page.locator("details.run[open]").count() == 9
    page.get_by_role("button", name="Close all runs").click()
    assert page.locator("details.run[open]").count() == 0


def test_by_keyboard_alone(opened: Callable):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the overview"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'overview'")
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
        if "<summary><h3>" in seen[-1]:
            break
    assert any('id="text"' in each for each in seen)
    assert any('class="scroll"' in each for each in seen)
    page.keyboard.press("Enter")
    page.locator("details.run[open]").wait_for()
    head(page, "std").get_by_role("button").focus()
    page.keyboard.press("Space")
    assert head(page, "std").get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(opened: Callable, scheme: str):
    page = opened(color_scheme=scheme)
    page.get_by_role("link", name="relu_he").click()
    page.locator("details.run[open]").wait_for()
    ground = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('details.run[open] svg .ink')).fill"
    found = {page.evaluate(ground): page.evaluate(ink)}
    button = page.get_by_role("button", name="Dark page")
    assert button.get_attribute("aria-pressed") == str(scheme == "dark").lower()
    button.click()
    assert button.get_attribute("aria-pressed") == str(scheme == "light").lower()
    found[page.evaluate(ground)] = page.evaluate(ink)
    assert found == {
        "rgb(255, 255, 255)": "rgb(33, 33, 33)", "rgb(17, 19, 23)": "rgb(230, 230, 230)",
    }  # fmt: skip


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_no_page_is_wider_than_the_window(opened: Callable, width: int):
    page = opened(width)
    page.get_by_role("button", name="Open all runs").click()
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wide = page.locator(".scroll").evaluate_all(
        "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.tabIndex)"
    )
    assert set(wide) <= {0}
    assert bool(wide) or width == 1400


def test_without_a_script_all_is_read(opened: Callable):
    page = opened(script=False)
    assert not page.locator("#filters").is_visible()
    assert not page.locator(".tools").is_visible()
    assert page.locator("tr[data-run]:visible").count() == 9
    page.locator("details.run > summary").nth(1).click()
    page.locator("details.run").nth(1).locator("svg").first.wait_for()
    assert page.locator("details.run").nth(1).locator("table").is_visible()


def test_printed_all_runs_are_open_on_white(opened: Callable):
    page = opened(color_scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.run[open]").count() == 9
    assert not page.locator("#filters").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.run[open]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_rules_of_accessibility(opened: Callable, scheme: str):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = opened(color_scheme=scheme, bypass_csp=True)
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    found = axe.Axe().run(page)
    wrong = {each["id"]: each["nodes"][0]["html"] for each in found.response["violations"]}
    assert wrong == {}


def test_every_picture_fits_its_words(opened: Callable):
    """No text of a picture leaves it, in the fonts that a browser takes."""
    page = opened()
    page.get_by_role("button", name="Open all runs").click()
    beyond = page.locator("svg text").evaluate_all(
        """all => all.filter(text => {
            const box = text.getBoundingClientRect();
            const whole = text.ownerSVGElement.getBoundingClientRect();
            return box.left < whole.left - 2 || box.right > whole.right + 2;
        }).map(text => text.textContent)"""
    )
    assert beyond == []
