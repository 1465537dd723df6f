"""`healthcard templates list | preview | check`: what can be printed, how it looks, and whether it prints what a card must be."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from healthcard.commands.options import TextLight
from healthcard.commands.terminal import write_files
from healthcard.errors import PrintError
from healthcard.printing import proof, rendering, templates
from healthcard.printing.templates import Template
from healthcard.words.labels import FACE_LANGUAGES

OwnTemplates = Annotated[
    Path | None,
    typer.Option("--templates", envvar="HEALTHCARD_TEMPLATES", help="folder with your organisation's own templates", show_default=False),
]
Hours = Annotated[str, typer.Option(envvar="HEALTHCARD_DESK_HOURS", help="hours of the desk, such as 8:00-17:00", show_default=False)]


def known_language(language: str | None) -> str | None:
    """`language`, if faces are printed in it."""
    if language is not None and language not in FACE_LANGUAGES:
        raise typer.BadParameter(f"one of {', '.join(FACE_LANGUAGES)}")
    return language


FaceLanguage = Annotated[
    str | None,
    typer.Option("--language", "-l", callback=known_language, help="hers, comes first; default: the record's own", show_default=False),
]
Route = Annotated[str, typer.Option("--route", callback=known_language, help="language of the route, printed beside hers")]


def list_templates(own: OwnTemplates = None, json_: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Every template: name, size, code, what it is for."""
    found = templates.registry(own)
    if json_:
        print(json.dumps([asdict(template) for template in found.values()], indent=1))
        return
    for template in found.values():
        code = f"code {template.code_mm:g} mm" if template.code_mm else "no code"
        print(f"{template.name:<10}  {template.size:<16}  {code:<11}  {template.about}")


def preview(
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of a template", show_default=False)],
    language: Annotated[str, typer.Option("--language", "-l", callback=known_language, help="hers, which comes first")] = "en",
    route: Route = rendering.ROUTE_LANGUAGE,
    text_light: TextLight = False,
    hours: Hours = "",
    out: Annotated[Path, typer.Option(help="folder for NAME.pdf and NAME.png")] = Path("."),
    own: OwnTemplates = None,
) -> None:
    """Print an example: NAME.pdf and NAME.png, of an invented family on the test network; of the poster, what is hung up."""
    template = templates.find(name, own)
    if template.kind == "poster":
        files = rendering.poster_files(language, route, template=name, hours=hours, own_templates=own)
    else:
        card = proof.sample(template)
        files = rendering.checked_files(card, name, language, route_language=route, text_light=text_light, hours=hours, own_templates=own)
        del files[".txt"]
    for path in write_files(out / f"{name}-{language}", files):
        print(path)


def check(
    what: Annotated[str | None, typer.Argument(metavar="NAME|FOLDER", help="a template, or a folder of them", show_default=False)] = None,
    language: Annotated[
        list[str] | None, typer.Option("--language", "-l", help="only in this language, again for more", show_default=False)
    ] = None,
    own: OwnTemplates = None,
) -> None:
    """Print every reference record with it in every language, and measure: warnings, codes, distances, words. Exit code 1 for faults."""
    languages = [name for name in language or FACE_LANGUAGES if known_language(name)]
    if what and Path(what).is_dir():
        own = Path(what)
        names = templates.names_in(own)
    else:
        names = [what] if what else list(templates.registry(own))
    count = 0
    for template in [templates.find(name, own) for name in names]:
        found = list(dict.fromkeys(_faults(template, languages, own)))
        count += len(found)
        print(f"{template.name}: {f'{len(found)} faults' if found else 'well'}", *found, sep="\n  ")
    if count:
        raise PrintError("a template that would print what no card may be: mend it and check it again")


def _faults(template: Template, languages: list[str], own: Path | None) -> Iterator[str]:
    yield from proof.drawn(template, own)
    for language in languages:
        for (name, card), route, text_light in product(proof.samples(template).items(), proof.routes(language), (False, True)):
            for fault in proof.faults(template, card, language, route, own, text_light):
                yield f"{name}{', text-light' if text_light else ''}, {language} and {route}: {fault}"


template_commands = typer.Typer(help="Templates of cards, stickers and posters: see them, check your own.", no_args_is_help=True)
template_commands.command("list")(list_templates)
template_commands.command("preview")(preview)
template_commands.command("check")(check)
