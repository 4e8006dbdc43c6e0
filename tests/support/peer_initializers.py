"""Every initializer of torch, Keras and JAX as installed, and the row that it is."""

from __future__ import annotations

from math import sqrt

NORMAL = {"name": "normal", "std": 1}
SMALL_NORMAL = {"name": "normal", "std": 0.02}
UNIFORM = {"name": "uniform", "low": 0, "high": 1}
SMALL_UNIFORM = {"name": "uniform", "low": -0.05, "high": 0.05}
TRUNCATED = {"name": "truncated_normal", "std": 1}
SMALL_TRUNCATED = {"name": "truncated_normal", "std": 0.02}
CONSTANT = {"name": "constant", "value": 0.3}
SPARSE = {"name": "sparse", "sparsity": 0.9}
ORTHOGONAL_2 = {"name": "orthogonal", "gain": 2}
DELTA_ORTHOGONAL_2 = {"name": "delta_orthogonal", "gain": 2}
DIRAC_2 = {"name": "dirac", "groups": 2}
FAN_OUT = {
    "name": "variance_scaling",
    "scale": 2,
    "mode": "fan_out",
    "distribution": "truncated_normal",
}
FAN_AVG = {"name": "variance_scaling", "scale": 3, "mode": "fan_avg", "distribution": "uniform"}
XAVIER_GAIN = {"name": "xavier_normal", "gain": 5 / 3}
KAIMING_OUT = {"name": "kaiming_normal", "mode": "fan_out"}
KAIMING_LEAKY = {"name": "kaiming_uniform", "negative_slope": sqrt(5)}

# Everything that an initializer is held to, its own row among it.
LIKES = [
    "zeros", "ones", CONSTANT, NORMAL, SMALL_NORMAL, UNIFORM, SMALL_UNIFORM, TRUNCATED,
    SMALL_TRUNCATED, FAN_OUT, FAN_AVG, "lecun_normal", "lecun_uniform", "glorot_normal",
    "glorot_uniform", "xavier_normal", XAVIER_GAIN, "xavier_uniform", "he_normal", "he_uniform",
    "kaiming_normal", "kaiming_uniform", KAIMING_OUT, KAIMING_LEAKY, "torch_linear", SPARSE,
    "nguyen_widrow", "orthogonal", ORTHOGONAL_2, "delta_orthogonal", DELTA_ORTHOGONAL_2,
    "identity", "dirac", DIRAC_2,
]  # fmt: skip


def of_torch():
    from functools import partial

    from torch.nn import init

    return {
        "zeros_": (init.zeros_, "zeros"),
        "ones_": (init.ones_, "ones"),
        "constant_": (partial(init.constant_, val=0.3), CONSTANT),
        "normal_": (init.normal_, NORMAL),
        "normal_(std=0.02)": (partial(init.normal_, std=0.02), SMALL_NORMAL),
        "uniform_": (init.uniform_, UNIFORM),
        "trunc_normal_": (init.trunc_normal_, TRUNCATED),
        "trunc_normal_(std=0.02)": (partial(init.trunc_normal_, std=0.02), SMALL_NORMAL),
        "xavier_normal_": (init.xavier_normal_, "xavier_normal"),
        "xavier_normal_(gain=5/3)": (partial(init.xavier_normal_, gain=5 / 3), XAVIER_GAIN),
        "xavier_uniform_": (init.xavier_uniform_, "xavier_uniform"),
        "kaiming_normal_": (init.kaiming_normal_, "kaiming_normal"),
        "kaiming_normal_(fan_out)": (partial(init.kaiming_normal_, mode="fan_out"), KAIMING_OUT),
        "kaiming_uniform_": (init.kaiming_uniform_, "kaiming_uniform"),
        "kaiming_uniform_(a=sqrt(5))": (partial(init.kaiming_uniform_, a=sqrt(5)), "torch_linear"),
        "orthogonal_": (init.orthogonal_, "orthogonal"),
        "orthogonal_(gain=2)": (partial(init.orthogonal_, gain=2), ORTHOGONAL_2),
        "sparse_": (partial(init.sparse_, sparsity=0.9), SPARSE),
        "eye_": (init.eye_, "identity"),
        "dirac_": (init.dirac_, "dirac"),
        "dirac_(groups=2)": (partial(init.dirac_, groups=2), DIRAC_2),
    }


def of_keras():
    from keras import initializers as k

    return {
        "Zeros": (k.Zeros, "zeros"),
        "Ones": (k.Ones, "ones"),
        "Constant": (k.Constant(0.3), CONSTANT),
        "RandomNormal": (k.RandomNormal(stddev=0.02), SMALL_NORMAL),
        "RandomUniform": (k.RandomUniform(-0.05, 0.05), SMALL_UNIFORM),
        "TruncatedNormal": (k.TruncatedNormal(stddev=0.02), SMALL_TRUNCATED),
        "VarianceScaling": (k.VarianceScaling(2, "fan_out", "truncated_normal"), FAN_OUT),
        "VarianceScaling(uniform)": (k.VarianceScaling(3, "fan_avg", "uniform"), FAN_AVG),
        "GlorotNormal": (k.GlorotNormal, "glorot_normal"),
        "GlorotUniform": (k.GlorotUniform, "glorot_uniform"),
        "HeNormal": (k.HeNormal, "he_normal"),
        "HeUniform": (k.HeUniform, "he_uniform"),
        "LecunNormal": (k.LecunNormal, "lecun_normal"),
        "LecunUniform": (k.LecunUniform(), "lecun_uniform"),
        "Orthogonal": (k.Orthogonal, "orthogonal"),
        "Orthogonal(gain=2)": (k.Orthogonal(gain=2), ORTHOGONAL_2),
        "Identity": (k.Identity, "identity"),
    }


def of_jax():
    from jax.nn import initializers as j

    return {
        "zeros": (j.zeros, "zeros"),
        "ones": (j.ones, "ones"),
        "constant": (j.constant(0.3), CONSTANT),
        "normal": (j.normal(0.02), SMALL_NORMAL),
        "uniform": (j.uniform(1.0), UNIFORM),
        "truncated_normal": (j.truncated_normal(0.02), SMALL_TRUNCATED),
        "variance_scaling": (j.variance_scaling(2, "fan_out", "truncated_normal"), FAN_OUT),
        "variance_scaling(uniform)": (j.variance_scaling(3, "fan_avg", "uniform"), FAN_AVG),
        "glorot_normal": (j.glorot_normal(), "glorot_normal"),
        "xavier_normal": (j.xavier_normal(), "glorot_normal"),
        "glorot_uniform": (j.glorot_uniform(), "glorot_uniform"),
        "xavier_uniform": (j.xavier_uniform(), "xavier_uniform"),
        "he_normal": (j.he_normal, "he_normal"),
        "kaiming_normal": (j.kaiming_normal(), "he_normal"),
        "he_uniform": (j.he_uniform(), "he_uniform"),
        "kaiming_uniform": (j.kaiming_uniform(), "he_uniform"),
        "lecun_normal": (j.lecun_normal(), "lecun_normal"),
        "lecun_uniform": (j.lecun_uniform(), "lecun_uniform"),
        "orthogonal": (j.orthogonal(), "orthogonal"),
        "delta_orthogonal": (j.delta_orthogonal(), "delta_orthogonal"),
        "delta_orthogonal(scale=2)": (j.delta_orthogonal(2), DELTA_ORTHOGONAL_2),
    }


# Those for which a shape of one kind is an error.
ONLY = {
    "sparse_": "matrices", "eye_": "matrices", "Identity": "matrices", "dirac_": "kernels",
    "dirac_(groups=2)": "kernels", "delta_orthogonal": "kernels",
    "delta_orthogonal(scale=2)": "kernels",
}  # fmt: skip
PEERS = {"torch": of_torch, "keras": of_keras, "jax": of_jax}
# Names of the libraries' modules that are no initializers, or another name of one.
OTHERS = {
    "torch": {"calculate_gain"},
    "keras": {
        "Initializer", "ConstantInitializer", "STFT", "STFTInitializer", "IdentityInitializer",
        "OrthogonalInitializer", "deserialize", "get", "serialize",
    },
    "jax": {"Initializer"},
}  # fmt: skip
