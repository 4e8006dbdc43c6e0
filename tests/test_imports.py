"""The walls of the design (section 2): who may import whom, and who may speak."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import weightinit_cli

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(weightinit_cli.__file__).parent
OURS = "weightinit_cli"

# What each part may import of ours: the picture of the design. `init` is the package itself,
# of which others take `__version__` alone.
ALLOWED: dict[str, set[str]] = {
    "init": set(),  # lazy, by names in a table
    "__main__": {"cli", "imports"},
    "imports": set(),  # whence modules come, in every process of winit
    "errors": set(),
    "parameters": set(),
    "precision": set(),  # the types of numbers
    "progress": set(),
    "reading": set(),  # files of any kind and size, for whoever reads one
    "streams": set(),
    "convolution": set(),
    "numerals": set(),  # numbers in print
    "lines": set(),  # lines of text that fit a terminal
    "digests": set(),
    "machine": set(),
    "ci": {"errors"},  # what CI systems show, of runs and of checks
    "sources": {"errors"},  # a person's code: loading it, and what is wrong with it
    "plugins": {"sources"},  # how rows of others come into the tables
    "initializers": {"parameters", "plugins", "sources", "errors"},
    "activations": {"parameters", "plugins", "sources"},
    "expected": {"initializers"},  # what laws say of draws, for whoever judges some
    "network": {"initializers", "activations", "streams", "convolution", "precision"},
    "theory": {"activations", "numerals"},
    "data": {"errors", "machine", "reading"},
    "spec": {  # data sets' names: from the one table that has them
        "initializers", "activations", "data", "errors", "parameters", "convolution",
        "reading", "digests", "sources", "precision",
    },
    # A result holds the normal form of its spec, and spec alone knows what may stand in one.
    "results": {
        "init", "spec", "errors", "convolution", "reading", "digests", "numerals", "lines",
    },
    "verdicts": {"results", "parameters", "numerals"},
    "plots": {"results", "errors", "machine", "numerals"},
    # A check finds specs as a batch does, and has its processes do the runs; an initializer's
    # table knows the law of its draws.
    "guard": {
        "experiments", "spec", "initializers", "expected", "results", "saving", "errors",
        "progress", "batch", "machine", "plugins", "ci", "precision",
    },
    # Where a person's code stands: file.py:name.
    "targets": {"spec", "errors", "sources"},
    # A person's own model: it has no spec, and its framework in place of our network; what counts
    # and sums arrays is the network's.
    "probing": {
        "init", "spec", "initializers", "activations", "expected", "network", "results", "verdicts",
        "errors", "streams", "digests", "numerals", "machine", "reading", "sources", "parameters",
        "targets",
    },
    # A person's initializer, held to the table's laws by its draws alone.
    "conformity": {
        "spec", "initializers", "expected", "errors", "sources", "parameters", "lines", "targets",
    },
    # What tests of others import.
    "testing": {"conformity", "experiments", "results", "verdicts", "spec", "errors"},
    "saving": {"plots", "results", "errors"},  # a single run, a batch and a check save alike
    "experiments": {
        "init", "spec", "initializers", "activations", "network", "theory", "streams", "results",
        "verdicts", "data", "errors", "machine", "progress", "parameters",
        "sources", "precision",
    },
    "remedies": {"experiments", "spec", "initializers", "results", "errors", "progress"},
    # A start in another library's lines: what theory and the tables say of it, in plain numbers.
    "snippets": {"spec", "initializers", "experiments", "results", "errors"},
    "batch": {
        "init", "spec", "experiments", "results", "plots", "saving", "errors", "machine",
        "imports", "plugins",
    },
    # A page shows what results and pictures say; a batch's executors read and draw many.
    "page": {"init", "results", "plots", "spec", "batch", "errors", "numerals", "reading"},
    "cli": {
        "page",
        "probing",
        "init", "spec", "initializers", "activations", "parameters", "experiments", "results",
        "verdicts", "guard", "plots", "saving", "batch", "remedies", "data", "errors", "reading",
        "numerals", "lines", "progress", "snippets", "plugins", "ci", "conformity", "targets",
    },
}  # fmt: skip

# An arrow against the picture, each with its reason.
EXCEPTIONS = {
    # A result draws itself: a notebook asks the object, nobody else. The imports stand inside the
    # methods, so reading a result still loads no matplotlib.
    ("results.drawn", "plots", "_repr_png_"),
    ("results.drawn", "plots", "figure"),
    # A result says what it is, as a table of it or as files: the object is asked, as above.
    ("results.drawn", "results", "_told"),
    ("results.drawn", "results", "to_frame"),
    ("results.drawn", "saving", "save"),
}

# Libraries that cost time or power to have, and the one place that has them.
HOMES = {
    "click": {"cli"},
    "yaml": {"spec"},
    "matplotlib": {"plots"},
    "PIL": {"plots"},
    "scipy": {"activations", "expected", "theory", "guard", "conformity"},
    "threadpoolctl": {"network"},
    "ml_dtypes": {"network"},
    "psutil": {"machine"},
    "distributed": {"batch"},
    "torch": {"probing", "conformity"},
    "pandas": {"results"},
    "jinja2": {"page"},
    "markupsafe": {"page"},
    "sklearn": {"data"},
}
# A result is read, shown and refused without arrays; the spec itself does no arithmetic on them
# (the tables that it reads do).
WITHOUT_NUMPY = {
    "init", "__main__", "errors", "parameters", "precision", "reading", "spec", "results",
    "verdicts", "cli", "batch", "machine", "saving", "page",
}  # fmt: skip


@dataclass(frozen=True)
class Import:
    """One import: in which module, of what, and inside which function (empty at the top)."""

    module: str
    name: str
    function: str
    line: int

    @property
    def part(self) -> str:
        return part_of(self.module)

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}: {self.part} must not import {self.name}"


def part_of(module: str) -> str:
    return module.partition(".")[0] or "init"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Finder(ast.NodeVisitor):
    """Every import of a module at run time, also inside functions; TYPE_CHECKING's do not count."""

    def __init__(self, module: str, *, package: bool) -> None:
        self.module, self.package = module, package
        self.function = ""
        self.found: list[Import] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self.function = self.function, node.name
        self.generic_visit(node)
        self.function = outer

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]  # noqa: N815

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for other in node.orelse:
                self.visit(other)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            place = [OURS, *filter(None, self.module.split("."))]
            place = place[: len(place) - node.level + self.package]
            base = ".".join([*place, *filter(None, [base])])
        for alias in node.names:
            whole = base.partition(".")[0] in (OURS, "matplotlib")
            self._add(f"{base}.{alias.name}" if whole else base, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func)
        if called.split(".")[-1] in ("import_module", "__import__"):
            argument = node.args[0] if node.args else None
            known = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            self._add(argument.value if known else "(a computed name)", node.lineno)  # type: ignore[union-attr]
        self.generic_visit(node)

    def _add(self, name: str, line: int) -> None:
        self.found.append(Import(self.module, name, self.function, line))


def imports(source: str, module: str, *, package: bool = False) -> list[Import]:
    finder = Finder(module, package=package)
    finder.visit(ast.parse(source))
    return finder.found


def our_part(name: str) -> str | None:
    """The part of ours that is imported, None for anybody else's module."""
    if name != OURS and not name.startswith(f"{OURS}."):
        return None
    part = name.removeprefix(OURS).removeprefix(".").partition(".")[0]
    known = (ROOT / part).is_dir() or (ROOT / f"{part}.py").is_file() or part in ALLOWED
    return part if part and known else "init"


def excepted(found: Import) -> bool:
    return (found.module, our_part(found.name), found.function) in EXCEPTIONS


def against(found: Import) -> bool:
    """Whether an import goes against the picture."""
    part = our_part(found.name)
    if part is not None:
        if part == found.part or excepted(found):
            return False
        return part not in ALLOWED[found.part]
    if found.name == "(a computed name)":
        # The public names, the commands, what is named like an experiment, and a person's module.
        modules = ("experiments", "plots.pictures", "targets")
        return found.part not in ("init", "cli") and found.module not in modules
    top = found.name.partition(".")[0]
    if top == "numpy" and found.part in WITHOUT_NUMPY:
        return True
    return top in HOMES and found.part not in HOMES[top]


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
TEXTS = {name: path.read_text("utf-8") for name, path in MODULES.items()}
FOUND = {
    name: imports(text, name, package=MODULES[name].name == "__init__.py")
    for name, text in TEXTS.items()
}

ALL = [found for module in FOUND.values() for found in module]


PARTS = sorted({part_of(module) for module in MODULES})


@pytest.mark.parametrize("part", PARTS)
def test_arrows_follow_the_picture(part: str):
    assert part in ALLOWED, "a new part: give it its place in ALLOWED, with a reason"
    assert [str(found) for found in ALL if found.part == part and against(found)] == []


def stars(source: str) -> list[int]:
    """The lines that import every name of a module."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]


def test_never_pyplot_and_no_star():
    assert [str(found) for found in ALL if "pyplot" in found.name] == []
    assert {name: lines for name, text in TEXTS.items() if (lines := stars(text))} == {}


SPEAKING = {
    "print", "input", "exit", "quit", "breakpoint", "sys.exit", "os._exit", "click.echo",
    "sys.stdout.write", "sys.stderr.write", "warnings.warn", "traceback.print_exc",
}  # fmt: skip


def speaking(source: str) -> list[str]:
    """Calls that print or exit, and every use of the standard streams."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SPEAKING:
            found.append(f"line {node.lineno}: {ast.unparse(node.func)}")
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


def test_only_the_command_line_prints_or_exits():
    found = {
        name: calls
        for name, text in TEXTS.items()
        if part_of(name) not in ("cli", "__main__") and (calls := speaking(text))
    }
    assert found == {}


def test_nothing_imports_the_command_line():
    users = {found.part for found in ALL if our_part(found.name) == "cli"} - {"cli"}
    assert users == {"__main__"}


def test_public_names_are_lazy():
    """Importing the package imports nothing of ours; its names have a home that may be imported."""
    assert {found.name for found in FOUND[""] if not found.function} <= {"__future__", "typing"}
    assert set(weightinit_cli._HOMES) == set(weightinit_cli.__all__)
    assert {our_part(home) for home in weightinit_cli._HOMES.values()} <= set(ALLOWED)


def test_every_arrow_of_the_picture_is_taken():
    taken = {part: {our_part(found.name) for found in ALL if found.part == part} for part in PARTS}
    unused = {part: allowed - taken[part] for part, allowed in ALLOWED.items()}
    assert {part: arrows for part, arrows in unused.items() if arrows} == {}


ENGINE = "plots.engine"


def test_the_engine_of_pictures_knows_no_result():
    """What it draws is data, of anything; and only it knows how anything is painted."""
    used = {our_module(found.name) for found in ALL if found.module.startswith(ENGINE)}
    beyond = {name for name in used - {None} if not name.startswith(ENGINE)}
    assert {part_of(name) for name in beyond} <= {"errors", "machine", "numerals"}
    painting = {f.module for f in ALL if f.name.partition(".")[0] in ("matplotlib", "PIL")}
    assert all(module.startswith(ENGINE) for module in painting)


def test_exceptions_are_still_needed():
    there = {(found.module, our_part(found.name), found.function) for found in ALL}
    assert there >= EXCEPTIONS


def test_the_picture_has_no_circle():
    left = dict(ALLOWED)
    while left:
        free = [part for part, needs in left.items() if not needs & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for part in free:
            del left[part]


def our_module(name: str) -> str | None:
    """The module of ours that a dotted name is, or is in; None for anybody else's."""
    if name.partition(".")[0] != OURS:
        return None
    left = name.removeprefix(OURS).removeprefix(".")
    while left not in MODULES:
        left = left.rpartition(".")[0]
    return left


def circle(found: Mapping[str, list[Import]]) -> list[str]:
    """The modules of one circle of imports, if there is one: each is imported by the one before."""
    graph = {
        module: {our_module(each.name) for each in imports if not excepted(each)} - {None, module}
        for module, imports in found.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1][::-1]
    return []


def test_no_circle_of_modules():
    """Also none that an import inside a function closes, which only hides it."""
    assert circle(FOUND) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("errors", "def f():\n    from weightinit_cli.guard import report"),
        ("guard.report", "from weightinit_cli.guard.compare import choose"),
        ("guard.report", "from weightinit_cli.guard import check_pairs"),
        ("results.model", "from weightinit_cli.plots import pictures"),
    ],
)
def test_circle_is_seen(module: str, source: str):
    assert module in circle({**FOUND, module: imports(source, module)})


# the finder itself


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("network.passes", "import weightinit_cli.theory"),
        ("network.passes", "from weightinit_cli.theory.maps import q"),
        ("network.passes", "from weightinit_cli import theory"),
        ("network.passes", "from ..theory import q"),
        ("network.passes", "def f():\n    if x:\n        from weightinit_cli import spec"),
        ("network.passes", "class A:\n    def f(self):\n        import click"),
        ("network.passes", "try:\n    import yaml\nexcept ImportError:\n    pass"),
        ("network.passes", "import importlib\nimportlib.import_module('weightinit_cli.cli')"),
        ("network.passes", "__import__('weightinit_' + 'cli.cli')"),
        ("network.passes", "if TYPE_CHECKING:\n    pass\nelse:\n    import click"),
        ("theory.maps", "from weightinit_cli.network import forward"),
        ("results.model", "from weightinit_cli.plots import draw"),
        ("results.store", "def _repr_png_():\n    from weightinit_cli.plots import draw"),
        ("results.store", "import numpy as np"),
        ("plots.draw", "from weightinit_cli.spec import Spec"),
        ("plots.draw", "import weightinit_cli.cli.tables"),
        ("errors", "from weightinit_cli import __version__"),
        ("spec.load", "from weightinit_cli.experiments import run"),
        ("experiments.histogram", "from weightinit_cli.plots import draw"),
    ],
)  # fmt: skip
def test_finder_sees(module: str, source: str):
    assert any(against(found) for found in imports(source, module))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("network.passes", "if TYPE_CHECKING:\n    from weightinit_cli.theory import q"),
        ("network.passes", "from .order import x\nfrom weightinit_cli.network.order import x"),
        ("network.passes", "from weightinit_cli.streams import stream\nimport numpy as np"),
        ("results.drawn", "def _repr_png_(self):\n    from weightinit_cli.plots import draw"),
        ("experiments.run", "from weightinit_cli import __version__"),
    ],
)
def test_finder_allows(module: str, source: str):
    assert not any(against(found) for found in imports(source, module))


@pytest.mark.parametrize("source", ["print(1)", "import sys\nsys.exit(1)", "f(file=sys.stderr)"])
def test_speaking_is_seen(source: str):
    assert speaking(source)
