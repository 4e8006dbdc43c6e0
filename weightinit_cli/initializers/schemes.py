"""Initializers: functions from the fans of a layer to the sampler of its weights.

The named variance-scaling schemes are each one line over `variance_scaling`, and the name decides
the convention: Keras's normal schemes (glorot, he, lecun) are truncated at two standard deviations
and corrected for it; torch's (xavier, kaiming) are plain.

A kernel has shape (*kernel, in, out). Initializers for kernels alone have a matrix at its centre,
zeros around it. A side of odd length k has one centre, (k - 1) // 2 and k // 2 at once; of the two
middles of an even one each library takes another.
"""

from __future__ import annotations

from math import ceil, sqrt

from weightinit_cli.initializers.samplers import (
    LAWS,
    Fans,
    Sampler,
    centred,
    diagonal,
    filled,
    fixed_norm,
    haar,
    independent,
    thinned,
)
from weightinit_cli.parameters import ParameterError


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
    return independent(distribution, sqrt(scale / n) / LAWS[distribution].std)


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
        return independent("uniform", 1 / fans.fan_in)
    return independent("uniform", sqrt(6 / fans.fan_in) / omega)


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


def zeros(fans: Fans) -> Sampler:  # noqa: ARG001
    """W = 0. All units of a layer stay identical."""
    return filled(0.0)


def ones(fans: Fans) -> Sampler:  # noqa: ARG001
    """W = 1."""
    return filled(1.0)


def constant(fans: Fans, *, value: float) -> Sampler:  # noqa: ARG001
    """W = value."""
    return filled(value)


def normal(fans: Fans, *, std: float, mean: float = 0.0) -> Sampler:  # noqa: ARG001
    """W ~ N(mean, std²), whatever the fans."""
    return independent("normal", std, mean)


def truncated_normal(fans: Fans, *, std: float, mean: float = 0.0) -> Sampler:  # noqa: ARG001
    """W ~ N(mean, std²) redrawn outside mean ± 2 std; not corrected: its std is 0.8796 std.

    The convention of Keras's TruncatedNormal and of JAX; torch's `trunc_normal_` cuts at the
    absolute values -2 and 2 instead, which for std 0.02 cuts nothing.
    """
    return independent("truncated_normal", std, mean)


def uniform(fans: Fans, *, low: float, high: float) -> Sampler:  # noqa: ARG001
    """W ~ U[low, high), to rounding; its std is (high - low) / sqrt(12).

    Raises ParameterError where low > high.
    """
    if low > high:
        raise ParameterError("high", f"must be at least low ({low:g}), not {high:g}")
    return independent("uniform", high / 2 - low / 2, high / 2 + low / 2)


def orthogonal(fans: Fans, *, gain: float = 1.0) -> Sampler:
    """Rows or columns (the fewer) orthonormal, times gain; of a kernel as the matrix (fan_in, out).

    Saxe, McClelland & Ganguli 2014 (arXiv:1312.6120). Haar-distributed by the signs of R's
    diagonal: Mezzadri 2007 (arXiv:math-ph/0609050), section 5.
    """
    return haar(gain, fans)


def identity(fans: Fans, *, gain: float = 1.0) -> Sampler:
    """W[i, i] = gain, zero elsewhere, for any rectangular shape.

    Le, Jaitly & Hinton 2015 (arXiv:1504.00941).
    """
    return diagonal(gain, fans)


def lsuv(fans: Fans, *, tolerance: float = 0.1) -> Sampler:  # noqa: ARG001
    """Orthogonal; each layer is then divided by the std of its xW + b until its variance is 1.

    What is built is the start, of gain 1; the rest is `network.lsuv`'s, which has the data. Mishkin
    & Matas 2016 (arXiv:1511.06422), algorithm 1; the default is that of the authors' code for
    Keras.
    """
    return haar(1.0, fans)


def sparse(fans: Fans, *, sparsity: float, std: float = 0.01) -> Sampler:
    """N(0, std²) with ceil(sparsity out) of each input's weights (a row) set to zero.

    A kernel's row is one tap of one input channel. The convention of torch's `sparse_`, which
    takes matrices alone. Martens 2010, section 5 (which fixes the number of nonzero weights of
    each unit instead).
    """
    return thinned(std, ceil(sparsity * fans.columns), fans.columns)


def nguyen_widrow(fans: Fans) -> Sampler:
    """Each unit's weights (a column) of norm 0.7 out^(1 / fan_in), in a random direction.

    For inputs in [-1, 1]; the biases are U(± the same norm). Nguyen & Widrow 1990, section 3.
    """
    return fixed_norm(_nguyen_widrow_norm(fans), fans.fan_in)


def nguyen_widrow_bias(fans: Fans) -> Sampler:
    """U(± 0.7 out^(1 / fan_in))."""
    return independent("uniform", _nguyen_widrow_norm(fans))


def upper_centre(side: int) -> int:
    """The centre k // 2 of a side of length k: torch's."""
    return side // 2


def lower_centre(side: int) -> int:
    """The centre (k - 1) // 2 of a side of length k: JAX's."""
    return (side - 1) // 2


def dirac(fans: Fans, *, groups: int = 1) -> Sampler:
    """Output channel g out / groups + d is input channel d as it is: 1 at the centre k // 2.

    All else is 0; d = 0 .. min(out / groups, in) - 1 and g = 0 .. groups - 1, so that each group of
    output channels copies the same input channels, and those beyond are zero. The convention of
    torch's `dirac_`, whose `in` is that of one group of a grouped convolution. Raises
    ParameterError where groups does not divide the output channels.
    """
    outputs = fans.columns
    if outputs % groups:
        below = outputs // groups * groups
        divided = " and ".join(str(n) for n in (below, below + groups) if n)
        message = (
            f"must divide the number of output channels, {outputs}; {groups} divides {divided}"
        )
        raise ParameterError("groups", message)
    matrix = diagonal(1.0, Fans(fans.channels, outputs), groups)
    return centred(matrix, fans.kernel, tuple(map(upper_centre, fans.kernel)))


def delta_orthogonal(fans: Fans, *, gain: float = 1.0) -> Sampler:
    """Orthonormal rows (in, out) times gain at the centre (k - 1) // 2, zeros around them.

    A circular convolution of stride 1 with it keeps the norm of every image, times gain. Xiao et
    al. 2018 (arXiv:1806.05393), algorithm 2. The convention of JAX, which calls the gain scale.
    Raises ParameterError where there are more input than output channels.
    """
    inputs, outputs = fans.channels, fans.columns
    if inputs > outputs:
        message = (
            "delta_orthogonal needs at least as many output channels as input channels "
            f"({inputs}), not {outputs}; orthogonal takes any"
        )
        raise ParameterError("name", message)
    matrix = haar(gain, Fans(inputs, outputs))
    return centred(matrix, fans.kernel, tuple(map(lower_centre, fans.kernel)))


def _nguyen_widrow_norm(fans: Fans) -> float:
    return 0.7 * float(fans.columns ** (1 / fans.fan_in))


def _kaiming_scale(gain: float | None, negative_slope: float | None) -> float:
    if gain is not None and negative_slope is not None:
        raise ParameterError("gain", "give either gain or negative_slope, not both")
    return 2 / (1 + (negative_slope or 0.0) ** 2) if gain is None else gain**2
