"""How bash, zsh and fish ask winit for completions, and how they are answered.

A shell hands over its line up to the cursor (COMP_LINE), and gets a line for each proposal, of
words between tabs: `plain`, the word and what it means; or `file`, `folder`, `yaml` or `python`
with what is typed of a path and what stands before that (`--config=`), for the shell to complete.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    shell_complete,
)
from click.shell_completion import split_arg_string as split

if TYPE_CHECKING:
    from typing import Any

    from click import Group

PROGRAM, VARIABLE = "winit", "_WINIT_COMPLETE"

# Of a word with a = or : in it bash completes what stands after the last one.
BASH = """\
_winit_completion() {
    local IFS=$'\\n' word=${COMP_WORDS[COMP_CWORD]} kind value rest
    [[ $word == [=:] ]] && word=
    COMPREPLY=()
    while IFS=$'\\t' read -r kind value rest; do
        case $kind in
            plain)
                COMPREPLY+=("$value")
                [[ $value == *= ]] && compopt -o nospace 2>/dev/null
                continue ;;
            folder) COMPREPLY+=($(compgen -d -- "$word")) ;;
            yaml) COMPREPLY+=($(compgen -f -X '!*.y*ml' -- "$word") $(compgen -d -- "$word")) ;;
            python) COMPREPLY+=($(compgen -f -X '!*.py' -- "$word") $(compgen -d -- "$word")) ;;
            file) COMPREPLY+=($(compgen -f -- "$word")) ;;
        esac
        compopt -o filenames 2>/dev/null
    done < <(COMP_LINE=${COMP_LINE:0:COMP_POINT} _WINIT_COMPLETE=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F _winit_completion winit 2>/dev/null || complete -F _winit_completion winit
"""
ZSH = """\
#compdef winit
_winit_completion() {
    local kind value rest
    local -a words_found keys_found kinds
    while IFS=$'\\t' read -r kind value rest; do
        if [[ $kind != plain ]]; then
            kinds+=($kind)
        elif [[ $value == *= ]]; then
            keys_found+=("${value//:/\\\\:}${rest:+:$rest}")
        else
            words_found+=("${value//:/\\\\:}${rest:+:$rest}")
        fi
    done < <(
        COMP_LINE="${(j: :)words[1,CURRENT]}" _WINIT_COMPLETE=zsh_complete ${words[1]} 2>/dev/null
    )
    compset -P '*='
    (( $#words_found )) && _describe -V word words_found
    (( $#keys_found )) && _describe -V key keys_found -S ''
    for kind in $kinds; do
        case $kind in
            folder) _files -/ ;;
            yaml) _files -g '*.(yaml|yml)(-.)' ;;
            python) _files -g '*.py(-.)' ;;
            file) _files ;;
        esac
    done
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
    _winit_completion "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _winit_completion winit
fi
"""
FISH = """\
function __winit_completion
    set -l line (commandline -cp | string collect)
    for each in (env COMP_LINE="$line" _WINIT_COMPLETE=fish_complete winit 2>/dev/null)
        set -l part (string split \\t -- $each)
        if test $part[1] = plain
            string join -- \\t $part[2..3]
            continue
        end
        set -l ending ''
        switch $part[1]
            case folder
                set ending '/'
            case yaml
                set ending '(?:/|\\.ya?ml)'
            case python
                set ending '(?:/|\\.py)'
        end
        set -l typed (string replace -- "$part[3]" '' (commandline -ct))
        complete -C "'' $typed" | string match -r -- '^[^\\t]*'$ending'(?:\\t.*)?$' | \\
            string replace -r -- '^' "$part[3]"
    end
end
complete --no-files --command winit --arguments '(__winit_completion)'
"""


class Shell(ShellComplete):
    """A shell whose word is completed whole, whatever signs are in it."""

    # The signs up to the last of which a word is left as it is.
    breaks: ClassVar[str] = ""

    def source(self) -> str:
        """Return the script that switches completion on."""
        return self.source_template

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and that."""
        line = os.environ["COMP_LINE"]
        words = split(line)[1:]
        return (words, "") if line[-1:].isspace() or not words else (words[:-1], words[-1])

    def complete(self) -> str:
        """Return a line for each proposal."""
        words, word = self.get_completion_args()
        option = re.match(r"--[\w-]+=", word)
        before = option[0] if option else ""
        cut = max((word.rfind(sign) + 1 for sign in self.breaks), default=0)
        return "\n".join(
            "\t".join((each.type, f"{before}{each.value}"[cut:], each.help or ""))
            if each.type == "plain"
            else "\t".join((each.type, each.value, before))
            for each in self.get_completions(words, word)
        )

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return the value, which is all that a word alone has."""
        return str(item.value)


@add_completion_class
class Bash(Shell):
    """bash, from 3.2 on; before 4.4 in the order of the alphabet."""

    name = "bash"
    source_template = BASH
    breaks = "=:"


@add_completion_class
class Zsh(Shell):
    """zsh."""

    name = "zsh"
    source_template = ZSH
    breaks = "="


@add_completion_class
class Fish(Shell):
    """fish."""

    name = "fish"
    source_template = FISH


SHELLS = {each.name: each for each in (Bash, Zsh, Fish)}


def answer(group: Group, asked: str) -> int:
    """Answer a shell that asks for completions; nothing that is wrong shows in its line."""
    with suppress(Exception):
        shell_complete(group, {}, PROGRAM, VARIABLE, asked)
    return 0
