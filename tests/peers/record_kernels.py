"""Records what torch makes of convolution kernels as a whole into `kernels.json` beside this file.

Made with torch 2.13.0 (CPU), numpy 2.4.6, Python 3.11, in a virtual environment of its own:

    python -m pip install "torch==2.13.0" numpy
    PYTHONPATH=tests python tests/peers/record_kernels.py

Takes a second. torch's kernels have shape (out, in, height, width); they are turned into ours,
(height, width, in, out). What holds of their entries one by one is in `torch.json`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import init

from support.peers import tables

COMMAND = "PYTHONPATH=tests python tests/peers/record_kernels.py"

NOTES = (
    "kernels have shape (out, in, height, width); recorded as (height, width, in, out)",
    "dirac_'s groups are those of a grouped convolution, whose kernels have the input channels of "
    "one group: `in` is theirs",
    "`ones` are the indices of the entries that are 1; all others are 0",
    "orthogonal_ flattens to (out, in height width): `orthonormal` says whether the rows, and the "
    "columns, of (height width in, out) are orthogonal of length gain",
    "eye_ and sparse_ take matrices alone; delta_orthogonal is JAX's",
)

# (height, width, in, out): as many in as out, fewer, more; even sides, unequal ones, none.
SHAPES = (
    (3, 3, 4, 4),
    (3, 3, 3, 6),
    (3, 3, 6, 3),
    (3, 5, 2, 6),
    (5, 3, 7, 6),
    (2, 2, 4, 6),
    (4, 2, 3, 12),
    (1, 1, 5, 6),
)
GROUPS = (1, 2, 3, 4, 6)
# Of the matrix: taller than wide, square, wider than tall.
ORTHOGONAL = ((3, 3, 4, 6), (2, 3, 2, 12), (2, 2, 3, 20), (1, 1, 6, 4), (3, 5, 8, 8))


def dirac(shape: tuple[int, ...], groups: int) -> dict[str, Any]:
    """Where the ones of one kernel are, or what torch says against it."""
    weight = torch.full(_theirs(shape), torch.nan)
    entry: dict[str, Any] = {"shape": list(shape), "groups": groups}
    try:
        init.dirac_(weight, groups)
    except ValueError as error:
        return {**entry, "refused": str(error)}
    kernel = _ours(weight)
    if not np.isin(kernel, (0, 1)).all():
        raise RuntimeError("an entry is neither 0 nor 1")
    return {**entry, "ones": np.argwhere(kernel == 1).tolist()}


def orthogonal(shape: tuple[int, ...], gain: float) -> dict[str, Any]:
    """What holds of one kernel as a matrix."""
    torch.manual_seed(0)
    weight = torch.empty(_theirs(shape), dtype=torch.float64)
    init.orthogonal_(weight, gain)
    matrix = _ours(weight).reshape(-1, shape[-1])
    return {
        "shape": list(shape),
        "gain": gain,
        "orthonormal": tables.orthonormality(matrix, gain),
        "rms": tables.short(np.sqrt(np.mean(matrix**2))),
    }


def refused(call: str, *arguments: float) -> dict[str, str]:
    """What torch says of a kernel where it takes matrices alone."""
    try:
        getattr(init, call)(torch.empty(4, 4, 3, 3), *arguments)
    except ValueError as error:
        return {"call": call, "message": str(error)}
    raise RuntimeError(f"{call} takes a kernel")


def _theirs(shape: tuple[int, ...]) -> tuple[int, ...]:
    height, width, n_in, n_out = shape
    return n_out, n_in, height, width


def _ours(weight: torch.Tensor) -> np.ndarray:
    return weight.numpy().transpose(2, 3, 1, 0)


def main() -> None:
    """Rewrite kernels.json."""
    tables.write(
        "kernels",
        {
            **tables.document({"torch": torch.__version__}, COMMAND, NOTES),
            "dirac": [dirac(shape, groups) for shape in SHAPES for groups in GROUPS],
            "orthogonal": [orthogonal(shape, gain) for shape in ORTHOGONAL for gain in (1.0, 1.5)],
            "refused": [refused("eye_"), refused("sparse_", 0.5)],
        },
    )


if __name__ == "__main__":
    main()
