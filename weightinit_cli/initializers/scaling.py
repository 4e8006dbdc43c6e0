"""Variance scaling and its named schemes: each one line over `variance_scaling`.

The name decides the convention. Keras's normal schemes (glorot, he, lecun) are truncated at two
standard deviations and corrected for it; torch's (xavier, kaiming) are plain.
"""

from __future__ import annotations

from math import sqrt

from weightinit_cli.errors import ParameterError
from weightinit_cli.initializers.samplers import LAWS, Fans, Independent, Sampler


def variance_scaling(fans: Fans, *, scale: float, mode: str, distribution: str) -> Sampler:
    """W of mean 0 and variance scale / n, with n = fan_in, fan_out or their mean (fan_avg).

    `distribution` is "normal", "uniform" (on ± sqrt(3 scale / n)) or "truncated_normal" (cut at
    two standard deviations of the underlying normal, which is widened by 1 / 0.8796 so that the
    variance *after* truncation is scale / n).
    """
    n = {
        "fan_in": fans.fan_in,
        "fan_out": fans.fan_out,
        "fan_avg": (fans.fan_in + fans.fan_out) / 2,
    }[mode]
    return Independent(distribution, sqrt(scale / n) / LAWS[distribution].std)


def lecun_normal(fans: Fans) -> Sampler:
    """std sqrt(1 / fan_in), truncated and corrected. LeCun et al. 1998, eq. 16."""
    return variance_scaling(fans, scale=1, mode="fan_in", distribution="truncated_normal")


def lecun_uniform(fans: Fans) -> Sampler:
    """U(± sqrt(3 / fan_in)): std sqrt(1 / fan_in). LeCun et al. 1998, eq. 16."""
    return variance_scaling(fans, scale=1, mode="fan_in", distribution="uniform")


def glorot_normal(fans: Fans) -> Sampler:
    """std sqrt(2 / (fan_in + fan_out)), truncated and corrected. Glorot & Bengio 2010, eq. 12."""
    return variance_scaling(fans, scale=1, mode="fan_avg", distribution="truncated_normal")


def he_normal(fans: Fans) -> Sampler:
    """std sqrt(2 / fan_in), truncated and corrected. He et al. 2015, eq. 10."""
    return variance_scaling(fans, scale=2, mode="fan_in", distribution="truncated_normal")


def he_uniform(fans: Fans) -> Sampler:
    """U(± sqrt(6 / fan_in)): std sqrt(2 / fan_in). He et al. 2015, eq. 10."""
    return variance_scaling(fans, scale=2, mode="fan_in", distribution="uniform")


def critical(fans: Fans, *, sigma_w: float) -> Sampler:
    """std sigma_w / sqrt(fan_in), plain normal, on the edge of chaos of the activation.

    There a small difference of two inputs neither grows nor shrinks: chi_1 = sigma_w² E[φ'²] = 1
    at the fixed point q*. Schoenholz et al. 2017 (arXiv:1611.01232), eq. 5.
    """
    return variance_scaling(fans, scale=sigma_w**2, mode="fan_in", distribution="normal")


def torch_linear(fans: Fans) -> Sampler:
    """U(± 1 / sqrt(fan_in)): std sqrt(1 / (3 fan_in)), for the biases too.

    What torch's Linear and Conv layers draw unless told otherwise.
    """
    return variance_scaling(fans, scale=1 / 3, mode="fan_in", distribution="uniform")


def siren(fans: Fans, *, omega: float) -> Sampler:
    """U(± sqrt(6 / fan_in) / omega), in the first layer U(± 1 / fan_in), for sin(omega x).

    Sitzmann et al. 2020 (arXiv:2006.09661), section 3.2 and supplement 1.5.
    """
    if fans.first:
        return Independent("uniform", 1 / fans.fan_in)
    return Independent("uniform", sqrt(6 / fans.fan_in) / omega)


def xavier_normal(fans: Fans, *, gain: float = 1.0) -> Sampler:
    """std gain sqrt(2 / (fan_in + fan_out)), plain normal. Glorot & Bengio 2010, eq. 12."""
    return variance_scaling(fans, scale=gain**2, mode="fan_avg", distribution="normal")


def xavier_uniform(fans: Fans, *, gain: float = 1.0) -> Sampler:
    """U(± gain sqrt(6 / (fan_in + fan_out))). Glorot & Bengio 2010, eq. 16."""
    return variance_scaling(fans, scale=gain**2, mode="fan_avg", distribution="uniform")


def kaiming_normal(
    fans: Fans,
    *,
    mode: str = "fan_in",
    gain: float | None = None,
    negative_slope: float | None = None,
) -> Sampler:
    """std gain / sqrt(fan), plain normal.

    He et al. 2015, eq. 10 (fan_in), 14 (fan_out), 15 (slope).
    Without a gain it is sqrt(2 / (1 + negative_slope²)), with a slope of 0 unless given.
    Raises ParameterError where both are given.
    """
    scale = _kaiming_scale(gain, negative_slope)
    return variance_scaling(fans, scale=scale, mode=mode, distribution="normal")


def kaiming_uniform(
    fans: Fans,
    *,
    mode: str = "fan_in",
    gain: float | None = None,
    negative_slope: float | None = None,
) -> Sampler:
    """U(± gain sqrt(3 / fan)), gain, sources and errors as in `kaiming_normal`."""
    scale = _kaiming_scale(gain, negative_slope)
    return variance_scaling(fans, scale=scale, mode=mode, distribution="uniform")


def _kaiming_scale(gain: float | None, negative_slope: float | None) -> float:
    if gain is not None and negative_slope is not None:
        raise ParameterError("gain", "give either gain or negative_slope, not both")
    return 2 / (1 + (negative_slope or 0.0) ** 2) if gain is None else gain**2
