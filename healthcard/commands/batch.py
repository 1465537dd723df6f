"""`healthcard batch`: many records as sheets of cards, to a printer, a file or a pipe."""

import codecs
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from healthcard import card as cards
from healthcard import files, keyfile
from healthcard.card import Card
from healthcard.clinic import entry
from healthcard.commands.options import BundleFile, IssuedList, KeyFileOption, PassphraseFile
from healthcard.commands.passphrase import passphrase
from healthcard.commands.templates import FaceLanguage, Hours, OwnTemplates, Route
from healthcard.commands.terminal import complain, show_questions
from healthcard.errors import PrintError
from healthcard.printing import printers
from healthcard.printing.batch import Batch, Line, Sheet, lines_of
from healthcard.printing.journal import Journal
from healthcard.printing.rendering import ROUTE_LANGUAGE
from healthcard.printing.sheets import Look, grid
from healthcard.record import Record
from healthcard.trust import issued
from healthcard.trust.bundle import ISSUE, TrustBundle

LARGEST_INPUT = 256 * 1024 * 1024  # bytes
LARGEST_PDF = 1024 * 1024 * 1024  # bytes of one that stands in the way


def batch(
    records: Annotated[str, typer.Argument(metavar="RECORDS.ndjson", help="a record in each line, or -", show_default=False)],
    key: KeyFileOption,
    bundle: BundleFile,
    sheet: Annotated[Literal["a4"], typer.Option(help="paper: eight A7 or ten ID-1 on a sheet")] = "a4",
    template: Annotated[str, typer.Option(help="template of the face: a7 or id1")] = "a7",
    language: FaceLanguage = None,
    route: Route = ROUTE_LANGUAGE,
    text_light: Annotated[bool, typer.Option("--text-light", help="faces without clinical words")] = False,
    hours: Hours = "",
    own_templates: OwnTemplates = None,
    printer: Annotated[str | None, typer.Option(help="print sheet by sheet on this printer of CUPS", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="file for one PDF; default: standard output", show_default=False)] = None,
    journal: Annotated[
        Path | None, typer.Option(help="file that keeps what is done, without records; default: RECORDS.ndjson.journal", show_default=False)
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="ask for each sheet whether it came out well; usual at a terminal")] = False,
    assume_printed: Annotated[bool, typer.Option("--assume-printed", help="take what was handed over as come out well")] = False,
    typed_again: Annotated[
        list[str] | None, typer.Option(help="LINE:PLACE=VALUE: an unlikely value, typed a second time", show_default=False)
    ] = None,
    profile: Annotated[
        Literal["split", "open"] | None, typer.Option("--profile", help="as for issue", show_default=False)
    ] = None,
    blocks: Annotated[int, typer.Option("--sealed-blocks", min=1, max=4, help="as for issue")] = 1,
    issued_list: IssuedList = None,
    json_: Annotated[bool, typer.Option("--json", help="print a summary as JSON")] = False,
    passphrase_file: PassphraseFile = None,
) -> None:  # fmt: skip
    """Sign many records and print them on sheets; after a stop the same command goes on where it ended.

    Lines that can't be cards are named and left out (exit code 1). No record is kept: the journal holds keyed hashes of lines.
    """
    _require(not (printer and out), "--out", "--printer or --out, not both")
    _require(bool(printer or out) or not (json_ or sys.stdout.isatty()), "--out", "or --printer, where the PDF can't go to standard output")
    _require(not (confirm and assume_printed), "--confirm", "--confirm or --assume-printed, not both")
    _require(records != "-" or bool(journal and not confirm), "RECORDS.ndjson", "standard input needs --journal, and nobody is asked")
    look = Look(template, language, route, text_light, hours, own_templates)
    places = grid(look)
    again = _typed_again(typed_again or [])
    trusted = TrustBundle.load(bundle)
    lines = list(lines_of(_read(records)))
    missing = again.keys() - {line.number for line in lines}
    _require(not missing, "--typed-again", f"no record in {_named(sorted(missing))}")
    about, signer = keyfile.signer(key, passphrase(passphrase_file, key))
    keyfile.require(about, "station", trusted.network)
    issuer = cards.authorised(trusted, signer, ISSUE, date.today()).organisation.name  # once, not in every line

    def issue(line: Line) -> Card:
        given = Record.from_json(line.data)
        same = entry.confirmed(given, again.get(line.number, {}))
        show_questions(given, issuer, f"line {line.number}: ")
        return cards.issue(given, signer, trusted, typed_again=same, profile=profile, blocks=blocks)

    def leave(made: Sequence[Card]) -> None:
        if issued_list:
            issued.add(issued_list, [issued.issued_hash(card.token, card.network) for card in made])

    ask = confirm or (not assume_printed and records != "-" and sys.stdin.isatty())
    denied = 0
    journal = journal or Path(f"{records}.journal")
    with Journal.open(journal, signer.secret) as held, _progress() as progress:
        task = progress.add_task("cards", total=len(lines))
        run = Batch(held, issue, look, lambda count: progress.advance(task, count))
        _resume(run, lines, journal)
        try:
            for at, line in enumerate(lines, 1):
                run.add(line)
                if run.waiting and (at == len(lines) or (printer and run.waiting == places.cards)):
                    if out:
                        _clear(out, held)
                    sheets = run.send(leave, _deliver(printer, out, held))
                    good = [one for one in sheets if assume_printed or (ask and _came_out(one, progress))]
                    run.confirm(good)
                    denied += len(sheets) - len(good) if ask else 0
        finally:
            progress.stop()
            _report(run, out, json_)
    if run.refused or denied:
        raise typer.Exit(1)
    if run.confirmed == run.issued and lines:
        kept = journal if records == "-" else f"{records} and {journal}"
        print(f"all is confirmed: {kept} can be deleted", file=sys.stderr)


def _require(right: bool, option: str, message: str) -> None:
    if not right:
        raise typer.BadParameter(message, param_hint=option)


def _typed_again(given: Sequence[str]) -> dict[int, dict[str, str]]:
    """The LINE:PLACE=VALUE of --typed-again by line and place."""
    found: dict[int, dict[str, str]] = {}
    for item in given:
        line, _, rest = item.partition(":")
        place, equals, value = rest.partition("=")
        if not line.isascii() or not line.isdigit() or not equals:
            raise typer.BadParameter("LINE:PLACE=VALUE", param_hint="--typed-again")
        found.setdefault(int(line), {})[place] = value
    return found


def _read(records: str) -> bytes:
    """The input; raises OSError, and BadParameter for more than 256 MiB."""
    data = sys.stdin.buffer.read(LARGEST_INPUT + 1) if records == "-" else files.read(Path(records), LARGEST_INPUT)
    if len(data) > LARGEST_INPUT:
        raise typer.BadParameter(f"more than {LARGEST_INPUT // 1024 // 1024} MiB: in several files", param_hint="RECORDS.ndjson")
    return data.removeprefix(codecs.BOM_UTF8)


def _clear(out: Path, journal: Journal) -> None:
    """Make way for the file asked for; raises PrintError where another stands there, or one with a card that is confirmed."""
    files.draft_of(out).unlink(missing_ok=True)
    if out.exists() and not journal.unfinished(files.read(out, LARGEST_PDF)):
        raise PrintError(f"{out}: exists already: print it and remove it, or name another file")


def _deliver(printer: str | None, out: Path | None, journal: Journal) -> Callable[[bytes, Sequence[bytes]], None]:
    """How a PDF leaves: to the printer, to the file asked for, or to standard output."""

    def deliver(pdf: bytes, names: Sequence[bytes]) -> None:
        if printer:
            printers.send(pdf, printer, printers.SHEET)
        elif out:
            journal.note_file(pdf, names)
            files.write_atomically(out, pdf, 0o600, files.draft_of(out))
            print(f"{out}: print it at actual size on both sides, turned on the long edge", file=sys.stderr)
        else:
            sys.stdout.buffer.write(pdf)
            sys.stdout.buffer.flush()

    return deliver


def _progress() -> Progress:
    """A bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _came_out(sheet: Sheet, progress: Progress) -> bool:
    """Ask whether a sheet came out well."""
    progress.stop()
    answer = typer.confirm(f"Sheet {sheet.number} ({_named(sheet.lines)}): did both sides come out well?", err=True)
    progress.start()
    return answer


def _resume(run: Batch, lines: Sequence[Line], journal: Path) -> None:
    """Say what an earlier run has left: lines that get no card now, and cards that may be on paper although they are made again."""
    if done := [line.number for line in lines if run.done(line)]:
        other = f"if this is another input, name another journal than {journal} with --journal"
        print(f"{_named(done)}: confirmed before, no card now; {other}", file=sys.stderr)
    if begun := [line.number for line in lines if run.begun(line)]:
        again = "destroy those sheets and files, the cards are made again"
        print(f"{_named(begun)}: issued before and not confirmed, so they may be on paper: {again}", file=sys.stderr)


def _named(numbers: Sequence[int]) -> str:
    """Lines in words: "line 4", "lines 1 to 8, 12"; numbers ascend."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    words = ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
    return f"{'lines' if len(numbers) > 1 else 'line'} {words}"


def _report(run: Batch, out: Path | None, json_: bool) -> None:
    """What was done; on standard error, and as JSON on standard output."""
    for refusal in run.refused:
        complain(refusal.code, [f"line {refusal.line}: {problem}" for problem in refusal.problems])
    left = run.issued - run.confirmed
    said = [f"{run.issued} cards on {run.sheets} sheets", f"{run.confirmed} confirmed"]
    said += [f"{run.skipped} confirmed before"] * bool(run.skipped) + [f"{len(run.refused)} lines refused"] * bool(run.refused)
    print(", ".join(said), file=sys.stderr)
    if left:
        other = ", with another --out" if out and run.confirmed else ""
        print(f"{left} cards are not confirmed: the same command makes them again{other}", file=sys.stderr)
    if json_:
        print(json.dumps(run.to_json()))
