"""Shell completion: bash itself runs the script, and asks hookline for what may come next."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.__main__ import main

#: Loads the script, sets what bash sets when TAB is pressed, calls the function as bash does, and prints the replies.
TAB = """
eval "$(hookline completion bash)"
complete -p hookline >&2
COMP_WORDS=(%s)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_hookline_completion hookline
printf '%%s\\n' "${COMPREPLY[@]}"
"""
QUOTED_EMPTY = "''"


def replies(words: str) -> set[str]:
    """What bash offers after `words`, the last of which is being typed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "--norc", "-c", TAB % words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path},
    )
    assert "-F _hookline_completion hookline" in ran.stderr
    return set(ran.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("hookline retent", {"retention"}),
        (f"hookline notify {QUOTED_EMPTY}", {"ls", "test"}),
        ("hookline notify ls --o", {"--over"}),
        (f"hookline completion {QUOTED_EMPTY}", {"bash", "zsh", "fish"}),
        ("hookline nonsense", set()),
    ],
)
def test_bash_completes(words: str, offered: set[str]) -> None:
    assert replies(words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert main(["completion", shell, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert answer["shell"] == shell
    assert answer["script"].strip() == text.strip(), "what people get is the script, unescaped"
    assert f"_HOOKLINE_COMPLETE={shell}_complete" in text


def test_a_shell_that_is_not_known_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "tcsh" in capsys.readouterr().err


def test_a_request_for_an_unknown_shell_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_HOOKLINE_COMPLETE", "tcsh_complete")

    assert main([]) == 1
