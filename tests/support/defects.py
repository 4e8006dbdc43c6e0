"""Initializers of numpy with one well-known defect each, and the sound ones beside them."""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

TRUNCATED = 0.87962566103423978
HE = "he_normal"


def truncated(rng, shape):
    z = rng.standard_normal(shape)
    while (outside := np.abs(z) > 2).any():
        z[outside] = rng.standard_normal(outside.sum())
    return z / TRUNCATED


def area(shape):
    return prod(shape[:-2])


def fan_in(shape):
    return area(shape) * shape[-2]


def fan_out(shape):
    return area(shape) * shape[-1]


def he(rng, shape):
    return truncated(rng, shape) * sqrt(2 / fan_in(shape))


def swapped(rng, shape):
    return truncated(rng, shape) * sqrt(2 / fan_out(shape))


def no_receptive_field(rng, shape):
    return truncated(rng, shape) * sqrt(2 / shape[-2])


def last_side(rng, shape):
    return truncated(rng, shape) * sqrt(2 / shape[-1])


def first_side(rng, shape):
    return truncated(rng, shape) * sqrt(2 / shape[0])


def torch_layout(rng, shape):
    return truncated(rng, shape) * sqrt(2 / prod(shape[1:]))


def groups_not_divided(rng, shape, groups=1):
    return rng.standard_normal(shape) * sqrt(2 / (fan_in(shape) + fan_out(shape)))


def groups_divided_twice(rng, shape, groups=1):
    return he(rng, shape) * sqrt(groups)


def swapped_in_kernels(rng, shape):
    return he(rng, shape) if len(shape) == 2 else swapped(rng, shape)


def grouped(rng, shape, groups=1):
    return rng.standard_normal(shape) * sqrt(2 / (fan_in(shape) + fan_out(shape) / groups))


def sum_of_fans(rng, shape):
    return rng.standard_normal(shape) / sqrt(fan_in(shape) + fan_out(shape))


def uncorrected(rng, shape):
    return he(rng, shape) * TRUNCATED


def corrected_twice(rng, shape):
    return he(rng, shape) / TRUNCATED


def gain_squared(rng, shape):
    return he(rng, shape) * sqrt(2)


def gain_left_out(rng, shape):
    return he(rng, shape) / sqrt(2)


def swapped_and_uncorrected(rng, shape):
    return swapped(rng, shape) * TRUNCATED


def uniform(rng, shape):
    return rng.uniform(-1, 1, shape) * sqrt(6 / fan_in(shape))


def std_for_bound(rng, shape):
    return rng.uniform(-1, 1, shape) * sqrt(2 / fan_in(shape))


def cut_at_two(rng, shape):
    return np.clip(rng.standard_normal(shape) * sqrt(2 / fan_in(shape)), -2, 2)


def repeated_rows(rng, shape):
    w = he(rng, shape)
    w[..., 1::2, :] = w[..., ::2, :]
    return w


def one_repeated_column(rng, shape):
    w = he(rng, shape)
    w[..., 7] = w[..., 3]
    return w


def common_part(rng, shape):
    w = he(rng, shape)
    return (w + 0.2 * w[..., :1]) / np.linalg.norm([1, 0.2])


def every_100th_zero(rng, shape):
    w = he(rng, shape)
    w.flat[::100] = 0
    return w


def permuted_rows(rng, shape):
    w = he(rng, shape)
    w[..., 1::2, :] = np.roll(w[..., ::2, :], 1, axis=-1)
    return w


def unequal_columns(rng, shape):
    return he(rng, shape) * np.where(np.arange(shape[-1]) % 2, 1.1, sqrt(2 - 1.1**2))


def fixed_seed_of_kernels(rng, shape):
    return he(rng, shape) if len(shape) == 2 else fixed_seed(rng, shape)


def cut_at_three(rng, shape):
    z = rng.standard_normal(shape)
    while (outside := np.abs(z) > 3).any():
        z[outside] = rng.standard_normal(outside.sum())
    return z / 0.98658 * sqrt(2 / fan_in(shape))


def fixed_seed(rng, shape):
    return he(np.random.Generator(np.random.PCG64(0)), shape)


def other_generator(rng, shape):
    return he(np.random.Generator(np.random.PCG64()), shape)


def one_draw_a_stream(rng, shape):
    bits = type(rng.bit_generator)()
    bits.state = rng.bit_generator.state
    return he(np.random.Generator(bits), shape)


def bfloat16(rng, shape):
    bits = truncated(rng, shape).astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32) * sqrt(2 / fan_in(shape))


def eight_bits(rng, shape):
    return (rng.integers(0, 256, shape) / 127.5 - 1) * sqrt(6 / fan_in(shape))


def variance_for_std(rng, shape):
    return truncated(rng, shape) * (2 / fan_in(shape))


def mean_of_one_percent(rng, shape):
    return he(rng, shape) + 0.01 * sqrt(2 / fan_in(shape))


def three_percent(rng, shape):
    return he(rng, shape) * 1.03


def heavy_tail(rng, shape):
    return rng.laplace(size=shape) / sqrt(fan_in(shape))


def not_a_number(rng, shape):
    w = he(rng, shape)
    w[..., 0] = np.nan
    return w


def _q(rng, shape, signs):
    rows, columns = fan_in(shape), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q *= signs(np.diagonal(r))
    return (q if rows >= columns else q.T).reshape(shape)


def orthogonal(rng, shape):
    return _q(rng, shape, np.sign)


def biased_signs(rng, shape):
    return _q(rng, shape, np.ones_like)


def positive_diagonal(rng, shape):
    q = _q(rng, shape, np.sign)
    w = q.reshape(-1, shape[-1])
    columns = np.sign(np.diagonal(w))
    w[:, : len(columns)] *= columns
    return q


def nearly_orthogonal(rng, shape):
    return orthogonal(rng, shape) * (1 + 0.01 * rng.standard_normal(shape))


def signed_permutation(rng, shape):
    rows, columns = fan_in(shape), shape[-1]
    w = np.zeros((rows, columns))
    n = min(rows, columns)
    w[rng.permutation(rows)[:n], rng.permutation(columns)[:n]] = rng.choice([-1, 1], n)
    return w.reshape(shape)


def sparse(rng, shape):
    w = 0.01 * rng.standard_normal(shape)
    zeros = rng.permuted(np.broadcast_to(np.arange(shape[1]) < 0.9 * shape[1], shape), axis=1)
    w[zeros] = 0
    return w


def sparse_columns(rng, shape):
    return sparse(rng, shape[::-1]).T


def first_zero(rng, shape):
    w = 0.01 * rng.standard_normal(shape)
    w[:, : -(-9 * shape[1] // 10)] = 0
    return w


def nguyen_widrow(rng, shape):
    w = rng.uniform(-1, 1, (fan_in(shape), shape[-1]))
    w *= 0.7 * shape[-1] ** (1 / fan_in(shape)) / np.linalg.norm(w, axis=0)
    return w.reshape(shape)


# The defect, what it claims to be, and words of the verdict that names it.
DEFECTS = [
    (swapped, HE, "the scale follows fan_out, not fan_in: the fans are swapped"),
    (no_receptive_field, HE, "the receptive field is ignored"),
    (groups_not_divided, "xavier_normal", "the groups are ignored: fan_out is that of all"),
    (uncorrected, HE, "the truncation is not corrected for: std is 0.8796"),
    (corrected_twice, HE, "the truncation is corrected for twice"),
    (gain_squared, HE, "the gain 1.414 is squared"),
    (uniform, HE, "the entries are uniform, not truncated normal (as he_uniform has it)"),
    (cut_at_two, HE, "nothing is cut at two standard deviations (as kaiming_normal has it)"),
    (biased_signs, "orthogonal", "signs are biased"),
    (repeated_rows, HE, "rows repeat"),
    (one_repeated_column, HE, "columns repeat: 3 and 7"),
    (fixed_seed, HE, "two seeds give the same draws: the seed is ignored"),
    (bfloat16, HE, "different values: they are of too few bits"),
    (eight_bits, "he_uniform", "only 256 different values"),
    (variance_for_std, HE, "the variance is taken for the standard deviation"),
    (mean_of_one_percent, HE, "the mean is off by 0.0"),
    (three_percent, HE, "times what is expected at all shapes"),
    (first_side, HE, "the fans are the first and the last side of the shape"),
    (last_side, HE, "the fans are swapped, and the receptive field is ignored"),
    (torch_layout, HE, "the shape is read as torch's"),
    (sum_of_fans, "xavier_normal", "the sum of both fans is taken, not their mean"),
    (gain_left_out, HE, "the gain 1.414 is left out (as lecun_normal has it)"),
    (swapped_and_uncorrected, HE, "are swapped, and the truncation is not corrected for"),
    (std_for_bound, "he_uniform", "the standard deviation is taken for the uniform's bound"),
    (common_part, HE, "are correlated at"),
    (other_generator, HE, "one seed gives other draws each time"),
    (one_draw_a_stream, HE, "two calls of one stream give the same draws"),
    (heavy_tail, "kaiming_normal", "the entries are not normal, nor of another known law"),
    (not_a_number, HE, "2,400 are inf, nan or too large"),
    (groups_divided_twice, HE, "fan_in is divided by the groups, though"),
    (swapped_in_kernels, HE, "the fans are swapped in kernels"),
    (every_100th_zero, HE, "of 40,000 entries at 400×100 400 are 0"),
    (permuted_rows, HE, "entries repeat: of 40,000 at 400×100 20,000 differ"),
    (unequal_columns, HE, "the scale differs from column to column at 400×100"),
    (fixed_seed_of_kernels, HE, "two seeds give the same draws: the seed is ignored"),
    (cut_at_three, HE, "the entries are not truncated normal, nor of another known law"),
    (positive_diagonal, "orthogonal", "signs are biased"),
    (nearly_orthogonal, "orthogonal", "neither rows nor columns are orthogonal"),
    (signed_permutation, "orthogonal", "not uniform over all such (Haar)"),
    (sparse_columns, {"name": "sparse", "sparsity": 0.9}, "zeros at 400×100, not 90"),
    (first_zero, {"name": "sparse", "sparsity": 0.9}, "the zeros are not at random places"),
]
SOUND = [
    (he, HE),
    (grouped, "xavier_normal"),
    (uniform, "he_uniform"),
    (orthogonal, "orthogonal"),
    (nguyen_widrow, "nguyen_widrow"),
    (sparse, {"name": "sparse", "sparsity": 0.9}),
]
