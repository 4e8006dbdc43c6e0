"""Initializers that are no variance scaling: of a given scale, of a given structure.

A kernel has shape (*kernel, in, out). Those for kernels alone have a matrix at its centre, zeros
around it. A side of odd length k has one centre, (k - 1) // 2 and k // 2 at once; of the two
middles of an even one each library takes another.
"""

from __future__ import annotations

from math import ceil

from weightinit_cli.errors import ParameterError
from weightinit_cli.initializers.samplers import (
    Centred,
    Constant,
    Fans,
    FixedNorm,
    Identity,
    Independent,
    Orthogonal,
    Sampler,
    Sparse,
)


def zeros(fans: Fans) -> Sampler:  # noqa: ARG001
    """W = 0. All units of a layer stay identical."""
    return Constant(0.0)


def ones(fans: Fans) -> Sampler:  # noqa: ARG001
    """W = 1."""
    return Constant(1.0)


def constant(fans: Fans, *, value: float) -> Sampler:  # noqa: ARG001
    """W = value."""
    return Constant(value)


def normal(fans: Fans, *, std: float, mean: float = 0.0) -> Sampler:  # noqa: ARG001
    """W ~ N(mean, std²), whatever the fans."""
    return Independent("normal", std, mean)


def truncated_normal(fans: Fans, *, std: float, mean: float = 0.0) -> Sampler:  # noqa: ARG001
    """W ~ N(mean, std²) redrawn outside mean ± 2 std; not corrected: its std is 0.8796 std.

    The convention of Keras's TruncatedNormal and of JAX; torch's `trunc_normal_` cuts at the
    absolute values -2 and 2 instead, which for std 0.02 cuts nothing.
    """
    return Independent("truncated_normal", std, mean)


def uniform(fans: Fans, *, low: float, high: float) -> Sampler:  # noqa: ARG001
    """W ~ U[low, high), to rounding; its std is (high - low) / sqrt(12).

    Raises ParameterError where low > high.
    """
    if low > high:
        raise ParameterError("high", f"must be at least low ({low:g}), not {high:g}")
    return Independent("uniform", high / 2 - low / 2, high / 2 + low / 2)


def orthogonal(fans: Fans, *, gain: float = 1.0) -> Sampler:
    """Rows or columns (the fewer) orthonormal, times gain; of a kernel as the matrix (fan_in, out).

    Saxe, McClelland & Ganguli 2014 (arXiv:1312.6120). Haar-distributed by the signs of R's
    diagonal: Mezzadri 2007 (arXiv:math-ph/0609050), section 5.
    """
    return Orthogonal(gain, fans)


def identity(fans: Fans, *, gain: float = 1.0) -> Sampler:
    """W[i, i] = gain, zero elsewhere, for any rectangular shape.

    Le, Jaitly & Hinton 2015 (arXiv:1504.00941).
    """
    return Identity(gain, fans)


def lsuv(fans: Fans, *, tolerance: float = 0.1) -> Sampler:  # noqa: ARG001
    """Orthogonal; each layer is then divided by the std of its xW + b until its variance is 1.

    What is built is the start, of gain 1; the rest is `network.lsuv`'s, which has the data. Mishkin
    & Matas 2016 (arXiv:1511.06422), algorithm 1; the default is that of the authors' code for
    Keras.
    """
    return Orthogonal(1.0, fans)


def sparse(fans: Fans, *, sparsity: float, std: float = 0.01) -> Sampler:
    """N(0, std²) with ceil(sparsity out) of each input's weights (a row) set to zero.

    A kernel's row is one tap of one input channel. The convention of torch's `sparse_`, which
    takes matrices alone. Martens 2010, section 5 (which fixes the number of nonzero weights of
    each unit instead).
    """
    return Sparse(std, ceil(sparsity * fans.columns), fans.columns)


def nguyen_widrow(fans: Fans) -> Sampler:
    """Each unit's weights (a column) of norm 0.7 out^(1 / fan_in), in a random direction.

    For inputs in [-1, 1]; the biases are U(± the same norm). Nguyen & Widrow 1990, section 3.
    """
    return FixedNorm(_nguyen_widrow_norm(fans), fans.fan_in)


def nguyen_widrow_bias(fans: Fans) -> Sampler:
    """U(± 0.7 out^(1 / fan_in))."""
    return Independent("uniform", _nguyen_widrow_norm(fans))


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
    matrix = Identity(1.0, Fans(fans.channels, outputs), groups)
    return Centred(matrix, fans.kernel, tuple(map(upper_centre, fans.kernel)))


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
    matrix = Orthogonal(gain, Fans(inputs, outputs))
    return Centred(matrix, fans.kernel, tuple(map(lower_centre, fans.kernel)))


def _nguyen_widrow_norm(fans: Fans) -> float:
    return 0.7 * float(fans.columns ** (1 / fans.fan_in))
