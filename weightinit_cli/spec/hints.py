"""What people mean by words that a spec does not have: those of torch, Keras and scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.spec.components import activations, initializers
from weightinit_cli.spec.kinds import TABLES
from weightinit_cli.spec.values import near_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.spec.values import Field

# The key that is meant, or where an experiment lacks it the next one.
KEYS = {
    **dict.fromkeys(("depth", "num_layers", "n_layers", "hidden_layers"), ("layers",)),
    **dict.fromkeys(("units", "neurons", "nodes", "num_units", "n_units"), ("width",)),
    **dict.fromkeys(("hidden", "hidden_size", "hidden_units", "hidden_dim", "fan_out"), ("width",)),
    **dict.fromkeys(("input_size", "input_dim", "in_features", "fan_in"), ("features",)),
    **dict.fromkeys(("nonlinearity", "act", "act_fn"), ("activation",)),
    **dict.fromkeys(("init", "weight_init", "weights", "kernel_initializer"), ("initializer",)),
    **dict.fromkeys(("bias_initializer", "bias_init", "use_bias", "biases"), ("bias",)),
    **dict.fromkeys(("batch_size", "minibatch"), ("batch", "samples")),
    **dict.fromkeys(("n_samples", "num_samples", "n"), ("samples",)),
    **dict.fromkeys(("lr", "eta", "step_size"), ("learning_rate",)),
    **dict.fromkeys(("epochs", "iterations", "iters", "n_steps"), ("steps",)),
    **dict.fromkeys(("dataset", "data_set", "task"), ("data",)),
    **dict.fromkeys(("random_state", "rng", "random_seed"), ("seed",)),
    **dict.fromkeys(("precision", "float"), ("dtype",)),
    **dict.fromkeys(("runs", "n_runs", "trials", "networks"), ("repeats",)),
    **dict.fromkeys(("filters", "out_channels"), ("channels",)),
    **dict.fromkeys(("grid", "sweeps"), ("sweep",)),
}
NOT_YET = {
    *("layer_norm", "layernorm", "batch_norm", "batchnorm", "rms_norm", "norm", "normalization"),
    *("dropout", "residual", "skip", "attention", "output", "inputs", "loss"),
    *("optimizer", "weight_decay", "regularization", "groups", "dilation"),
}


def hint(key: str, fields: Mapping[str, Field]) -> str:
    """What to say of a key that a spec does not have, after `unknown key`."""
    word = _word(key)
    meant = [name for name in KEYS.get(word, ()) if name in fields]
    if meant:
        return f"; did you mean {meant[0]!r}?"
    if word in NOT_YET:
        return "; there is no such key yet"
    other = KEYS.get(word, (word,))[0]
    others = _experiments_with(other)
    if others and word not in fields:
        kind = "experiments" if len(others) > 1 else "experiment"
        where = f"a key of the {kind} {' and '.join(others)}"
        return f"; it is {where}" if other == word else f"; did you mean {other!r}, {where}?"
    for group in fields.values():
        if any(inner.name == word for inner in group.type.fields):
            return f"; it belongs to {group.name}: {group.name}: {{{word}: ...}}"
    if example := _parameter(word):
        return f"; it is a parameter, for example {example}"
    return near_key(key, fields)


def _parameter(word: str) -> str:
    """How the parameter of this name is written, if there is one, where it is required."""
    found: dict[bool, str] = {}
    for key, options in (("initializer", initializers()), ("activation", activations())):
        for option in options.values():
            for parameter in option.parameters:
                if parameter.name == word and len(word) > 1:
                    example = f"{key}: {{name: {option.name}, {word}: ...}}"
                    found.setdefault(parameter.required, example)
    return found.get(True) or found.get(False, "")


def _experiments_with(key: str) -> list[str]:
    return [name for name, fields in TABLES.items() if any(field.name == key for field in fields)]


def _word(text: str) -> str:
    return text.casefold().replace("-", "_").replace(" ", "_")
