"""What operations of torch are: their names, what only moves values, where units lie."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import torch

from weightinit_cli.activations import ACTIVATIONS

if TYPE_CHECKING:
    from weightinit_cli.activations.activation import Ends

# Operators as people say them: `1 - x` is __rsub__ of torch.
_OPERATORS: Final = {
    "radd": "add", "rsub": "sub", "rmul": "mul", "rdiv": "div", "truediv": "div",
    "rtruediv": "div", "rpow": "pow", "rmatmul": "matmul", "iadd": "add", "isub": "sub",
    "imul": "mul", "itruediv": "div", "idiv": "div", "true_divide": "div", "divide": "div",
    "multiply": "mul", "subtract": "sub", "negative": "neg",
}  # fmt: skip
# What hands values on: in another shape, order or dtype, a part of them, or copies.
MOVES: Final = frozenset((
    "get", "getitem", "setitem", "contiguous", "clone", "to", "float", "double", "half", "bfloat16",
    "type", "type_as", "cpu", "cuda", "detach", "data", "reshape", "reshape_as", "flatten",
    "ravel", "repeat", "tile", "repeat_interleave", "roll", "flip", "fliplr", "flipud", "rot90",
    "gather", "take", "index_select", "take_along_dim", "masked_select", "index_copy",
    "index_put", "masked_fill", "masked_scatter", "scatter", "select_scatter", "slice_scatter",
    "copy", "fill", "zero", "pad", "constant_pad_nd", "unfold", "pixel_shuffle",
    "pixel_unshuffle", "channel_shuffle", "requires_grad", "block_diag", "pack_padded_sequence",
    "pad_packed_sequence", "expand", "native_channel_shuffle", "nan_to_num", "dequantize",
    "empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like", "new_zeros",
    "new_ones", "new_empty", "new_full", "new_tensor", "bernoulli", "isfinite", "broadcast_to",
    "broadcast_tensors", "meshgrid", "chunk", "split", "unbind", "view", "permute", "transpose",
    "as_tensor", "retain_grad", "zeros", "ones", "empty", "full", "eye", "arange", "linspace",
    "rand", "randn", "randint",
))  # fmt: skip
# Of these the second tensor gives the shape or the dtype alone.
LIKE_ANOTHER: Final = frozenset(("type_as", "to", "reshape_as", "view_as", "expand_as"))
# Of these a result has nothing of the values given, but for their shape.
_NEW: Final = frozenset((
    "empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like", "new_zeros",
    "new_ones", "new_empty", "new_full", "new_tensor", "bernoulli", "fill", "zero", "zeros", "ones",
    "empty", "full", "eye", "arange", "linspace", "rand", "randn", "randint",
))  # fmt: skip
DROPOUTS: Final = frozenset((
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
    "feature_dropout",
))  # fmt: skip
# What runs over time inside one operation, whose gates nobody sees.
RECURRENT: Final = frozenset((
    "lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell",
    "rnn_relu_cell", "quantized_lstm", "thnn_fused_lstm_cell", "thnn_fused_gru_cell",
))  # fmt: skip
MATMULS: Final = frozenset(("matmul", "bmm", "baddbmm", "mm", "einsum"))
ATTENTION: Final = "scaled_dot_product_attention"
SOFTMAX: Final = "softmax"
_CHANNELS_FIRST: Final = frozenset((
    "conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "batch_norm", "group_norm", "instance_norm", "local_response_norm",
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "interpolate", "upsample", "prelu",
))  # fmt: skip
_LAST: Final = frozenset((
    "linear", "bilinear", "embedding", "embedding_bag", "layer_norm", "rms_norm", ATTENTION,
    *MATMULS, *RECURRENT,
))  # fmt: skip
# What is added to a score so that its key is not looked at: -1e4 in models of half precision.
FORBIDDEN = -9e3
# Where |φ'| is at most this share of its supremum, an activation is flat.
FLAT = 0.05


def name_of(function: Any) -> str:
    """What an operation is called: `add` of `a + b`, `relu` of `relu_`."""
    name = str(getattr(function, "__name__", function)).strip("_")
    return _OPERATORS.get(name, name)


def said(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The name that people know: relu6 is one of torch's hardtanh."""
    if name == "hardtanh":
        ends = argument(args, kwargs, 1, "min_val"), argument(args, kwargs, 2, "max_val")
        return "relu6" if ends == (0, 6) else name
    return name


def is_in_place(function: Any) -> bool:
    """Whether a function changes what it is given first, as its name says."""
    name = str(getattr(function, "__name__", ""))
    if name.startswith("__"):
        return name == "__setitem__" or name in _IN_PLACE_OPERATORS
    return name.endswith("_")


_IN_PLACE_OPERATORS: Final = frozenset((
    "__iadd__", "__isub__", "__imul__", "__idiv__", "__itruediv__", "__ipow__", "__imod__",
    "__ifloordiv__", "__iand__", "__ior__", "__ixor__", "__ilshift__", "__irshift__",
))  # fmt: skip


def forgets(name: str) -> bool:
    """Whether an operation takes nothing but the shape of what it is given."""
    return name in _NEW


def argument(
    args: tuple[Any, ...], kwargs: dict[str, Any], place: int, name: str, default: Any = None
) -> Any:
    """An argument of an operation, given by its place or by its name."""
    return args[place] if len(args) > place else kwargs.get(name, default)


def without_dropout(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of an operation, its dropout off."""
    if name == ATTENTION and argument(args, kwargs, 4, "dropout_p", 0.0):
        if len(args) > 4:
            return (*args[:4], 0.0, *args[5:]), kwargs
        return args, {**kwargs, "dropout_p": 0.0}
    if name in RECURRENT:  # their dropout is their one argument of this type
        return tuple(0.0 if type(each) is float else each for each in args), kwargs
    return args, kwargs


def forbids(thing: Any) -> bool:
    """Whether a summand, or what is chosen, has entries that stand for -inf: those of a mask."""
    if isinstance(thing, int | float):
        return thing <= FORBIDDEN
    if not isinstance(thing, torch.Tensor) or not thing.is_floating_point() or not thing.numel():
        return False
    return float(thing.detach().min()) <= FORBIDDEN


def unit_axis(name: str, shape: tuple[int, ...], parents: list[tuple[tuple[int, ...], int]]) -> int:
    """The axis of a result that has its units: features, or channels.

    It follows from the operation, or else from the shapes and axes of what it was made of: the
    same axis where the shapes are the same, else one that has as many units, else the usual one.
    """
    last = len(shape) - 1
    if name in _CHANNELS_FIRST:
        return min(1, last)
    if name in _LAST:
        return last
    for before, axis in parents:
        if before == shape:
            return axis
    for before, axis in parents:
        found = [each for each, size in enumerate(shape) if size == before[axis] and each]
        if found:
            return axis if axis in found and len(before) == len(shape) else found[-1]
    for before, axis in parents:
        if len(before) == len(shape):
            return axis
        return last if axis == len(before) - 1 else min(axis, last)
    return 1 if len(shape) > 3 else last


# Activation functions by torch's names: ours, and the arguments that matter with their defaults.
_DEFAULTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "sigmoid": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "leaky_relu": ("leaky_relu", {"negative_slope": 0.01}),
    "elu": ("elu", {"alpha": 1.0}),
    "celu": ("celu", {"alpha": 1.0}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {"approximate": "none"}),
    "silu": ("silu", {}),
    "mish": ("mish", {}),
    "hardswish": ("hard_silu", {}),
    "softsign": ("softsign", {}),
    "hardsigmoid": ("hard_sigmoid", {"form": "torch"}),
    "log_sigmoid": ("log_sigmoid", {}),
    "logsigmoid": ("log_sigmoid", {}),
    "erf": ("erf", {}),
    "expit": ("sigmoid", {}),
}


def ends_of(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Ends | None:
    """Where an activation function is flat, to the left and to the right; None of other ones."""
    if name == "hardtanh":
        low = argument(args, kwargs, 1, "min_val", -1.0)
        high = argument(args, kwargs, 2, "max_val", 1.0)
        return _ends("hard_tanh", ()) if (low, high) == (-1.0, 1.0) else (low, high)
    if name == "softplus":
        usual = argument(args, kwargs, 1, "beta", 1.0) == 1.0
        return _ends("softplus", ()) if usual else None
    if name not in _DEFAULTS:
        return None
    ours, defaults = _DEFAULTS[name]
    given = {
        key: argument(args, kwargs, place, key, value)
        for place, (key, value) in enumerate(defaults.items(), 1)
        if key != "form"
    }
    if name == "gelu":
        given = {"approximate": kwargs.get("approximate", "none")}
    return _ends(ours, tuple((defaults | given).items()))


@lru_cache(maxsize=256)
def _ends(name: str, arguments: tuple[tuple[str, Any], ...]) -> Ends:
    return ACTIVATIONS[name].build(**dict(arguments)).ends(FLAT)
