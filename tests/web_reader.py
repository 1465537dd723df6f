"""The JavaScript of web/ as a long-lived process, asked from Python."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SCRIPTS = Path(__file__).parent / "web"


class WebReader:
    """`ask` sends questions in one line and gives the answers: {"answer": ...}, {"error": word} or {"crash": stack}."""

    def __init__(self, *options: str, script: str = "reader.mjs") -> None:
        self.process = subprocess.Popen(["node", str(SCRIPTS / script), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(questions).encode() + b"\n")
        self.process.stdin.flush()
        answers: list[dict[str, Any]] = json.loads(self.process.stdout.readline())
        return answers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.communicate()
