"""What results, comparisons of them, forecasts and phase diagrams say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.errors import counted
from weightinit_cli.numerals import rounded_up
from weightinit_cli.results.comparison import shared_parts
from weightinit_cli.results.figures import of_theory
from weightinit_cli.results.forecast import Forecast, PhaseDiagram
from weightinit_cli.results.kinds import described_run, ending, kind_of
from weightinit_cli.results.model import is_healthy
from weightinit_cli.results.outputwords import forecast_sentence
from weightinit_cli.results.together import Compared
from weightinit_cli.results.told import Sentence, Table, Told, ends, ends_and_gap
from weightinit_cli.results.verdictwords import told
from weightinit_cli.results.words import correlation_words, described, four_digits, full_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.results.kinds import AnyResult
    from weightinit_cli.results.model import Verdict

GO_ON: Final = ".to_frame() has every figure, .figure() draws, .save(folder) writes the files"
MEND: Final = ".to_frame(), .figure(), .save(folder); fix(result.spec) looks for a better start"


def told_of(shown: Any) -> Told:
    """What a result, a comparison, a forecast or a phase diagram says of itself."""
    if isinstance(shown, Compared):
        return _compared(shown)
    if isinstance(shown, Forecast):
        return _forecast(shown)
    return _phase_diagram(shown) if isinstance(shown, PhaseDiagram) else _result(shown)


def verdict_sentences(verdicts: Sequence[Verdict]) -> list[Sentence]:
    """Each root cause, with what follows from it."""
    return [
        Sentence(each.label, each.rest, each.consequences, each.severity) for each in told(verdicts)
    ]


def titled(kind: str, name: str, overrides: Sequence[str] | None, parts: Sequence[str]) -> str:
    """`Result sigmoid_xavier: sigmoid, xavier_normal (gain 1), width 100, 1,000 samples`."""
    return f"{kind} {full_name(name, overrides)}: {', '.join(parts)}"


def _result(result: AnyResult) -> Told:
    kind = kind_of(result)
    verdict = kind.verdict(result)
    sentences = [
        *verdict_sentences(verdict),
        *(Sentence(words, severity="warning") for words in ending(result)),
        *(Sentence("", words) for words in filter(None, [kind.course(result)])),
    ]
    return Told(
        titled(type(result).__name__, result.name, result.overrides, described_run(result)),
        sentences,
        kind.table(result),
        MEND if kind.has_spec and verdict and not is_healthy(verdict) else GO_ON,
    )


def _compared(compared: Compared) -> Told:
    results = compared.results
    parts = [described_run(each) for each in results]
    shared = shared_parts(parts[0], parts)
    kind = kind_of(results[0])
    lines = [kind.beside(each) for each in results]
    shown = [head for head in lines[0] if all(head in line for line in lines)]
    heads = ("run", *shown)
    return Told(
        f"Compared {counted(len(results), 'run')} of {compared.name}: {', '.join(shared)}",
        (),
        Table(
            heads,
            [
                (name, *(line[head] for head in shown))
                for name, line in zip(compared.names, lines, strict=True)
            ],
            (heads[0], *heads[2:]),
            ends_and_gap(len(results), 6),
            words=(heads[0], heads[-1]),
        ),
        ".results, .names; .to_frame() has every figure, .figure() draws them together",
    )


def _forecast(forecast: Forecast) -> Told:
    shown = of_theory(forecast.layers)
    rows = [
        (
            str(number),
            four_digits(layer.q),
            correlation_words(layer.one_minus_c),
            *(_predicted(layer.figures, path) for path, _ in shown),
        )
        for number, layer in enumerate(forecast.layers, 1)
    ]
    first = ("layer", "q", "c")
    return Told(
        titled("Forecast", forecast.name, forecast.overrides, described(forecast.spec)),
        _forecast_sentences(forecast),
        Table(
            (*first, *(row.head for _, row in shown)),
            rows,
            (*first, *(row.head for _, row in shown if not row.spare)),
            ends(len(rows), 3),
        ),
        ".limits has depth scales, .to_frame() every layer" if forecast.limits else "",
    )


def _forecast_sentences(forecast: Forecast) -> list[Sentence]:
    """Where a network tends with depth, and why there are no predictions or not of all layers."""
    if forecast.no_theory is not None:
        return [Sentence("no predictions", f": {forecast.no_theory}", severity="note")]
    limits = forecast.limits
    tends = forecast.no_limits or ""
    if limits is not None:
        chi_1 = "" if limits.chi_1 is None else f"; chi_1 = {four_digits(limits.chi_1)}"
        tends = f"{limits.sentence}{chi_1}"
    loss = forecast_sentence(forecast)
    sentences = [Sentence("", text) for text in (loss, f"{forecast.with_depth}: {tends}.") if text]
    if forecast.no_more is not None:
        beyond = f" from layer {len(forecast.layers) + 1} on: {forecast.no_more}"
        sentences.append(Sentence("no predictions", beyond, severity="note"))
    return sentences


def _predicted(figures: Mapping[str, Any], path: str) -> str:
    return four_digits(figures[path].value) if path in figures else "-"


def _phase_diagram(diagram: PhaseDiagram) -> Told:
    axes = [
        f"{name} {four_digits(low)} to {four_digits(high)}"
        for name, (low, high) in (
            ("sigma_w", _ends(diagram.sigma_w)),
            ("sigma_b", _ends(diagram.sigma_b)),
        )
    ]
    named = f" of {diagram.own_name}" if diagram.own_name else ""
    heads: tuple[str, ...] = ("marked", "sigma_w", "sigma_b", "phase", "depth scale")
    rows: list[tuple[str, ...]] = [
        (
            *(each.name, four_digits(each.sigma_w), four_digits(each.sigma_b)),
            *(each.phase, four_digits(each.depth_scale)),
        )
        for each in diagram.own
    ]
    if not rows:
        heads = heads[:3]
        rows = [
            (each.name, four_digits(each.sigma_w), four_digits(each.sigma_b))
            for each in diagram.marks
        ]
    note = diagram.note.removeprefix("has no critical sigma_w: ")
    notes = [Sentence("", note)] if note and diagram.critical_kind != "line above" else []
    left_out = [Sentence("left out", f": {each}", severity="note") for each in diagram.left_out]
    return Told(
        f"PhaseDiagram{named}: {diagram.activation}, {', '.join(axes)}, width {diagram.width}",
        [Sentence("", critical_line(diagram)), *notes, *left_out],
        Table(heads, rows, heads, ends_and_gap(len(rows), 4), words=("marked", "phase")),
        ".phase and .depth_scale are by [sigma_b][sigma_w]; .figure() draws them",
        all_rows=".own",
    )


def _ends(centres: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis, from the centres of its cells."""
    half = (centres[-1] - centres[0]) / max(len(centres) - 1, 1) / 2
    return centres[0] - half, centres[-1] + half


def critical_line(diagram: PhaseDiagram) -> str:
    """Where the critical line of a phase diagram begins, and who reaches it from there."""
    if diagram.critical_kind == "none":
        return "no critical line"
    sigma_w, sigma_b = diagram.critical[0]
    if diagram.critical_kind == "point":
        return f"critical at the single point sigma_w = {sigma_w:.5g}, sigma_b = 0"
    start = f"{rounded_up(sigma_b):.5g}"
    line = f"critical line from sigma_b = {start} on (sigma_w = {sigma_w:.5g} there)"
    if diagram.begins is None:
        return line
    but = f"but inputs of mean square 1 do not reach it below {start}"
    return f"{line}; it begins at {diagram.begins:.5g}, {but}"
