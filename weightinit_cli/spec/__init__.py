"""Specs: text -> frozen, checked Spec."""

from weightinit_cli.spec.given import (
    ActivationLike,
    SpecLike,
    activation_of,
    expand,
    one_run_of,
    spec_of,
)
from weightinit_cli.spec.keys import json_schema, short_template, template
from weightinit_cli.spec.kinds import AnySpec, Spec, SymmetrySpec, TrainingSpec
from weightinit_cli.spec.layers import different, initializers_of_weights
from weightinit_cli.spec.load import (
    STDIN,
    default_name,
    find_config,
    load_spec,
    parse_activation,
    parse_initializer,
    parse_spec,
    shadowed,
    shipped_configs,
    spec_from_normal_form,
)
from weightinit_cli.spec.model import (
    Component,
    Experiment,
    Histogram,
    Output,
    PerLayer,
    Pretraining,
    Residual,
)
from weightinit_cli.spec.names import folded
from weightinit_cli.spec.normal import digest, former_folders, normal_form
from weightinit_cli.spec.validate import notes
from weightinit_cli.spec.written import (
    as_written,
    per_layer,
    written_per_layer,
    yaml_lines,
    yaml_text,
)

__all__ = [
    "STDIN",
    "ActivationLike",
    "AnySpec",
    "Component",
    "Experiment",
    "Histogram",
    "Output",
    "PerLayer",
    "Pretraining",
    "Residual",
    "Spec",
    "SpecLike",
    "SymmetrySpec",
    "TrainingSpec",
    "activation_of",
    "as_written",
    "default_name",
    "different",
    "digest",
    "expand",
    "find_config",
    "folded",
    "former_folders",
    "initializers_of_weights",
    "json_schema",
    "load_spec",
    "normal_form",
    "notes",
    "one_run_of",
    "parse_activation",
    "parse_initializer",
    "parse_spec",
    "per_layer",
    "shadowed",
    "shipped_configs",
    "short_template",
    "spec_from_normal_form",
    "spec_of",
    "template",
    "written_per_layer",
    "yaml_lines",
    "yaml_text",
]
