"""What is known of every tensor of a run: the values that it hands on, and whence it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from torch.utils.weak import WeakTensorKeyDictionary

from weightinit_cli.probing.pytorch import operations as ops

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import torch


class Mark(NamedTuple):
    """What is known of a tensor: the values that it hands on, and whence it comes.

    `names` are parameters that it is, or is a part of; `inputs` says whether it depends on the
    model's inputs, `numbers` whether on any that are no integers. `rows` is how many rows it makes,
    or has, where the inputs are on the second axis and both are laid into one.
    """

    places: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    inputs: bool = False
    numbers: bool = False
    rows: int = 0

    @property
    def is_known(self) -> bool:
        """Whether it comes from parameters or from inputs, other than by their integers."""
        return bool(self.places or self.names or self.numbers)


# That of a tensor that no operation was seen to make.
UNSEEN = Mark()


class Call(NamedTuple):
    """An operation on its way: what it is called, what it is given, and the marks of that."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    given: list[torch.Tensor]
    marks: list[Mark]

    @property
    def mark(self) -> Mark:
        """What all that it is given hands on together, without what it is only made like."""
        return together(self.marks[:1] if self.name in ops.LIKE_ANOTHER else self.marks)


class Marks:
    """The marks of tensors, for as long as these are there; nothing is left on a tensor itself."""

    def __init__(self, parameters: Mapping[str, torch.Tensor], batch: int) -> None:
        self._names = {id(each): name for name, each in parameters.items()}
        self._batch = batch
        self._marks: Any = WeakTensorKeyDictionary()

    def begin(self, inputs: Iterable[torch.Tensor]) -> None:
        """Mark the inputs."""
        for each in inputs:
            self._marks[each] = Mark(inputs=True, numbers=each.is_floating_point())

    def of(self, tensor: torch.Tensor) -> Mark:
        """What is known of a tensor, or of a parameter."""
        name = self._names.get(id(tensor))
        found: Mark = self._marks.get(tensor, UNSEEN) if name is None else Mark(names=(name,))
        return found

    def hand_on(self, tensor: torch.Tensor, mark: Mark, *, in_place: bool) -> None:
        """Mark a tensor, and what it looks at where that was changed through it."""
        if id(tensor) in self._names:
            return
        mark = mark._replace(rows=self._rows(tensor, mark))
        self._marks[tensor] = mark
        base = tensor._base
        if in_place and base is not None and id(base) not in self._names:
            whole = base.numel() == tensor.numel()
            self._marks[base] = mark if whole else together([mark, self.of(base)])

    def _rows(self, tensor: torch.Tensor, mark: Mark) -> int:
        if tensor.is_nested:
            return 0
        if tensor.dim() > 1 and tensor.shape[1] == self._batch != tensor.shape[0]:
            return int(tensor.shape[0]) * self._batch
        return mark.rows if tensor.dim() and tensor.shape[0] == mark.rows else 0


def together(marks: Iterable[Mark]) -> Mark:
    """What several tensors hand on together."""
    marks = list(marks)
    return Mark(
        tuple(sorted({place for mark in marks for place in mark.places})),
        tuple(dict.fromkeys(name for mark in marks for name in mark.names)),
        any(mark.inputs for mark in marks),
        any(mark.numbers for mark in marks),
        max(mark.rows for mark in marks),
    )


def root_of(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor whose memory it looks at."""
    return tensor if tensor._base is None else tensor._base
