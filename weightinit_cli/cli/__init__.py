"""The commands; the only place that prints or exits."""

from __future__ import annotations

import os
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli import __version__
from weightinit_cli.cli import terminal
from weightinit_cli.cli.experiments import EXPERIMENTS
from weightinit_cli.errors import INTERRUPTED, WinitError, reason

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each command: its module and its name there, or that of a table of commands, and what `winit
# --help` says of it, which imports none of them.
COMMANDS = {
    **{row.command: ("run:RUNNERS", row.summary) for row in EXPERIMENTS.values()},
    "probe": ("probe:probe", "Run a PyTorch model of your own once, and say what is wrong."),
    "fix": ("fix:fix", "Search for a start without a warning, by running what is proposed."),
    "batch": ("batch:batch", "Run every spec of a folder, on all cores or a cluster."),
    "theory": ("theory:theory", "Print what mean-field theory predicts, without a run."),
    "phase": ("phase:phase", "Draw the order-to-chaos phase diagram of an activation."),
    "check": ("check:check", "Run saved results again, and say what differs."),
    "diff": ("check:diff", "Compare two saved results, or folders of them."),
    "conform": ("conform:conform", "Hold an initializer's code to what its name says."),
    "validate": ("files:validate", "Check specs without running them."),
    "schema": ("files:schema", "Print the JSON Schema of a spec, for editors."),
    "list": (
        "reference:list_names",
        "Print the initializers, the activations or the shipped configs.",
    ),
    "explain": ("explain:explain", "Print what a verdict, a column, an initializer ... means."),
    "new": ("files:new", "Write a commented spec to start from."),
    "completion": ("completion:completion", "Print the script by which a shell completes words."),
    "show": ("files:show", "Print the table of a saved result again."),
    "plot": ("files:plot", "Draw the pictures of a saved result again."),
    "report": ("report:report", "Write a page of saved results, to sort, filter and print."),
}

# The commands that neither read nor write where a person is.
ANYWHERE = {"list", "explain", "schema", "completion"}


class Commands(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List every command, the main one first."""
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for. Raises UsageError, with the nearest name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}; {_hint(args[0])}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command of this name, None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found: Any = getattr(import_module(f"weightinit_cli.cli.{module}"), name)
        command: click.Command = found[cmd_name] if isinstance(found, dict) else found
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Propose commands, of which none is imported, or options."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        from weightinit_cli.cli.names import proposed

        summaries = {name: summary for name, (_, summary) in COMMANDS.items()}
        return proposed(summaries, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write a line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


def _hint(name: str) -> str:
    """Say which command is probably meant, or which there are."""
    from difflib import get_close_matches

    if name in ("run", "start", "execute", "experiment"):
        commands = ", ".join(row.command for row in EXPERIMENTS.values())
        return f"specs are run by {commands} and batch"
    begins = [command for command in COMMANDS if command.startswith(name)]
    near = begins or get_close_matches(name, COMMANDS, n=1)
    return f"did you mean '{near[0]}'?" if near else f"there are {', '.join(COMMANDS)}"


EXAMPLES = """\b
Examples:
  winit histogram --config sigmoid_xavier.yaml
  winit new mine
  winit list configs
"""


@click.group(
    cls=Commands, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, "-V", "--version", prog_name="winit")
def winit() -> None:
    """See what a deep network does to its signal before any training.

    A spec of ten lines names the layers, the activation and the initializer; winit pushes
    inputs through and a gradient back, shows every layer as a picture and as numbers
    beside what theory predicts, and says what is wrong and where.
    """


def _invoke(arguments: Sequence[str]) -> object:
    """Run without click's `main`, which prints an empty line at ^C and exits at a closed pipe."""
    helped = not {"-h", "--help"}.isdisjoint(arguments)
    if arguments and arguments[0] in COMMANDS.keys() - ANYWHERE and not helped:
        _see_current_folder()
    try:
        with winit.make_context("winit", list(arguments)) as context:
            if helped:  # which click prints
                return winit.invoke(context)
            with terminal.alone_on_stdout():
                return winit.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except OSError as error:
        if not terminal.came_from_printing(error):
            raise
        with terminal.stdout_errors():  # as click prints its help
            raise
        return 0


def _see_current_folder() -> None:
    try:
        Path.cwd()
    except OSError:
        message = "the current folder does not exist any more; change to one that does"
        raise WinitError(message) from None


def _command_path(arguments: Sequence[str]) -> str:
    return f"winit {arguments[0]}" if arguments and arguments[0] in COMMANDS else "winit"


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code; print what went wrong, one line each."""
    terminal.prepare()
    if asked := os.environ.get("_WINIT_COMPLETE"):
        from weightinit_cli.cli.shells import answer

        return answer(winit, asked)
    code: object = 0
    try:
        code = _invoke(arguments)
        terminal.flush()
    except click.UsageError as error:
        return terminal.usage_error(error, _command_path(arguments))
    except click.ClickException as error:
        return terminal.fail([error.format_message()], WinitError.exit_code)
    except WinitError as error:
        return terminal.fail(error.lines, error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return terminal.fail(["interrupted"], INTERRUPTED)
    except MemoryError:
        return terminal.fail(["not enough memory for this run"], WinitError.exit_code)
    except OSError as error:
        named = isinstance(error.filename, str)
        where = error.filename if named else _command_path(arguments)
        return terminal.fail([f"{where}: {reason(error)}"], WinitError.exit_code)
    except Exception:  # noqa: BLE001
        return terminal.defect(traceback.format_exc().splitlines())
    return code if isinstance(code, int) else 0
