"""What is asked of initializers that draw no independent entries: constants, and whole matrices."""

from __future__ import annotations

from math import ceil, prod, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from weightinit_cli.conformity.dependence import of_finite, of_streams, of_vectors
from weightinit_cli.conformity.drawing import KERNELS, MATRICES, REPEATS, Drawn, draw
from weightinit_cli.conformity.frameworks import Ask
from weightinit_cli.conformity.report import Row
from weightinit_cli.expected import standard, two_sided, z_of_gamma

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightinit_cli.conformity.drawing import Seeds
    from weightinit_cli.conformity.frameworks import Array, Target
    from weightinit_cli.conformity.report import Build, Like

# Products of orthonormal vectors, computed in float32 by whoever likes, are off by less than this;
# numbers that are copied, by less than the second.
ORTHONORMAL: Final = 1e-4
ROUNDING: Final = 1e-6
# Small matrices, in whose every position a bias is seen over so many of them.
SMALL: Final = (Ask((8, 8)), Ask((12, 6)), Ask((6, 12)))
MATRICES_OF_EACH: Final = 128
# For kernels around a matrix that has no more rows than columns; one has sides without a middle.
DELTAS: Final = (Ask((3, 3, 24, 40)), Ask((5, 5, 16, 16)), Ask((2, 4, 8, 24)))
EXACT: Final = (*MATRICES, Ask((8, 8)), *KERNELS, Ask((2, 4, 8, 24)), Ask((3, 3, 24, 8)))


def of_structure(target: Target, like: Like, seeds: Seeds, only: str) -> tuple[Row, ...]:
    """Ask what a row without a law of independent entries has; return the rows.

    Raises WinitError where the function raises or returns something else than an array.
    """
    asked = STRUCTURES.get(like.name)
    if asked is not None:
        return tuple(asked(target, like, seeds, only))
    return tuple(_of_constants(target, like, seeds, only))


def is_constant(build: Build, ask: Ask) -> bool:
    """Whether a row draws nothing: two fills are the same."""
    first, second = (_filled(build, ask, seed) for seed in (0, 1))
    return np.array_equal(first, second)


def fit(asks: Sequence[Ask], only: str) -> list[Ask]:
    """Leave out the shapes that are not asked for."""
    kinds = {"matrices": (False,), "kernels": (True,)}.get(only, (False, True))
    return [ask for ask in asks if bool(ask.kernel) in kinds]


def _filled(build: Build, ask: Ask, seed: int = 0) -> Array:
    panel = np.empty((ask.fans.fan_in, ask.shape[-1]))
    build(ask.fans).fill(panel, np.random.Generator(np.random.SFC64(seed)))
    return panel


def _finite(drawn: Sequence[Drawn]) -> Iterator[Row]:
    yield from (row for row in map(of_finite, drawn) if row.p == 0)


def _of_constants(target: Target, like: Like, seeds: Seeds, only: str) -> Iterator[Row]:
    """Every entry is known."""
    of_groups = (Ask((3, 3, 5, 4 * like.groups)), Ask((2, 4, 8, 2 * like.groups)))
    drawn = draw(target, fit(EXACT, only) if like.groups == 1 else of_groups, seeds, 1)
    for each in drawn:
        expected = _filled(like.build, each.ask)
        near = (ROUNDING + each.eps) * np.abs(expected).max()
        wrong = ~(np.abs(each.draws[0] - expected) <= near)
        count, words = int(wrong.sum()), ""
        if count:
            at = np.unravel_index(int(wrong.argmax()), wrong.shape)
            index = ", ".join(map(str, np.unravel_index(int(wrong.argmax()), each.ask.shape)))
            found = f"[{index}] is {each.draws[0][at]:.4g}, not {expected[at] + 0:.4g}"
            words = f"{count:,}; {found}"
        yield Row("entries", each.where, count, None, 0.0, float(not count), words)


def _of_orthogonal(target: Target, like: Like, seeds: Seeds, only: str) -> Iterator[Row]:
    """Orthonormal rows or columns, times gain, uniform over all such matrices (Haar)."""
    drawn = draw(target, fit((*MATRICES, *KERNELS), only), seeds, 2)
    bad = list(_finite(drawn))
    yield from bad
    if bad:
        return
    gain = float(like.arguments["gain"])
    yield from _of_gram(drawn, gain)
    yield from _marginals(drawn, gain)
    small = SMALL if only != "kernels" else tuple(Ask((1, 1, *ask.shape)) for ask in SMALL)
    yield from _of_haar(draw(target, small, seeds, MATRICES_OF_EACH), gain)
    yield from of_streams(target, drawn, seeds)


def _of_gram(drawn: Sequence[Drawn], gain: float) -> Iterator[Row]:
    for each in drawn:
        scale, off = 0.0, 0.0
        for matrix in each.draws:
            w = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
            gram = w.T @ w
            scale += sqrt(float(np.diagonal(gram).mean())) / len(each.draws)
            apart = gram / (float(np.diagonal(gram).mean()) or 1.0) - np.eye(len(gram))
            off = max(off, float(np.abs(apart).max()))
        near = ORTHONORMAL + each.eps
        yield Row("norm", each.where, scale, None, gain, float(abs(scale - gain) <= near * gain))
        yield Row("orthogonality", each.where, off, None, 0.0, float(off < near))


def _marginals(drawn: Sequence[Drawn], gain: float) -> Iterator[Row]:
    """Entries are those of a random unit vector; its fixed norm makes the distance smaller."""
    from scipy.special import betainc

    from weightinit_cli.conformity.laws import p_of_distance

    for each in drawn:
        n = max(each.draws.shape[1:])
        x = np.sort(each.draws.ravel()) / (gain or 1.0)
        below = (1 + np.sign(x) * betainc(0.5, (n - 1) / 2, np.minimum(x * x, 1.0))) / 2
        steps = np.arange(x.size + 1) / x.size
        distance = float(max((steps[1:] - below).max(), (below - steps[:-1]).max()))
        p = p_of_distance(distance, x.size)
        error, expected = 0.26 / sqrt(x.size), 0.83 / sqrt(x.size)
        yield Row("distribution", each.where, distance, error, expected, p)


def _of_haar(drawn: Sequence[Drawn], gain: float) -> Iterator[Row]:
    """Over many small matrices: the mean and mean square of each position, and the determinant."""
    for each in drawn:
        matrices = each.draws / (gain or 1.0)
        count, n = len(matrices), max(matrices.shape[1:])
        means = matrices.mean(axis=0) * sqrt(n)
        error = 1 / sqrt(count)
        yield _extreme("Haar, mean", each, means, means / error, error, 0.0)
        squares = (matrices**2).mean(axis=0) * n
        error = sqrt(2 * (n - 1) / (n + 2) / count)
        z = np.vectorize(z_of_gamma)((squares - 1) / error, sqrt(8 / count))
        yield _extreme("Haar, mean square", each, squares, z, error, 1.0)
        if matrices.shape[1] == matrices.shape[2]:
            mean = float(np.sign(np.linalg.det(matrices)).mean())
            error = 1 / sqrt(count)
            p = two_sided(mean / error)
            yield Row("Haar, determinant", each.where, mean, error, 0.0, p)


def _extreme(
    asked: str, drawn: Drawn, values: Array, z: Array, error: float, expected: float
) -> Row:
    """The position that is farthest off; values are in units of the entries' root mean square."""
    at = int(np.abs(z).argmax())
    row, column = divmod(at, z.shape[1])
    p = min(z.size * two_sided(float(z.flat[at])), 1.0)
    where = f"{drawn.where} [{row}, {column}]"
    return Row(asked, where, float(values.flat[at]), error, expected, p)


def _of_delta(target: Target, like: Like, seeds: Seeds, only: str) -> Iterator[Row]:
    """An orthogonal matrix at the centre (k - 1) // 2 of a kernel, zeros around it."""
    del only
    drawn = draw(target, DELTAS, seeds, 2)
    small = draw(target, [Ask((3, 3, *ask.shape)) for ask in (SMALL[0], SMALL[2])], seeds, 128)
    bad = list(_finite([*drawn, *small]))
    yield from bad
    if bad:
        return
    gain = float(like.arguments["gain"])
    for each in drawn:
        _, around = _parted(each)
        count = int(np.count_nonzero(around))
        yield Row("around the centre", each.where, count, None, 0.0, float(not count))
    centres = [_parted(each)[0] for each in drawn]
    yield from _of_gram(centres, gain)
    yield from _of_haar([_parted(each)[0] for each in small], gain)
    yield from of_streams(target, centres, seeds)


def _parted(drawn: Drawn) -> tuple[Drawn, Array]:
    """The matrices at the centre, and all other entries."""
    taps = drawn.draws.reshape(len(drawn.draws), prod(drawn.ask.kernel), *drawn.ask.shape[-2:])
    centre = int(np.ravel_multi_index([(k - 1) // 2 for k in drawn.ask.kernel], drawn.ask.kernel))
    return drawn._replace(draws=taps[:, centre]), np.delete(taps, centre, axis=1)


def _of_sparse(target: Target, like: Like, seeds: Seeds, only: str) -> Iterator[Row]:
    """N(0, std²), with so many entries of each row zero, at random places."""
    del only
    drawn = draw(target, MATRICES, seeds)
    bad = list(_finite(drawn))
    yield from bad
    if bad:
        return
    for each in drawn:
        expected = ceil(float(like.arguments["sparsity"]) * each.draws.shape[2])
        yield _zeros(each, expected)
        yield _columns(each, expected / each.draws.shape[2])
    yield from _of_rest(drawn, like)
    yield from of_streams(target, drawn, seeds)


def _zeros(drawn: Drawn, expected: int) -> Row:
    """The zeros of a row; float32 draws are zero by chance, too, at most once in 2^22."""
    from scipy.special import bdtrc

    zeros = (drawn.draws == 0).sum(axis=2)
    wrong = zeros[zeros != expected]
    others = zeros.size * (drawn.draws.shape[2] - expected)
    p = 1.0
    if wrong.size:
        more = int((wrong - expected).sum())
        p = float(bdtrc(more - 1, others, 2.0**-22)) if wrong.min() > expected else 0.0
    figure = float(wrong[0]) if wrong.size else expected
    words = f"{figure:,.0f}, {wrong.size:,} rows off" if wrong.size else ""
    return Row("zeros of a row", drawn.where, figure, None, expected, p, words)


def _columns(drawn: Drawn, share: float) -> Row:
    """The zeros of the columns: a chi-squared figure of C - 1 degrees of freedom."""
    from scipy.special import chdtr, chdtrc

    count, rows, columns = drawn.draws.shape
    zeros = (drawn.draws == 0).sum(axis=(0, 1))
    variance = count * rows * share * (1 - share)
    degrees = columns - 1
    if not variance:
        return Row("zeros of columns", drawn.where, 0.0, None, 0.0, 1.0)
    chi2 = float(((zeros - count * rows * share) ** 2).sum() / variance * degrees / columns)
    p = min(2 * min(float(chdtr(degrees, chi2)), float(chdtrc(degrees, chi2))), 1.0)
    error = sqrt(2 / degrees)
    return Row("zeros of columns, spread", drawn.where, chi2 / degrees, error, 1.0, p)


def _of_rest(drawn: Sequence[Drawn], like: Like) -> Iterator[Row]:
    """The entries that are not zero."""
    from weightinit_cli.conformity.laws import of_entries_alone

    std = float(like.arguments["std"])
    rest = [each._replace(draws=each.draws[each.draws != 0][np.newaxis]) for each in drawn]
    yield from of_entries_alone([each for each in rest if each.draws.size > 1], "normal", std)


def _of_nguyen_widrow(target: Target, like: Like, seeds: Seeds, only: str) -> Iterator[Row]:
    """Columns of one norm; directions those of uniform draws."""
    drawn = draw(target, fit((*MATRICES, *KERNELS), only), seeds)
    bad = list(_finite(drawn))
    yield from bad
    if bad:
        return
    for each in drawn:
        norms = np.linalg.norm(each.draws, axis=1)
        norm = like.build(each.ask.fans).std * sqrt(each.ask.fans.fan_in)
        far = norms.ravel()[int(np.abs(norms - norm).argmax())]
        near = abs(far - norm) <= (ORTHONORMAL + each.eps) * norm
        yield Row("norm of columns", each.where, float(far), None, norm, float(near))
    for each in drawn:
        yield _against_ours(each, like, next(seeds))
    for each in drawn:
        z = each.draws.ravel() / like.build(each.ask.fans).std
        mean, error = float(z.mean()), 1 / sqrt(z.size)
        yield Row("mean, in std", each.where, mean, error, 0.0, two_sided(mean / error))
        vectors = of_vectors(each, standard("uniform", 4))
        # one norm of all columns makes squares in a column, and so products of rows, dependent
        yield from (row for row in vectors if row.asked != "rows, n r²")
    yield from of_streams(target, drawn, seeds)


def _against_ours(drawn: Drawn, like: Like, seed: int) -> Row:
    """The distance from the distribution of winit's own draws (Smirnov 1948)."""
    from weightinit_cli.conformity.laws import p_of_distance

    ours = np.concatenate(
        [_filled(like.build, drawn.ask, seed + k).ravel() for k in range(REPEATS)]
    )
    theirs = np.sort(drawn.draws.ravel())
    ours.sort()
    both = np.concatenate([ours, theirs])
    shares = (np.searchsorted(each, both, side="right") / each.size for each in (ours, theirs))
    first, second = shares
    distance = float(np.abs(first - second).max())
    n = ours.size * theirs.size // (ours.size + theirs.size)
    p = p_of_distance(distance, n)
    return Row("distribution", drawn.where, distance, 0.26 / sqrt(n), 0.83 / sqrt(n), p)


STRUCTURES: Final[dict[str, Callable[[Target, Like, Seeds, str], Iterator[Row]]]] = {
    "orthogonal": _of_orthogonal,
    "delta_orthogonal": _of_delta,
    "sparse": _of_sparse,
    "nguyen_widrow": _of_nguyen_widrow,
}
