"""`winit completion`: the script that switches completion on."""

from __future__ import annotations

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.help import examples
from weightinit_cli.cli.shells import PROGRAM, SHELLS, VARIABLE


@click.command(
    "completion",
    epilog=examples(
        "winit completion bash >> ~/.bashrc",
        "winit completion zsh >> ~/.zshrc",
        "winit completion fish > ~/.config/fish/completions/winit.fish",
    ),
)
@click.argument("shell", type=click.Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print the script by which a shell completes what is typed after `winit`.

    Commands, options, specs, initializers, activations, verdicts, keys of --set and paths. The
    line below for your shell switches it on, in every shell that is opened from then on; where
    winit is in a virtual environment, it completes while that is active. For the shell that is
    open already there is eval "$(winit completion bash)" (or zsh).
    """
    source = SHELLS[shell](click.get_current_context().find_root().command, {}, PROGRAM, VARIABLE)
    terminal.say(source.source().removesuffix("\n"))
