"""Whom a target names, how it is called, and what is said of those that cannot be asked."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from support.defects import he, orthogonal
from weightinit_cli import WinitError, conform
from weightinit_cli.conformity.frameworks import Ask, target_of

UNIT = {"name": "normal", "std": 1}
SEEN = []


def by_numpy(rng, shape):
    return rng.standard_normal(shape)


def by_jax(key, shape, dtype=None):
    raise NotImplementedError


def by_keras(shape, dtype=None):
    return np.random.Generator(np.random.PCG64()).standard_normal(shape)


def by_torch(tensor, std=1.0):
    raise NotImplementedError


def annotated(values: torch.Tensor):  # noqa: F821
    raise NotImplementedError


class KerasLike:
    """As Keras's: a seed at the start, a configuration, and the same draws at each call."""

    def __init__(self, scale=1.0, seed=None):
        self.scale, self.seed = scale, seed

    def __call__(self, shape, dtype=None):
        rng = np.random.Generator(np.random.PCG64(self.seed))
        return self.scale * rng.standard_normal(shape).astype(dtype)

    def get_config(self):
        return {"scale": self.scale, "seed": self.seed}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Callable:
    def __call__(self, rng, shape):
        return rng.standard_normal(shape)


def factory(scale=1.0):
    def init(rng, shape):
        return scale * rng.standard_normal(shape)

    return init


@pytest.mark.parametrize(
    ("thing", "framework"),
    [
        (by_numpy, "numpy"),
        (by_jax, "jax"),
        (by_keras, "keras"),
        (by_torch, "torch"),
        (annotated, "torch"),
        (KerasLike, "keras"),
        (KerasLike(2.0), "keras"),
        (Callable, "numpy"),
        (Callable(), "numpy"),
        (factory, "numpy"),
        (partial(by_torch, std=2.0), "torch"),
    ],
)
def test_known_by_its_parameters(thing, framework):
    assert target_of(thing).framework == framework
    assert target_of(thing, "numpy").framework == "numpy"


def test_a_partial_is_named_by_its_function():
    assert target_of(partial(by_torch, std=2.0)).name == "by_torch"


@pytest.mark.parametrize("thing", [KerasLike, KerasLike(), Callable, Callable(), factory, by_numpy])
def test_however_it_is_given(thing):
    draw = target_of(thing).stream(0)
    assert draw(Ask((300, 200))).std() == pytest.approx(1, abs=0.02)


def test_an_instance_keeps_its_parameters():
    first, other = (target_of(KerasLike(0.5)).stream(seed)(Ask((300, 200))) for seed in (0, 1))
    assert first.std() == pytest.approx(0.5, abs=0.01)
    assert (first != other).all()


def test_what_it_takes_is_given():
    """Fans with the receptive field, of each group; and of --like what has no default."""

    def taking(rng, shape, fans, *, std, groups=1, mean=0.0):
        area = np.prod(shape[:-2], dtype=int)
        assert (fans.fan_in, fans.fan_out * groups) == (area * shape[-2], area * shape[-1])
        SEEN.append(groups)
        return mean + std * rng.standard_normal(shape)

    assert conform(taking, {"name": "normal", "std": 0.3}).conforms
    assert set(SEEN) == {1, 4}


def test_another_dtype():
    def sound(rng, shape, dtype=np.float64):
        return rng.standard_normal(shape).astype(dtype)

    def deaf(rng, shape, dtype=np.float64):
        return rng.standard_normal(shape)

    def wrong(rng, shape, dtype=np.float64):
        half = 1.1 if dtype == np.float16 else 1.0
        return (half * rng.standard_normal(shape)).astype(dtype)

    def unable(rng, shape, dtype=np.float64):
        if dtype == np.float16:
            raise TypeError("no halves")
        return rng.standard_normal(shape).astype(dtype)

    assert conform(sound, UNIT, only="matrices").conforms
    assert (
        "float64 is returned where float32 is asked for"
        in conform(deaf, UNIT, only="matrices").verdict
    )
    assert "deviation at 400×100, float16 is 1." in conform(wrong, UNIT, only="matrices").verdict
    found = conform(unable, UNIT, only="matrices")
    assert found.conforms
    assert "TypeError: no halves" in found.unasked[0]


def test_float16_is_exact_to_its_own_rounding():
    def halves(rng, shape):
        return orthogonal(rng, shape).astype(np.float16)

    assert conform(halves, "orthogonal", only="matrices").conforms
    constant = {"name": "constant", "value": 0.1}
    assert conform(returning(lambda shape: np.full(shape, 0.1, np.float16)), constant).conforms


def test_numbers_that_float32_lacks_are_told_as_such():
    found = conform(lambda rng, shape: 1e300 * rng.standard_normal(shape), "kaiming_normal")
    assert "240,000 are inf, nan or too large for float32" in found.verdict


def returning(value):
    return lambda rng, shape: value(shape)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda shape: None, "must return an array of real numbers, not None"),
        (lambda shape: np.zeros(shape).tolist(), "must return an array, not of type list"),
        (lambda shape: np.zeros(shape[::-1]), r"returned shape \(100, 400\); \(400, 100\) was"),
        (lambda shape: np.zeros(shape, complex), "real numbers, not one of complex128"),
        (lambda shape: np.full(shape, "1"), "real numbers, not one of <U1"),
        (lambda shape: np.full(shape, None), "real numbers, not one of object"),
        (lambda shape: shape + "a", "TypeError: .*called as with numpy, which --framework changes"),
        (lambda shape: 1 / 0, r"asked for shape \(400, 100\): ZeroDivisionError: division by zero"),
        (lambda shape: sys.exit(3), "SystemExit: 3"),
        (lambda shape: np.zeros(shape).reshape(7), r"ValueError: .*\(test_targets.py, line \d+\)"),
    ],
)
def test_what_is_no_draw_is_an_error(value, message):
    with pytest.raises(WinitError, match=message):
        conform(returning(value), "zeros")


def test_what_fails_for_kernels_alone_says_how_to_leave_them_out():
    def of_matrices(rng, shape):
        fan_in, _ = shape
        return rng.standard_normal(shape) / np.sqrt(fan_in)

    like = {"name": "variance_scaling", "scale": 1, "mode": "fan_in", "distribution": "normal"}
    with pytest.raises(WinitError, match=r"\(3, 3, 32, 100\).*; --only matrices leaves kernels"):
        conform(of_matrices, like)
    assert conform(of_matrices, like, only="matrices").conforms


@pytest.mark.parametrize(
    ("thing", "like", "message"),
    [
        (3, "zeros", "is of type int, and cannot be called"),
        (lambda a, b: a, "zeros", "cannot tell how it is called: name its parameters"),
        (lambda rng, shape, width: width, "zeros", "needs width, which has no default"),
        (by_numpy, "siren", "siren has parameters of the activation sin; name its law"),
        (by_numpy, "critical", "critical has its scale from an activation's theory"),
        (by_numpy, "lsuv", "lsuv finds its scales on the data"),
        (by_numpy, {"name": "orthogonal", "gain": "auto"}, "gain: auto depends on an activation"),
        (by_numpy, "gaussian", "did you mean 'normal'"),
        (by_numpy, {"name": "normal", "std": -1}, "std: must be a finite number >= 0"),
        (by_numpy, {"name": "normal"}, "std: required"),
        (by_numpy, {"name": "normal", "std": 1e300}, "too large or too small for draws of float32"),
        (lambda shape, rng: rng, "zeros", "is called as with keras, and needs rng"),
    ],
)
def test_what_cannot_be_asked(thing, like, message):
    with pytest.raises(WinitError, match=message):
        conform(thing, like)


def test_only_what_the_like_is_for():
    with pytest.raises(WinitError, match="is for kernels alone, not for matrices"):
        conform(by_numpy, "dirac", only="matrices")
    with pytest.raises(WinitError, match="there are matrices, kernels"):
        conform(by_numpy, UNIT, only="vectors")
    with pytest.raises(WinitError, match="there are numpy, jax, keras, torch"):
        conform(by_numpy, UNIT, framework="mxnet")


def test_nothing_is_drawn_twice_by_one_seed():
    """Every draw has a seed of its own, and all depend on the one that a person gives."""
    seeds = []

    class Recording(KerasLike):
        def __init__(self, seed=0):
            seeds.append(seed)
            super().__init__(seed=seed)

        def __call__(self, shape, dtype=None):
            return super().__call__(shape, dtype)

    def run(seed):
        seeds.clear()
        conform(Recording, UNIT, seed=seed, only="matrices")
        return tuple(seeds[1:])

    first = run(0)
    assert run(0) == first
    assert not set(run(1)) & set(first)
    again = 1  # one seed is asked again on purpose
    assert len(set(first)) == len(first) - again


def test_torch_shapes_are_turned():
    ask = Ask((3, 5, 2, 7))
    assert target_of(by_torch).shape(ask) == (7, 2, 3, 5)
    assert target_of(by_numpy).shape(ask) == ask.shape
    assert ask.fans[:2] == (30, 105)
    assert Ask((3, 5, 2, 8), groups=4).fans[:2] == (30, 30)


def test_the_generator_of_numpy_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    conform(he, "he_normal", only="matrices")
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_files_and_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "beside.py").write_text("STD = 1.0\n")
    (tmp_path / "mine.py").write_text(
        "from beside import STD\n\n"
        "class Family:\n    @staticmethod\n    def normal(rng, shape):\n"
        "        return STD * rng.standard_normal(shape)\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert conform(f"{tmp_path}/mine.py:Family.normal", UNIT, only="matrices").conforms
    assert conform("support.defects:he", "he_normal", only="matrices").conforms


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("mine.py", "must be file.py:name or package.module:name"),
        (":x", "must be file.py:name"),
        ("nofile.py:x", "nofile.py: No such file"),
        ("nomodule:x", "nomodule: no module of this name; a file is named with its ending"),
        ("support.defects:hee", "no 'hee' in it; did you mean 'he'"),
        ("support.defects:he.x.y", "no 'he.x.y' in it"),
        ("broken.py:x", "broken.py: ZeroDivisionError: division by zero .*line 2"),
        ("syntax.py:x", "syntax.py: SyntaxError: .*line 1"),
        ("leaves.py:x", "leaves.py: SystemExit"),
    ],
)
def test_targets_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target, message
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("broken.py").write_text("x = 0\nx = 1 / x\n")
    Path("syntax.py").write_text("def x(:\n")
    Path("leaves.py").write_text("raise SystemExit\n")
    with pytest.raises(WinitError, match=message):
        conform(target, "zeros")


def test_groups_of_a_row_are_asked_for_where_they_divide():
    def dirac(rng, shape):
        w = np.zeros(shape)
        middle = tuple(side // 2 for side in shape[:-2])
        for k in range(shape[-1]):
            if k % (shape[-1] // 3) < shape[-2]:
                w[(*middle, k % (shape[-1] // 3), k)] = 1
        return w

    assert conform(dirac, {"name": "dirac", "groups": 3}).conforms
    assert not conform(dirac, {"name": "dirac", "groups": 5}).conforms
    with pytest.raises(WinitError, match="at most 1000 are asked for"):
        conform(dirac, {"name": "dirac", "groups": 10**9})
