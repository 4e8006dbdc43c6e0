"""`winit`, also as `python -m weightinit_cli`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run `winit` and exit with its code."""
    # A short process: collecting cycles while modules load, or at the end, frees nothing of use.
    gc.disable()
    from weightinit_cli.cli import main as run

    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
