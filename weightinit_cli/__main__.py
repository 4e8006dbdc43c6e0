"""`winit`, also as `python -m weightinit_cli`."""

import gc
import os
import sys

from weightinit_cli.imports import search_path


def main() -> None:
    """Run `winit` and exit with its code."""
    try:
        sys.path[:] = search_path()
        # A short process: collecting cycles while modules load, or at the end, frees nothing.
        gc.disable()
        # The network's own threads do the work; OpenBLAS would start its own while numpy loads.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from weightinit_cli.cli import main as run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        code = 130
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
