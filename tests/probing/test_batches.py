"""What a model is called with in Python, and what is said of it where that cannot be."""

from __future__ import annotations

import pytest

from weightinit_cli.errors import WinitError

torch = pytest.importorskip("torch")

from weightinit_cli import probe  # noqa: E402


class Masked(torch.nn.Linear):
    def __init__(self) -> None:
        super().__init__(10, 3)

    def forward(self, x, mask=None, scale=1.0):
        out = super().forward(x)
        return out * scale if mask is None else out + mask


def test_none_is_handed_on_as_none():
    x = torch.ones(4, 10)
    for batch in ((x, None, 2.0), {"x": x, "mask": None}):  # a mask would be added
        assert [each.operation for each in probe(Masked, batch).values] == ["linear", "mul"]


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (torch.ones(0, 10), "the input has shape 0,10: there is nothing in it"),
        (lambda: torch.ones(4, 0), "the input has shape 4,0: there is nothing in it"),
        (5, "given no tensor"),
        (None, "given no tensor"),
    ],
)
def test_what_holds_nothing(batch: object, message: str):
    with pytest.raises(WinitError, match=message):
        probe(Masked, batch)


def test_a_loss_that_wants_labels_is_told_what_it_is_called_with():
    said = "--loss CrossEntropyLoss, called with the model's output and the batch: "
    with pytest.raises(WinitError, match=said):
        probe(Masked, torch.ones(4, 10), loss=torch.nn.CrossEntropyLoss())
    with pytest.raises(WinitError, match="is None: a tensor is needed"):
        probe(Masked, torch.ones(4, 10), loss=lambda output, batch: None)


def test_what_a_forward_takes_is_told_as_it_is_written():
    for batch in ({"y": torch.ones(4, 10)}, tuple(torch.ones(4, 10) for _ in range(4))):
        with pytest.raises(WinitError) as raised:
            probe(Masked, batch)
        assert raised.value.lines[2] == "  its forward takes x, mask=None, scale=1.0"
