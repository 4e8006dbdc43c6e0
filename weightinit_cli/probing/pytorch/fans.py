"""The fans of a parameter, by the kind of its module: how many inputs a sum has, and outputs."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from weightinit_cli.probing.pytorch.naming import KERAS, is_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Fans = tuple[int | None, int | None]
NONE: Final[Fans] = (None, None)
# What multiplies values by a parameter and sums up: of what else uses one there are no fans.
PRODUCTS: Final = frozenset((
    "linear", "bilinear", "matmul", "mm", "mv", "bmm", "baddbmm", "addmm", "addbmm", "einsum",
    "tensordot", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "convolution", "weight_norm", "embedding", "dot", "inner", "chain_matmul",
))  # fmt: skip


def fans(
    module: nn.Module,
    name: str,
    shape: tuple[int, ...],
    used_by: Collection[tuple[str, tuple[int, ...]]],
) -> Fans:
    """The fans of a parameter, which `module` has as `name`, or as what `name` is computed of.

    - Linear maps: shape (fan_out, fan_in), of attention's packed projections three blocks of
      these, of recurrent layers one for each gate; Conv1D of `transformers` has (fan_in, fan_out).
    - Convolutions: the channels of a group times the size of the kernel; so have transposed ones,
      whose shape begins with the channels of the input, and of whose kernel a stride lets one of
      its steps see one part alone.
    - Embeddings: fan_in is 1, for a row is looked up and nothing is summed; fan_out is its size.
    - Keras: kernels of shape (*kernel, fan_in, fan_out).
    - Modules of a person's own: (..., fan_in, fan_out) of the second factor in a product of
      matrices; else as `torch.nn.init` has it, if an operation of PRODUCTS uses them or none does
      (`used_by` are the operations that use it, with the shapes of what they make).

    None where there is nothing to sum up: biases, scales of a normalization, positions that are
    added.
    """
    if len(shape) < 2:
        return NONE
    for kinds, rule in _RULES:
        if isinstance(module, kinds):
            return rule(module, name, shape)
    if is_of(module, "transformers", "Conv1D"):
        return shape[0], shape[1]
    if is_of(module, KERAS):
        return _keras(module, name, shape)
    operations = {operation for operation, _ in used_by}
    if operations and not PRODUCTS.intersection(operations):
        return NONE
    if any(operation in _MATMULS and _is_second(shape, made) for operation, made in used_by):
        return shape[-2], shape[-1]
    field = prod(shape[2:])
    return shape[1] * field, shape[0] * field


_MATMULS: Final = frozenset(("matmul", "mm", "bmm", "addmm", "baddbmm"))


def _is_second(shape: tuple[int, ...], made: tuple[int, ...]) -> bool:
    """Whether a matrix is the second factor of what was made, and not its transpose."""
    return shape[-1] == made[-1] != shape[-2]


def _linear(_module: nn.Module, _name: str, shape: tuple[int, ...]) -> Fans:
    return shape[1], shape[0]


def _bilinear(_module: nn.Module, _name: str, shape: tuple[int, ...]) -> Fans:
    return shape[1] * shape[2], shape[0]


def _conv(module: Any, _name: str, shape: tuple[int, ...]) -> Fans:
    field = prod(shape[2:])
    if module.transposed:
        seen = shape[0] // module.groups * field / prod(module.stride)
        return max(round(seen), 1), shape[1] * field
    return shape[1] * field, shape[0] // module.groups * field


def _embedding(_module: nn.Module, _name: str, shape: tuple[int, ...]) -> Fans:
    return 1, shape[1]


def _attention(module: Any, name: str, shape: tuple[int, ...]) -> Fans:
    if not name.endswith("weight"):
        return NONE  # bias_k and bias_v are further keys and values
    return shape[1], module.embed_dim


def _recurrent(module: Any, name: str, shape: tuple[int, ...]) -> Fans:
    gates = 1 if name.startswith("weight_hr") else _GATES.get(_mode(module), 1)
    return shape[1], shape[0] // gates


_GATES: Final = {"LSTM": 4, "GRU": 3}


def _mode(module: Any) -> str:
    return next((kind for kind in _GATES if kind in type(module).__name__.upper()), "")


def _keras(module: nn.Module, name: str, shape: tuple[int, ...]) -> Fans:
    kind, field = type(module).__name__, prod(shape[:-2])
    if "embedding" in name:
        return 1, shape[-1]
    if "Depthwise" in kind:
        return field, shape[-1] * field
    if "Transpose" in kind:
        return shape[-1] * field, shape[-2] * field
    return shape[-2] * field, shape[-1] * field


_RULES: Final[tuple[tuple[Any, Callable[[Any, str, tuple[int, ...]], Fans]], ...]] = (
    (nn.Linear, _linear),
    (nn.Bilinear, _bilinear),
    (nn.modules.conv._ConvNd, _conv),
    ((nn.Embedding, nn.EmbeddingBag), _embedding),
    (nn.MultiheadAttention, _attention),
    ((nn.RNNBase, nn.RNNCellBase), _recurrent),
)


def weight_shape(module: nn.Module, own: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to take the fans of: none of what is a weight's norm alone."""
    whole = own.partition(".")[0]
    if own.endswith("_g") and hasattr(module, f"{own[:-2]}_v"):
        return ()
    if "." in own:
        found = getattr(module, whole, None)
        return shape if isinstance(found, torch.Tensor) and tuple(found.shape) == shape else ()
    return shape
