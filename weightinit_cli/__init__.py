"""winit: what a deep network does to its signal before any training."""

# No import: `python -m weightinit_cli` comes here while the current folder is searched, too.
TYPE_CHECKING = False

__version__ = "0.3.0"

if TYPE_CHECKING:
    from weightinit_cli.activations.registering import activation
    from weightinit_cli.conformity import Conformity, conform
    from weightinit_cli.errors import WinitError
    from weightinit_cli.experiments import run
    from weightinit_cli.experiments.calls import histogram, phase, predict
    from weightinit_cli.guard import CheckOutcome, check
    from weightinit_cli.initializers import Fans
    from weightinit_cli.initializers.own import initializer
    from weightinit_cli.page import report
    from weightinit_cli.parameters import Parameter
    from weightinit_cli.probing import probe
    from weightinit_cli.remedies import Remedy, fix
    from weightinit_cli.results import Compared, Result, compare, load_result
    from weightinit_cli.results.forecast import Forecast, PhaseDiagram
    from weightinit_cli.results.probe import ProbeResult
    from weightinit_cli.spec import Spec, expand, load_spec, spec_of

_HOMES = {
    "CheckOutcome": "weightinit_cli.guard",
    "Compared": "weightinit_cli.results",
    "Conformity": "weightinit_cli.conformity",
    "Fans": "weightinit_cli.initializers",
    "Forecast": "weightinit_cli.results.forecast",
    "Parameter": "weightinit_cli.parameters",
    "PhaseDiagram": "weightinit_cli.results.forecast",
    "ProbeResult": "weightinit_cli.results.probe",
    "Remedy": "weightinit_cli.remedies",
    "Result": "weightinit_cli.results",
    "Spec": "weightinit_cli.spec",
    "WinitError": "weightinit_cli.errors",
    "activation": "weightinit_cli.activations.registering",
    "check": "weightinit_cli.guard",
    "compare": "weightinit_cli.results",
    "conform": "weightinit_cli.conformity",
    "expand": "weightinit_cli.spec",
    "fix": "weightinit_cli.remedies",
    "histogram": "weightinit_cli.experiments.calls",
    "initializer": "weightinit_cli.initializers.own",
    "load_result": "weightinit_cli.results",
    "load_spec": "weightinit_cli.spec",
    "phase": "weightinit_cli.experiments.calls",
    "predict": "weightinit_cli.experiments.calls",
    "probe": "weightinit_cli.probing",
    "report": "weightinit_cli.page",
    "run": "weightinit_cli.experiments",
    "spec_of": "weightinit_cli.spec",
}

__all__ = [
    "CheckOutcome",
    "Compared",
    "Conformity",
    "Fans",
    "Forecast",
    "Parameter",
    "PhaseDiagram",
    "ProbeResult",
    "Remedy",
    "Result",
    "Spec",
    "WinitError",
    "activation",
    "check",
    "compare",
    "conform",
    "expand",
    "fix",
    "histogram",
    "initializer",
    "load_result",
    "load_spec",
    "phase",
    "predict",
    "probe",
    "report",
    "run",
    "spec_of",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
