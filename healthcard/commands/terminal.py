"""Between a command and its terminal: output in UTF-8, failures as one clear message, files read and written.

No message repeats what stands in a file or in a card text.
"""

import codecs
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from healthcard import files, picture
from healthcard.clinic.questions import questions
from healthcard.errors import HealthcardError, NoCode, PictureError, PrintError, Problem, RecordError
from healthcard.record import Record
from healthcard.words.labels import label

LARGEST_TEXT = 1024 * 1024  # bytes of a record or of card texts
CARD_FILES = (".txt", ".pdf", ".png")
CARD_TEXT = re.compile(r"(?i:mc[ht]\d:).*")  # of any network and version


def utf8() -> None:
    """Make standard output and error UTF-8 whatever the system's habit (Windows); what it can't hold is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def reported() -> Iterator[None]:
    """Failures of ours and of files become one message on standard error and exit code 1; a closed pipe is no failure to talk about."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # here, where it can still be told that nobody reads on or that the disk is full
    except HealthcardError as error:
        complain(error.code, error.problems if isinstance(error, RecordError) else [error])
        sys.exit(1)
    except OSError as error:
        with suppress(OSError):  # a stream without a file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not tried again at exit
        if not isinstance(error, BrokenPipeError):
            complain(HealthcardError.code, [f"{error.filename or 'output'}: {error.strerror}"])
        sys.exit(1)


def complain(code: str, lines: Iterable[object]) -> None:
    """The word of a failure, then a line for each fault; names from files can't steer the terminal."""
    shown = ["".join(c if c.isprintable() or c == "\n" else "?" for c in str(line)) for line in lines]
    print(f"healthcard: {code}", *shown, sep="\n  ", file=sys.stderr)


def read_record(path: Path) -> Record:
    """The record in a JSON file; raises RecordError with every fault found."""
    return Record.from_json(read_json(path))


def read_json(path: Path) -> bytes:
    """The text of a JSON file of at most 1 MiB; raises RecordError where it can't be read."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_TEXT + 1)
    except OSError as error:
        raise RecordError([Problem(str(path), error.strerror or "can't be read")]) from None
    if len(data) > LARGEST_TEXT:
        raise RecordError([Problem(str(path), "larger than 1 MiB")])
    return data.removeprefix(codecs.BOM_UTF8)


def show_questions(given: Record, issuer: str | None, where: str = "") -> None:
    """What to look at again, on standard error, behind `where` it is; it stops nothing."""
    for question in questions(given, date.today(), issuer):
        units = ", ".join(unit for _, unit in question.suggestions)
        text = label("question", question.text_key, "en").text
        print(f"{where}{question.place}: {text}{f' (meant in {units}?)' if units else ''}", file=sys.stderr)


def card_texts(given: str) -> list[str]:
    """The card texts that one argument stands for: a picture, PDF or text file, a card text itself, or - for standard input.

    Raises PictureError.
    """
    if given == "-":
        return _texts_of(sys.stdin.buffer.read(picture.MAX_FILE + 1), "standard input")
    path = Path(given)
    try:
        with path.open("rb") as file:
            data = file.read(picture.MAX_FILE + 1)
    except OSError as error:
        if like_card_text(given):
            return [given]
        raise PictureError(f"{given or repr(given)}: {error.strerror}") from None
    return _texts_of(data, given)


def like_card_text(given: str) -> bool:
    """Whether an argument that is no file is a card text, perhaps damaged: it is read as one and never named in a message."""
    return bool(CARD_TEXT.fullmatch(given)) or (len(given) >= 100 and sum(map(given.count, " $%*+:")) > len(given) / 20)


def _texts_of(data: bytes, name: str) -> list[str]:
    if len(data) <= LARGEST_TEXT:
        lines = data.removeprefix(codecs.BOM_UTF8).decode("ascii", "replace").split("\n")
        texts = [line.rstrip("\r") for line in lines if line.strip()]
        if texts and CARD_TEXT.fullmatch(texts[0]):
            return texts
    try:
        return picture.scan(data)
    except NoCode as error:
        raise NoCode(f"{name}: {error}") from None
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from None


def require_new(stem: Path) -> None:
    """Raises PrintError where a file of a card stands already: it may be another family's, and theirs alone."""
    for suffix in CARD_FILES:
        path = stem.with_name(stem.name + suffix)
        if path.exists():
            raise PrintError(f"{path}: exists already, and may be another family's card: remove it, or name another folder with --out")


def write_files(stem: Path, content: Mapping[str, bytes]) -> list[Path]:
    """Write `content` by suffix as files named after `stem`, for their owner alone, all or none; makes the folder, returns the paths."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        for suffix, data in content.items():
            path = stem.with_name(stem.name + suffix)
            files.write_atomically(path, data, 0o600, files.draft_of(path))
            written.append(path)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written
