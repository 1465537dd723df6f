"""`healthcard kobo form | records`: the Kobo form of the vocabulary, and its submissions as the input of `healthcard batch`."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from healthcard import files
from healthcard.errors import Problem, RecordError
from healthcard.exchange import kobo
from healthcard.record import Record
from healthcard.trust.bundle import TrustBundle
from healthcard.words.labels import LANGUAGES

LARGEST_INPUT = 256 * 1024 * 1024  # bytes
FOR_ITS_OWNER = 0o600  # records are nobody else's to read

kobo_commands = typer.Typer(help="Kobo: a form made from the vocabulary, and its submissions as records.", no_args_is_help=True)


def known_languages(languages: str) -> str:
    """`languages`, if we have words in each."""
    if unknown := [language for language in languages.split(",") if language not in LANGUAGES]:
        raise typer.BadParameter(f"{unknown[0]}: one of {', '.join(LANGUAGES)}")
    return languages


@kobo_commands.command()
def form(
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="file for the XLSForm", show_default=False)],
    languages: Annotated[
        str, typer.Option("--languages", callback=known_languages, help="with commas; the first is the form's own")
    ] = ",".join(LANGUAGES),
    bundle: Annotated[
        Path | None, typer.Option("--bundle", "-b", help="trust bundle file: its organisations become choices", show_default=False)
    ] = None,
    sensitive: Annotated[bool, typer.Option("--sensitive", help="also ask for what is sealed on a card (level 2)")] = False,
) -> None:
    """Write the form as an XLSForm, to be uploaded to Kobo. It asks for no name, number or place, and has no free text."""
    organisations = tuple(TrustBundle.load(bundle).organisation_numbers) if bundle else ()
    workbook = kobo.xlsform(tuple(dict.fromkeys(languages.split(","))), organisations=organisations, sensitive=sensitive)
    files.write_atomically(out, workbook)


@kobo_commands.command()
def records(
    submissions: Annotated[
        list[Path], typer.Argument(metavar="SUBMISSIONS.json...", help="what Kobo's data API gave, or the XML of one", show_default=False)
    ],
    out: Annotated[Path | None, typer.Option(help="file for the records, one a line; default: standard output", show_default=False)] = None,
) -> None:
    """Turn submissions into records, the input of `healthcard batch`.

    Those without a fault are written; the others, also for what no card takes (a value that can't be, a contact of tomorrow), are named
    with their questions, and the exit code is 1.
    """
    problems: list[Problem] = []
    came: Counter[str] = Counter()
    made = list(_read(submissions, problems, came))
    if again := sum(came.values()) - len(came):
        print(f"{again} submissions came again and are taken once", file=sys.stderr)
    text = "".join(json.dumps(record.to_json(), ensure_ascii=False) + "\n" for record in made)
    if out:
        out.unlink(missing_ok=True)  # a file that others could read stays readable to them otherwise
        with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_ITS_OWNER), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    else:
        sys.stdout.write(text)
    if problems:
        print(f"{len(made)} records written", file=sys.stderr)
        raise RecordError(problems)


def _read(paths: list[Path], problems: list[Problem], came: Counter[str]) -> Iterator[Record]:
    """The records of all files; what is wrong goes to `problems`, submissions under Kobo's own number where they have one.

    One with an id of Kobo's that came before just so, as pages and files overlap, is no second card; `came` counts those with an id.
    """
    for path in paths:
        data = files.read(path, LARGEST_INPUT)
        if len(data) > LARGEST_INPUT:
            raise typer.BadParameter(f"more than {LARGEST_INPUT // 1024 // 1024} MiB: in several files", param_hint="SUBMISSIONS.json")
        try:
            found = kobo.submissions(data)
        except RecordError as error:
            problems += _of_file(path, error)
            continue
        for position, submission in enumerate(found, 1):
            number, whole = submission.get("_id"), json.dumps(submission, sort_keys=True) if submission.get("_uuid") else ""
            if whole:
                came[whole] += 1
                if came[whole] > 1:
                    continue
            try:
                yield kobo.from_submission(submission, number if type(number) is int else position, today=date.today())
            except RecordError as error:
                problems += _of_file(path, error)


def _of_file(path: Path, error: RecordError) -> list[Problem]:
    return [replace(problem, place=f"{path}: {problem.place}") for problem in error.problems]
