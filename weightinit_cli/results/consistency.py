"""What every result must be: its environment, its spec, numbers within their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from weightinit_cli.digests import digest_of_form
from weightinit_cli.results.plain import Mismatch, decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weightinit_cli.results.model import Reconstruction

ROUNDING = 1e-9  # of what is computed, not counted

# What winit writes of its surroundings; what else stands there is kept as it is.
ENVIRONMENT: Final[dict[str, Any]] = {
    "winit": str,
    "python": str,
    "numpy": str,
    "scipy": str | None,
    "blas": tuple[Mapping[str, str | None], ...],
    "simd": tuple[str, ...],
    "bit_generator": str,
    "platform": Mapping[str, str | None],
}


def check_environment(environment: Mapping[str, Any]) -> None:
    """Raise Mismatch where a known entry is of another type."""
    for key in ENVIRONMENT.keys() & environment.keys():
        decode(ENVIRONMENT[key], environment[key], f"environment.{key}")


def check_spec(spec: Mapping[str, Any], digest: str, checksums: Mapping[str, str]) -> None:
    """Raise Mismatch where a result's spec is no normal form.

    One that has the result's own digest is as winit wrote it, which is by far the quickest to see.
    """
    if isinstance(spec.get("name"), str) and digest_of_form(spec, checksums) == digest:
        return
    from weightinit_cli.spec.normal import misfit

    found = misfit(spec)
    if found is not None:
        key, message = found
        raise Mismatch(f"spec.{key}", message)


def check_pretraining(
    found: tuple[Reconstruction, ...], spec: Mapping[str, Any], place: str
) -> None:
    """Raise Mismatch where layers are pretrained other than the spec says."""
    if len(found) != (spec["layers"] if "pretraining" in spec else 0):
        raise Mismatch(place, "must have one entry per hidden layer of what spec.pretraining asks")
    for number, each in enumerate(found):
        if min(each.before or 0.0, each.after or 0.0) < 0:
            raise Mismatch(f"{place}.{number}", "must be >= 0")


def share(value: float | None, place: str) -> None:
    """Raise Mismatch where a value is no share, from 0 to 1 but for rounding."""
    if value is not None and not -ROUNDING <= value <= 1 + ROUNDING:
        raise Mismatch(place, f"must be a share, from 0 to 1, not {value!r}")


def shares(values: Iterable[float], place: str) -> None:
    """Raise Mismatch where one of many values is no share."""
    for number, value in enumerate(values):
        share(value, f"{place}.{number}")


def not_negative(value: float | None, place: str) -> None:
    """Raise Mismatch where a value is below 0."""
    if value is not None and value < 0:
        raise Mismatch(place, "must be >= 0")


def none_negative(values: Iterable[float | None], place: str) -> None:
    """Raise Mismatch where one of many values is below 0."""
    for number, value in enumerate(values):
        not_negative(value, f"{place}.{number}")


def at_most(most: int, value: float | None, place: str) -> None:
    """Raise Mismatch where a value is above the most that there can be."""
    if value is not None and value > most:
        raise Mismatch(place, f"must be at most {most:,}, not {value:,}")
