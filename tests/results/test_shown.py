"""What a thing says of itself: in print, in a notebook, as a DataFrame, as files."""

from __future__ import annotations

import sys
from base64 import b64decode
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from math import isnan
from typing import TYPE_CHECKING, Any

import pytest

import weightinit_cli as winit
from weightinit_cli.lines import width
from weightinit_cli.results import SCHEMA_VERSION, DataUsed, Score, Trained, TrainingResult
from weightinit_cli.results.forecast import Forecast
from weightinit_cli.results.told import ends
from weightinit_cli.spec import normal_form, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL = {
    "samples": 30,
    "layers": 2,
    "width": 6,
    "activation": "tanh",
    "initializer": "lecun_normal",
}
ILL = {**SMALL, "layers": 4, "initializer": {"name": "normal", "std": 1e-3}}
RELU: dict[str, Any] = {"activation": "relu", "initializer": "he_normal", "layers": 2, "samples": 5}
DEEP = {**SMALL, "layers": 60, "width": 3, "samples": 5, "backward": False}
SYMMETRY = {
    "experiment": "symmetry",
    "layers": 1,
    "width": 3,
    "steps": 4,
    **{k: SMALL[k] for k in ("activation", "initializer")},
}
LONG = {
    **SMALL,
    "name": "名" * 80,
    "repeats": 2,
    "dtype": "float64",
    "bias": {"name": "normal", "std": 0.1},
}


def training() -> TrainingResult:
    score = Score(0.5, 0.25)
    spec = normal_form(winit.spec_of({**SYMMETRY, "experiment": "training", "repeats": 3}))
    return TrainingResult(
        schema_version=SCHEMA_VERSION,
        name="training",
        spec=spec,
        digest="0" * 64,
        data=DataUsed("digits", 64, 10, 1198, 299, 300, {}),
        networks=(Trained((2.5, 2.0), None, score, None, score, "00"),) * 3,
        best_of=(),
        interrupted=None,
        environment={},
    )


def many() -> winit.Compared:
    result = winit.run(SMALL)
    return winit.compare([replace(result, name=f"<b>{number}</b>" * 9) for number in range(50)])


SHOWN: dict[str, Callable[[], Any]] = {
    "small": lambda: winit.run(SMALL),
    "ill": lambda: winit.run(ILL),
    "deep": lambda: winit.run(DEEP),
    "long": lambda: winit.run(LONG),
    "overflowing": lambda: winit.run({**RELU, "initializer": {"name": "normal", "std": 1e30}}),
    "convolution": lambda: winit.run({**RELU, "channels": 2, "image": [4, 4, 1]}),
    "symmetry": lambda: winit.run(SYMMETRY),
    "training": training,
    "compared": lambda: winit.compare([winit.run(SMALL), winit.run(ILL), winit.run(LONG)]),
    "many": many,
    "descents": lambda: winit.compare([winit.run({**SYMMETRY, "seed": seed}) for seed in (0, 1)]),
    "forecast": lambda: winit.predict(SMALL),
    "no theory": lambda: winit.predict({**SMALL, "initializer": "lsuv"}),
    "phase": lambda: winit.phase("tanh"),
    "no critical line": lambda: winit.phase("exponential"),
    "phase of specs": lambda: winit.phase(specs=[SMALL, {**LONG, "initializer": "lsuv"}, LONG]),
    "remedy": lambda: winit.fix(ILL),
    "nothing to mend": lambda: winit.fix({**SMALL, "width": 60, "layers": 3, "samples": 100}),
    "spec": lambda: winit.spec_of(LONG),
}


@cache
def shown_of(name: str) -> Any:
    return SHOWN[name]()


@pytest.mark.parametrize("name", SHOWN)
def test_in_print_it_is_a_few_lines(name: str):
    shown = shown_of(name)
    lines = repr(shown).splitlines()
    assert 1 <= len(lines) <= 10
    assert type(shown).__name__ in lines[0]
    for line in lines:
        assert line.isprintable()
        assert line.strip()
        assert width(line) <= (80 if name != "spec" else 300)


class Markup(HTMLParser):
    """What a notebook would show: texts and pictures; it fails on what it should not be given."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0
        self.text = ""
        self.pictures: list[bytes] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag in {
            "div",
            "p",
            "b",
            "br",
            "small",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "img",
        }
        assert given.keys() <= {"style", "src", "alt", "colspan"}
        if tag == "img":
            kind, _, data = (given["src"] or "").partition(",")
            assert kind == "data:image/png;base64"
            self.pictures.append(b64decode(data))
        self.rows += tag == "tr"
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def markup(shown: Any) -> Markup:
    return parsed(shown._repr_html_())


def parsed(text: str) -> Markup:
    parser = Markup()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


def test_in_a_notebook_the_verdict_is_above_the_table_and_the_picture():
    result = winit.run(ILL)
    text = result._repr_html_()
    assert text.index("vanishing_signal") < text.index("<table>") < text.index("<img")
    seen = parsed(text)
    assert seen.pictures == [result._repr_png_()]
    assert seen.rows == 1 + 4


@pytest.mark.parametrize(("name", "rows", "pictures"), [
    ("deep", 22, 1), ("many", 22, 1), ("forecast", 3, 0), ("no theory", 0, 0), ("symmetry", 3, 1),
    ("phase of specs", 3, 1), ("remedy", None, 0), ("long", 3, 1),
])  # fmt: skip
def test_it_is_well_formed_and_short(name: str, rows: int | None, pictures: int):
    seen = markup(shown_of(name))
    assert rows in (None, seen.rows)
    assert len(seen.pictures) == pictures
    assert all(picture.startswith(b"\x89PNG") for picture in seen.pictures)


def test_names_are_escaped():
    result = replace(winit.run(SMALL), name="<script>alert(1)</script>\x1b[31m&")
    text = result._repr_html_()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\x1b" not in text + repr(result)


def test_what_it_says():
    lines = repr(winit.run("sigmoid_xavier")).splitlines()
    assert lines == [
        "Result sigmoid_xavier: sigmoid, xavier_normal (gain 1), width 100, 1,000",
        "  samples, seed 0",
        "warning: inputs_indistinguishable first at layer 5: std from input to input is",
        "  0.57 % of std",
        "  so: vanishing_gradient from layer 5 down to layer 1 (norm × 0.0028)",
        "layer     std  std (inputs)  grad. ratio",
        "    1   0.207        0.2069      0.04472",
        "    5  0.1116     0.0006309            -",
        ".to_frame(), .figure(), .save(folder); fix(result.spec) looks for a better start",
    ]
    article = winit.compare([winit.run(each) for each in winit.expand("article")])
    assert repr(article).splitlines()[2].startswith("normal (mean 0, std 10)  ")
    assert repr(winit.expand("article")) == "<3 runs of article>"


def test_why_a_forecast_ends():
    assert "scales" in repr(winit.predict({**SMALL, "initializer": "lsuv"}))
    forecast = winit.predict({**RELU, "initializer": {"name": "normal", "std": 1e100}})
    assert "no predictions from layer 1 on: too large to be computed" in repr(forecast)
    unknown = replace(forecast, limits=None, no_limits="the variance grows")
    assert "With depth: the variance grows.\n" in repr(unknown)


def test_whose_functions_drew_is_told():
    own = winit.run(SMALL, weights=lambda rng, shape: rng.normal(size=shape))
    assert "weights by" in repr(own)
    own = replace(own, environment={**own.environment, "weights": "mine.draw"})
    compared = winit.compare([own, winit.run(SMALL)])
    assert compared.names == ("weights by mine.draw", "spec")


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (
            [{"initializer": {"name": "normal", "std": std}} for std in (0.1, 1)],
            ("std 0.1", "std 1"),
        ),
        (
            [
                {"bias": {"name": "normal", "std": std}, "layers": layers}
                for std, layers in ((1, 1), (2, 3))
            ],
            ("bias normal (std 1), 1 layer", "bias normal (std 2), 3 layers"),
        ),
        ([{"initializer": "zeros"}, {}], ("zeros", "lecun_normal")),
        ([{"repeats": 2}, {}], ("2 repeats", "spec")),
        ([{}, {}], ("spec (1)", "spec (2)")),
    ],
)
def test_names_of_compared_runs_are_what_differs(
    keys: list[dict[str, Any]], names: tuple[str, ...]
):
    assert winit.compare([winit.run({**SMALL, **each}) for each in keys]).names == names


def test_where_runs_are_left_out_dots_stand():
    result = winit.run(SMALL)
    for number, dots in ((6, []), (9, ["c", "...", "7"])):
        compared = winit.compare([result] * number, names="abcdef"[:number] + "678"[: number - 6])
        rows = [line.split()[0] for line in repr(compared).splitlines()[2:-1]]
        assert len(rows) == 6
        assert rows[2:5] == (dots or ["c", "d", "e"])


def test_compared_runs_with_output_layers_say_their_losses():
    losses = [winit.run({**RELU, "output": {"classes": classes}}) for classes in (2, 3)]
    both = repr(winit.compare(losses, ["two", "three"])).splitlines()
    assert both[1].split("  ")[-2:] == ["loss at start", "verdict"]
    assert f"{losses[1].output.loss:.4g}" in both[3]
    assert "loss" not in repr(winit.compare([*losses, winit.run(RELU)], ["two", "three", "none"]))


def test_compare_takes_a_list():
    result = winit.run(SMALL)
    with pytest.raises(winit.WinitError, match=r"a list of results, as in compare\(\[first, sec"):
        winit.compare(result, result)  # type: ignore[arg-type]


def test_compare_names_the_type_of_what_is_no_result():
    with pytest.raises(winit.WinitError, match=r"as run\(\) gives them, not Forecast$"):
        winit.compare([winit.predict(SMALL)])  # type: ignore[list-item]


def test_ends():
    assert ends(3, 4) == [0, 1, 2]
    assert ends(10, 3) == [0, 1, 9]
    assert ends(10, 4) == [0, 1, 8, 9]


# files


def test_saved_and_loaded(tmp_path: Path):
    result = winit.run(SMALL)
    paths = result.save(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["histogram.png", "depth.png", "stats.json"]
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == {
        path.name for path in paths
    }
    assert winit.load_result(tmp_path / "new" / "folder") == result
    assert winit.load_result(str(tmp_path / "new" / "folder")).save(str(tmp_path / "again"))


def test_statistics_are_kept_where_drawing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise RuntimeError("no picture")

    monkeypatch.setattr("weightinit_cli.plots.pictures", fail)
    result = winit.run(SMALL)
    with pytest.raises(RuntimeError, match="no picture"):
        result.save(tmp_path)
    assert winit.load_result(tmp_path) == result


def test_where_it_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(winit.WinitError, match="file"):
        winit.run(SMALL).save(tmp_path / "file")


# frames


def test_without_pandas(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(winit.WinitError) as caught:
        winit.run(SMALL).to_frame()
    assert str(caught.value) == "to_frame needs pandas, which is not installed; pip install pandas"


def test_a_row_per_layer():
    pytest.importorskip("pandas")
    result = winit.run(ILL)
    frame = result.to_frame()
    assert frame.index.tolist() == [1, 2, 3, 4]
    assert frame.index.name == "layer"
    assert frame["std"].tolist() == [layer.std for layer in result.layers]
    assert frame.loc[2, "theory.std"] == result.layers[1].theory.figures["std"].value  # type: ignore[union-attr]
    assert isnan(frame.loc[4, "gradient.ratio"])
    assert not {"verdict", "severity", "unresolved"} & set(frame.columns)
    assert all(kind.kind in "if" for kind in frame.dtypes)


def test_z_scores_in_a_frame():
    pytest.importorskip("pandas")
    result = winit.run("relu_he")
    frame = result.to_frame()
    for number, layer in enumerate(result.layers, 1):
        assert layer.theory is not None
        for path, expected in layer.theory.figures.items():
            for part in ("z", "standard_error"):
                column = f"theory.{path}.{part}"
                if expected.z is None:  # no error either: it is one of a figure that has a z
                    assert column not in frame or isnan(frame.loc[number, column])
                else:
                    assert frame.loc[number, column] == getattr(expected, part)
    assert "theory.std.z" in frame
    blocks = winit.run(
        {"activation": "relu", "initializer": "he_normal", "residual": {"branch": 1}}
    )
    assert not [name for name in blocks.to_frame() if name.endswith(".z")]


@pytest.mark.parametrize(("name", "levels", "rows"), [
    ("symmetry", ["layer", "step"], 2 * 4), ("training", ["network", "step"], 3 * 2),
    ("compared", ["run", "layer"], 2 + 4 + 2), ("forecast", ["layer"], 2),
    ("no theory", ["layer"], 0), ("descents", ["run", "layer", "step"], 16),
])  # fmt: skip
def test_rows_and_their_index(name: str, levels: list[str], rows: int):
    pytest.importorskip("pandas")
    shown = shown_of(name)
    frame = shown.to_frame()
    assert (list(frame.index.names), len(frame)) == (levels, rows)
    if levels[0] == "run":
        assert set(frame.index.get_level_values("run")) == set(shown.names)
    if isinstance(shown, Forecast) and shown.layers:
        assert frame["q"].tolist() == [layer.q for layer in shown.layers]


def test_what_the_dtype_cannot_tell_is_nan():
    pytest.importorskip("pandas")
    text = "samples: 30\nwidth: 8\nlayers: 30\nactivation: sigmoid\ninitializer: xavier_normal\n"
    result = winit.run(parse_spec(text, source="x", stem="x"))
    frame = result.to_frame()
    lost = [path for path in result.layers[-1].unresolved if path in frame]  # type: ignore[union-attr]
    assert lost
    assert frame.loc[30, lost].isna().all()
