"""Many small cases in one test, each named where it fails; a test for each would cost more."""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@contextmanager
def case(**values: object) -> Iterator[None]:
    """Say which case it was of an error that is raised inside."""
    named = "case: " + ", ".join(f"{name}={value!r}" for name, value in values.items())
    try:
        yield
    except pytest.skip.Exception as skipped:
        message = f"skipped, and so would be the cases after it; {named}"
        raise AssertionError(message) from skipped
    except (Exception, pytest.fail.Exception) as error:
        error.add_note(named)
        raise


def every(names: str, cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test for every case in turn; written as `pytest.mark.parametrize` is."""
    keys = names.split(", ")
    given = [dict(zip(keys, each if len(keys) > 1 else (each,), strict=True)) for each in cases]
    assert given

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        def run(**others: Any) -> None:
            for each in given:
                with case(**each):
                    test(**each, **others)

        return taking(run, test, without=keys)

    return decorate


def taking(
    run: Callable[..., None],
    test: Callable[..., None],
    *,
    without: Iterable[str],
    more: Iterable[str] = (),
) -> Callable[..., None]:
    """Let `run` stand for a test, with other arguments for pytest to fill in."""
    functools.update_wrapper(run, test)
    left = [p for name, p in inspect.signature(test).parameters.items() if name not in without]
    added = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in more]
    run.__signature__ = inspect.Signature([*added, *left])  # type: ignore[attr-defined]
    return run
