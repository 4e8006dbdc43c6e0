"""What theory says of a spec's layers without a run."""

from __future__ import annotations

from math import isfinite, sqrt
from typing import TYPE_CHECKING

from weightinit_cli.experiments.build import build_network, build_request
from weightinit_cli.experiments.predict import GRADIENTS, theory_of, why_not_before_a_run
from weightinit_cli.experiments.resources import checksums_of, data_of
from weightinit_cli.experiments.shown import with_data
from weightinit_cli.results import LayerTheory, Prediction
from weightinit_cli.results.figures import FIGURES
from weightinit_cli.results.forecast import Forecast, Limits, PowerLaw, PowerLaws
from weightinit_cli.spec import digest, normal_form
from weightinit_cli.theory import UnresolvedError, power_laws
from weightinit_cli.theory.blocks import Stream, enter, leave
from weightinit_cli.theory.fixed_points import (
    LONGEST,
    limits,
    normalized_limits,
    normalized_variance,
)
from weightinit_cli.theory.predictions import LARGEST

if TYPE_CHECKING:
    from weightinit_cli.experiments.predict import NetworkTheory
    from weightinit_cli.spec import Spec

# Layers; a shorter depth scale is a slope of 0 (1e-9).
SHORTEST = 0.048
OF_STREAMS = (
    "a stream keeps what every block has added to it, so that no layer tells where it goes from "
    "there; the table of a deeper network does"
)

OF_NORMALIZED_SUMS = (
    "each block brings the stream back to the same size; where the correlation of two inputs "
    "goes, the table of a deeper network tells"
)


def forecast(spec: Spec, *, with_errors: bool) -> Forecast:
    """What mean-field theory predicts of every layer, and of ever more of them.

    Raises SpecError where the spec asks theory for a number that does not exist, WinitError where
    its inputs cannot be read.
    """
    network = with_data(spec, build_network(spec))
    theory = theory_of(
        network,
        spec.activations,
        build_request(spec),
        why_not_before_a_run(spec),
        with_errors=with_errors,
    )
    tend, no_limits = _limits(theory, spec.layers)
    layers = _layers(theory, with_gradient=spec.backward)
    return Forecast(
        name=spec.name,
        spec=normal_form(spec),
        digest=digest(spec, checksums_of(spec) if data_of(spec) else None),
        layers=layers[: spec.layers],
        limits=tend,
        no_theory=theory.why_not,
        no_more=_why_they_end(theory),
        no_limits=no_limits,
        overrides=spec.overrides,
        logits=next(iter(layers[spec.layers :]), None),
        loss=theory.loss
        and Prediction(theory.loss.loss.mean, theory.loss.standard_error, None, theory.loss.no_z),
    )


def _layers(theory: NetworkTheory, *, with_gradient: bool) -> tuple[LayerTheory, ...]:
    """The predictions of every layer, those of logits the last."""
    return tuple(
        LayerTheory(
            q=layer.q,
            one_minus_c=layer.d,
            figures={
                path: Prediction(value, errors.get(path), None)
                for path, value in layer.figures.items()
                if with_gradient or FIGURES[path].unit not in GRADIENTS
            },
            histogram=(),
        )
        for layer, errors in zip(theory.layers, theory.errors, strict=True)
    )


def _why_they_end(theory: NetworkTheory) -> str | None:
    """Why the predictions end before the last layer; None where they don't, or there are none."""
    layers, scales = theory.layers, theory.scales
    if len(layers) == len(scales):
        return None
    x = layers[-1].left.stream if layers else theory.inputs.stream
    scale, e = scales[len(layers)], theory.expectations[len(layers)]
    q = enter(scale, x, theory.samples).z.square
    moments = e.moments(q) if q < LARGEST else None
    if moments is None or max(moments.square, moments.slope_square) >= LARGEST:
        return "too large to be computed"
    phi = Stream(moments.square, moments.square, 0.0, moments.mean)
    if leave(scale.branch, x, phi, theory.samples).largest >= LARGEST:
        return "too large to be computed"
    return f"the activation cannot be followed at a variance of {q:.3g}"


def _limits(theory: NetworkTheory, layers: int) -> tuple[Limits | None, str | None]:
    """Where q and c go over ever more layers like the last, or why theory does not know it."""
    if theory.why_not is not None:
        return None, None
    last, e = theory.scales[layers - 1], theory.expectations[layers - 1]
    sigma_w2 = last.sigma_w2
    if last.branch is not None:
        return None, OF_STREAMS if last.branch.after is None else OF_NORMALIZED_SUMS
    if last.normalization is not None:
        variance = normalized_variance(e, sigma_w2, last.bias_variance, last.normalization)
        if variance is None:
            return None, "the variance is so small that what the normalization adds to it counts"
        sigma_w2 /= variance
        tend = normalized_limits(e, sigma_w2, last.normalization)
    else:
        try:
            tend = limits(e, sigma_w2, last.bias_variance)
        except UnresolvedError as error:
            return None, f"the variance grows, and the activation is not known there: {error}"
    found = Limits(
        sigma_w=_finite(sqrt(last.sigma_w2)),
        sigma_b=_finite(sqrt(last.bias_variance)),
        sentence=tend.sentence(),
        q=_finite(tend.q),
        xi_q=_depth_scale(tend.xi_q),
        chi_1=_finite(tend.chi_1),
        chi_1_varies=tend.varies,
        late=tend.late,
        xi_gradient=_depth_scale(tend.xi_gradient),
        c=_finite(tend.c),
        one_minus_c=_finite(tend.d),
        xi_c=_depth_scale(tend.xi_c),
        critical=_power_laws(power_laws.laws(e, sigma_w2, tend)),
    )
    return found, None


def _power_laws(laws: power_laws.PowerLaws | None) -> PowerLaws | None:
    if laws is None:
        return None
    q, d, gradient = (law and PowerLaw(*law) for law in (laws.q, laws.d, laws.gradient))
    return PowerLaws(laws.sentence(), q, d, gradient)


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _depth_scale(layers: float | None) -> float | None:
    """A depth scale; None where it is infinite, 0 where all changes within one layer."""
    if layers is None or layers >= LONGEST:
        return None
    return layers if layers > SHORTEST else 0.0
