"""`healthcard` as it is typed: in this process (`healthcard`), or as a program of its own (`program`, `terminal`).

    done = healthcard("read", "card.png", "--bundle", "trust.bundle")
    assert (done.code, done.out) == (0, "...")
"""

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from healthcard import cli

SCRIPT = Path(sys.executable).with_name("healthcard")
PASSPHRASE = "demo"
TERMINAL_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """Exit code and what was written; words are compared in one line (`said`), for a terminal wraps them."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return " ".join(re.sub(r"[│╭╮╰╯─]", " ", self.err).split())


def healthcard(*arguments: object, stdin: bytes = b"", passphrase: str | None = PASSPHRASE) -> Done:
    """Run the command line in this process; an exception that it does not report ends the test."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
    code = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["healthcard", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        for name, value in _environment(passphrase).items():
            patch.setenv(name, value)
        if passphrase is None:
            patch.delenv("HEALTHCARD_PASSPHRASE", raising=False)
        try:
            cli.main()
        except SystemExit as stop:
            assert stop.code is None or isinstance(stop.code, int)
            code = stop.code or 0
    return Done(code, _written(out), _written(err))


def program(
    *arguments: object, stdin: bytes = b"", passphrase: str | None = PASSPHRASE, prefix: Sequence[str] = (), **environment: str
) -> Done:
    """Run the installed script, behind the words of `prefix`."""
    command = [*prefix, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, env=_inherited(passphrase) | environment)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def terminal(*arguments: object, answers: Sequence[tuple[str, str]], passphrase: str | None = PASSPHRASE) -> Done:
    """Run the installed script at a terminal of its own; each answer is typed when its question stands there."""
    ours, theirs = pty.openpty()
    command = [str(SCRIPT), *map(str, arguments)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=_inherited(passphrase), start_new_session=True)
    os.close(theirs)
    screen, at, left, deadline = b"", 0, list(answers), time.monotonic() + TERMINAL_SECONDS
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    screen += os.read(ours, 4096)
                except OSError:  # Linux: the other end was closed
                    break
            elif process.poll() is not None:
                break
            if left and (found := screen.find(left[0][0].encode(), at)) >= 0:
                at = found + len(left[0][0])
                os.write(ours, left.pop(0)[1].encode() + b"\n")
        return Done(process.wait(5), screen.decode(), screen.decode())
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def commands() -> dict[str, Any]:
    """Every command by what is typed for it: "read", "trust show"."""
    found: dict[str, Any] = {}
    groups = [("", typer.main.get_command(cli.app))]
    for prefix, group in groups:
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            if hasattr(command, "commands"):
                groups.append((f"{prefix}{name} ", command))
            else:
                found[f"{prefix}{name}"] = command
    return found


def _environment(passphrase: str | None) -> dict[str, str]:
    plain = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    return plain if passphrase is None else plain | {"HEALTHCARD_PASSPHRASE": passphrase}


def _inherited(passphrase: str | None) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "HEALTHCARD_PASSPHRASE"} | _environment(passphrase)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
