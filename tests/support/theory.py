"""Theory of networks whose layers all have one activation."""

from __future__ import annotations

from weightinit_cli.theory import predict, shifts, standard_errors

NO_ENDS = (None, None)


def predict_alike(e, scales, samples, ends=NO_ENDS):
    """The predictions where the expectations, and the ends, are those of every layer."""
    return predict([e] * len(scales), scales, samples, [ends] * len(scales))


def errors_alike(e, scales, predictions, samples, ends=NO_ENDS):
    """The standard errors of such predictions."""
    activations, ends = [e.activation] * len(scales), [ends] * len(scales)
    return standard_errors(activations, scales, predictions, samples, ends)


def shifts_alike(e, scales, predictions, errors, samples, ends=NO_ENDS):
    """The shifts of such predictions."""
    activations, ends = [e.activation] * len(scales), [ends] * len(scales)
    return shifts(activations, scales, predictions, errors, samples, ends)
