"""The table of initializers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from weightinit_cli.initializers import schemes
from weightinit_cli.initializers.samplers import LAWS, Sampler
from weightinit_cli.parameters import Parameter
from weightinit_cli.plugins import Table

if TYPE_CHECKING:
    from collections.abc import Callable


class Initializer(NamedTuple):
    """One row: how it is built, what it takes, its standard deviation and where it comes from.

    `std` is the formula of an entry's standard deviation, with `out` the units or, of a kernel, the
    output channels; `convention` the library whose name and behaviour it bears; `reference` the
    paper. `needs_fans`: makes no sense for a vector.

    `only` is the one shape that it makes sense for, "matrix" or "kernel", and `instead` the row
    for the other; both are empty where it takes either. `centre` says which index of a kernel's
    side of a given length it takes for the middle.

    `default_bias` names the initializer that the biases have unless the spec says otherwise;
    `build_bias` builds a bias of shape (fan_out,) from the layer's fans, where the row can.
    `activation` is the one it is made for, whose parameters `build` takes, too; `theory` names
    the number that `build` takes and theory computes for the spec's activation. `data_dependent`:
    `build` gives a start, whose scale is then found layer by layer on what the network sees.
    `source` is the package or the file of a plug-in's row.
    """

    build: Callable[..., Sampler]
    std: str
    convention: str
    reference: str = ""
    parameters: tuple[Parameter, ...] = ()
    needs_fans: bool = False
    default_bias: str = "zeros"
    build_bias: Callable[..., Sampler] | None = None
    activation: str = ""
    theory: str = ""
    only: Literal["", "matrix", "kernel"] = ""
    instead: str = ""
    centre: Callable[[int], int] | None = None
    data_dependent: bool = False
    source: str = ""

    @property
    def doc(self) -> str:
        """The initializer in one line: the first of its function's docstring."""
        return (self.build.__doc__ or "").partition("\n")[0]


_MEAN = Parameter("mean", "mean of the entries", 0.0)
_STD = Parameter("std", "standard deviation of the normal", minimum=0)
_LARGEST = 1e100
AUTO: Final = "auto"
_GAIN = Parameter(
    "gain",
    "multiplies the standard deviation; auto: 1 / sqrt(E[φ²]), 1 in layer 1",
    1.0,
    minimum=0,
    maximum=_LARGEST,
    words=(AUTO,),
)
_MODE = Parameter(
    "mode", "which fan the variance is divided by", choices=("fan_in", "fan_out", "fan_avg")
)
_KAIMING = (
    Parameter("mode", "which fan is kept", "fan_in", choices=("fan_in", "fan_out")),
    Parameter(
        "gain",
        "instead of sqrt(2 / (1 + negative_slope²)); auto: 1 / sqrt(E[φ²]), 1 in layer 1",
        None,
        minimum=0,
        maximum=_LARGEST,
        words=(AUTO,),
    ),
    Parameter(
        "negative_slope",
        "of the leaky ReLU that the gain is made for, else 0",
        None,
        minimum=-_LARGEST,
        maximum=_LARGEST,
    ),
)
_GLOROT = "Glorot & Bengio 2010"
_HE = "He et al. 2015 (arXiv:1502.01852)"
_LECUN = "LeCun et al. 1998, Efficient BackProp"

_ROWS: Final[dict[str, Initializer]] = {
    "zeros": Initializer(schemes.zeros, "0", "Keras, torch, JAX"),
    "ones": Initializer(schemes.ones, "0", "Keras, torch, JAX"),
    "constant": Initializer(
        schemes.constant,
        "0",
        "Keras, torch, JAX",
        parameters=(Parameter("value", "value of every entry"),),
    ),
    "normal": Initializer(schemes.normal, "std", "Keras, torch, JAX", parameters=(_STD, _MEAN)),
    "uniform": Initializer(
        schemes.uniform,
        "(high - low) / sqrt(12)",
        "Keras, torch, JAX",
        parameters=(Parameter("low", "lower end"), Parameter("high", "upper end")),
    ),
    "truncated_normal": Initializer(
        schemes.truncated_normal,
        "0.8796 std",
        "Keras, JAX (not corrected)",
        parameters=(_STD, _MEAN),
    ),
    "variance_scaling": Initializer(
        schemes.variance_scaling,
        "sqrt(scale / n), n by mode",
        "JAX",
        f"{_HE}, generalised by Keras and JAX; Keras calls our normal untruncated_normal",
        parameters=(
            Parameter("scale", "multiplies the variance", above=0),
            _MODE,
            Parameter("distribution", "law of the entries", choices=tuple(LAWS)),
        ),
        needs_fans=True,
    ),
    "lecun_normal": Initializer(
        schemes.lecun_normal, "sqrt(1 / fan_in)", "Keras (truncated)", _LECUN, needs_fans=True
    ),
    "lecun_uniform": Initializer(
        schemes.lecun_uniform, "sqrt(1 / fan_in)", "Keras", _LECUN, needs_fans=True
    ),
    "glorot_normal": Initializer(
        schemes.glorot_normal,
        "sqrt(2 / (fan_in + fan_out))",
        "Keras (truncated)",
        _GLOROT,
        needs_fans=True,
    ),
    "xavier_normal": Initializer(
        schemes.xavier_normal,
        "gain sqrt(2 / (fan_in + fan_out))",
        "torch (plain)",
        _GLOROT,
        parameters=(_GAIN,),
        needs_fans=True,
    ),
    "xavier_uniform": Initializer(
        schemes.xavier_uniform,
        "gain sqrt(2 / (fan_in + fan_out))",
        "torch",
        _GLOROT,
        parameters=(_GAIN,),
        needs_fans=True,
    ),
    "he_normal": Initializer(
        schemes.he_normal, "sqrt(2 / fan_in)", "Keras (truncated)", _HE, needs_fans=True
    ),
    "he_uniform": Initializer(
        schemes.he_uniform, "sqrt(2 / fan_in)", "Keras", _HE, needs_fans=True
    ),
    "kaiming_normal": Initializer(
        schemes.kaiming_normal,
        "gain / sqrt(fan)",
        "torch (plain)",
        _HE,
        parameters=_KAIMING,
        needs_fans=True,
    ),
    "kaiming_uniform": Initializer(
        schemes.kaiming_uniform,
        "gain / sqrt(fan)",
        "torch",
        _HE,
        parameters=_KAIMING,
        needs_fans=True,
    ),
    "critical": Initializer(
        schemes.critical,
        "sigma_w / sqrt(fan_in), sigma_w where chi_1 = 1",
        "winit",
        "Schoenholz et al. 2017 (arXiv:1611.01232), section 3; for the sigma_b of the biases",
        needs_fans=True,
        theory="sigma_w",
    ),
    "torch_linear": Initializer(
        schemes.torch_linear,
        "sqrt(1 / (3 fan_in))",
        "torch (its default)",
        needs_fans=True,
        default_bias="torch_linear",
        build_bias=schemes.torch_linear,
    ),
    "sparse": Initializer(
        schemes.sparse,
        "std sqrt(1 - sparsity)",
        "torch",
        "Martens 2010",
        parameters=(
            Parameter("sparsity", "zero share of each input's weights", minimum=0, maximum=1),
            Parameter("std", "of the other weights", 0.01, minimum=0),
        ),
        needs_fans=True,
    ),
    "siren": Initializer(
        schemes.siren,
        "sqrt(2 / fan_in) / omega; 1 / (sqrt(3) fan_in) in layer 1",
        "the authors' code",
        "Sitzmann et al. 2020 (arXiv:2006.09661); takes omega from the activation sin",
        needs_fans=True,
        default_bias="torch_linear",
        activation="sin",
    ),
    "nguyen_widrow": Initializer(
        schemes.nguyen_widrow,
        "0.7 out^(1 / fan_in) / sqrt(fan_in)",
        "the paper",
        "Nguyen & Widrow 1990; for inputs in [-1, 1]",
        needs_fans=True,
        default_bias="nguyen_widrow",
        build_bias=schemes.nguyen_widrow_bias,
    ),
    "orthogonal": Initializer(
        schemes.orthogonal,
        "gain / sqrt(max(fan_in, out))",
        "Keras, torch",
        "Saxe et al. 2014 (arXiv:1312.6120)",
        parameters=(_GAIN,),
        needs_fans=True,
    ),
    "delta_orthogonal": Initializer(
        schemes.delta_orthogonal,
        "gain / sqrt(fan_out)",
        "JAX",
        "Xiao et al. 2018 (arXiv:1806.05393); for kernels, (height, width, in, out), in <= out",
        parameters=(_GAIN,),
        needs_fans=True,
        only="kernel",
        instead="orthogonal",
        centre=schemes.lower_centre,
    ),
    "lsuv": Initializer(
        schemes.lsuv,
        "s / sqrt(max(fan_in, out)), s by the data",
        "the authors' code",
        "Mishkin & Matas 2016 (arXiv:1511.06422); the tolerance is that of their code for Keras",
        parameters=(Parameter("tolerance", "how far from 1 the variance may stay", 0.1, above=0),),
        needs_fans=True,
        data_dependent=True,
    ),
    "identity": Initializer(
        schemes.identity,
        "gain sqrt(p (1 - p)), p = 1 / max(fan_in, fan_out)",
        "Keras; torch's eye",
        "Le et al. 2015 (arXiv:1504.00941); for matrices",
        parameters=(_GAIN,),
        needs_fans=True,
        only="matrix",
        instead="dirac",
    ),
    "dirac": Initializer(
        schemes.dirac,
        "sqrt(p (1 - p)), p = min(1 / fan_in, groups / fan_out)",
        "torch",
        "for kernels, (height, width, in, out)",
        parameters=(
            Parameter("groups", "of output channels, all alike", 1, minimum=1, integer=True),
        ),
        needs_fans=True,
        only="kernel",
        instead="identity",
        centre=schemes.upper_centre,
    ),
}

# Other names of entries, and those among them that take no parameters.
ALIASES: Final = {
    "random_normal": "normal",
    "random_uniform": "uniform",
    "glorot_uniform": "xavier_uniform",
    "eye": "identity",
}
BARE_ALIASES: Final = frozenset({"glorot_uniform", "eye"})

INITIALIZERS: Final = Table("initializer", _ROWS, ALIASES)
