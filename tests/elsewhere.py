"""Other people's implementations in environments of their own, asked in JSON through a program of tools/."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
Ask = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def asking(environment: str, requirement: str, program: str) -> Ask:
    """A way to ask tools/`program` in the environment `.venv-<name>` of the checkout, which is made the first time; bytes go as hex."""
    home = ROOT / environment
    python, stamp = home / "bin" / "python", home / requirement
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement], check=True)
        (home / ".gitignore").write_text("*\n")
        stamp.touch()

    def ask(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        written = json.dumps(requests, default=lambda value: value.hex())
        asked = subprocess.run([python, ROOT / "tools" / program], input=written, capture_output=True, text=True, timeout=60)
        assert asked.returncode == 0, asked.stderr
        answers: list[dict[str, Any]] = json.loads(asked.stdout)
        return answers

    return ask
