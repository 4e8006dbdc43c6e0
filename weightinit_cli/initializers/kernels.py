"""Initializers of a convolution's kernels alone: a matrix at the centre, zeros around it.

A kernel has shape (*kernel, in, out). A side of odd length k has one centre, (k - 1) // 2 and
k // 2 at once; of the two middles of an even one each library takes another.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, prod, sqrt
from typing import TYPE_CHECKING

from weightinit_cli.errors import ParameterError
from weightinit_cli.initializers.samplers import Fans, Identity, Matrix, Orthogonal, Sampler

if TYPE_CHECKING:
    from numpy.random import Generator


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


@dataclass(frozen=True, slots=True)
class Centred:
    """A kernel with `matrix`, of shape (in, out), as its tap at `centre`, and zeros around it.

    With p = 1 / (height width) the share of the matrix, entries have the mean p mean and, by the
    law of total variance, the standard deviation sqrt(p (std² + (1 - p) mean²)).
    """

    matrix: Sampler
    kernel: tuple[int, ...]
    centre: tuple[int, ...]
    whole = True

    @property
    def _share(self) -> float:
        return 1 / prod(self.kernel)

    @property
    def mean(self) -> float:
        """Mean over the entries."""
        return self._share * self.matrix.mean

    @property
    def std(self) -> float:
        """Standard deviation over the entries."""
        p = self._share
        return sqrt(p) * hypot(self.matrix.std, sqrt(1 - p) * self.matrix.mean)

    @property
    def scratch(self) -> int:
        """The matrix's, per entry of the kernel."""
        return -(-self.matrix.scratch // prod(self.kernel))

    def fill(self, panel: Matrix, generator: Generator) -> bytes:
        """Fill the whole kernel, of shape (height width in, out)."""
        panel[...] = 0
        taps = panel.reshape(*self.kernel, -1, panel.shape[1])
        return self.matrix.fill(taps[self.centre], generator)
