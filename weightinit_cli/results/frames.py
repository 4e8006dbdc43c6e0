"""Figures as a pandas DataFrame."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import WinitError
from weightinit_cli.results.forecast import Forecast
from weightinit_cli.results.kinds import kind_of
from weightinit_cli.results.probe import parameter_rows
from weightinit_cli.results.together import Compared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from weightinit_cli.results.kinds import AnyResult

RUN = "run"


def frame_of(shown: Any) -> pd.DataFrame:
    """The rows of a result, of several results, or of a forecast.

    Raises WinitError where pandas is not installed.
    """
    if isinstance(shown, Forecast):
        return _frame(_forecast_rows(shown), ["layer"])
    if not isinstance(shown, Compared):
        return _frame(_rows(shown), kind_of(shown).numbered_by)
    rows = [
        {RUN: name, **row}
        for name, result in zip(shown.names, shown.results, strict=True)
        for row in _rows(result)
    ]
    return _frame(rows, [RUN, *kind_of(shown.results[0]).numbered_by])


def frame_of_parameters(result: Any) -> pd.DataFrame:
    """A row for each parameter of a probed model. Raises WinitError without pandas."""
    return _frame(parameter_rows(result), ["parameter"])


def _rows(result: AnyResult) -> list[dict[str, Any]]:
    """The rows of a result, without what is said of it as a whole."""
    kind = kind_of(result)
    return [
        {key: value for key, value in row.items() if key not in kind.of_run}
        for row in kind.rows(result)
    ]


def _forecast_rows(forecast: Forecast) -> list[dict[str, Any]]:
    return [
        {
            "layer": number,
            "q": layer.q,
            "one_minus_c": layer.one_minus_c,
            **{path: each.value for path, each in layer.figures.items()},
        }
        for number, layer in enumerate(forecast.layers, 1)
    ]


def _frame(rows: Sequence[Mapping[str, Any]], index: Iterable[str]) -> pd.DataFrame:
    try:
        import pandas as pd
    except ImportError:
        message = "to_frame needs pandas, which is not installed; pip install pandas"
        raise WinitError(message) from None
    keys = dict.fromkeys([*index, *(key for row in rows for key in row)])
    columns = {key: _column([row.get(key) for row in rows]) for key in keys}
    return pd.DataFrame(columns).set_index(list(index))


def _column(values: list[Any]) -> list[Any]:
    """The values of a column: nan for numbers that do not exist, so that it is one of numbers."""
    if all(value is None or isinstance(value, int | float) for value in values):
        return [nan if value is None else value for value in values]
    return values
