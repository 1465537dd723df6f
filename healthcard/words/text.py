"""The handover in words: `sections` for faces and web, `terminal` for one screen, `verdict_lines` for what a reader found out."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from rich.text import Text

from healthcard.clinic.summary import Handover
from healthcard.words.labels import Label, counted, filled, joined, label
from healthcard.words.wording import Line, Words

__all__ = [
    *("NOTICE_PICTOGRAMS", "SECTIONS", "Label", "Line", "Section", "label", "notice_text", "person_label", "sections", "tell_us"),
    *("terminal", "verdict_lines"),
]

SECTIONS: Final = ("verdict", "danger", "time_critical", "allergies", "who", "values", "medicines", "vaccines", "due", "referral", "more")


# Beside the notice, for her who does not read: whom it is about, what is written, that it can be read, that she can speak.
NOTICE_PICTOGRAMS: Final = ("mother", "baby", "medicine", "vaccine", "scan", "speak")


@dataclass(frozen=True, slots=True)
class Section:
    """One of SECTIONS; a section without lines has nothing to say, which is not good news."""

    key: str
    title: str
    lines: tuple[Line, ...]


def sections(handover: Handover, language: str) -> tuple[Section, ...]:
    """The handover in words, in the fixed order of SECTIONS."""
    words = Words(handover, language)
    return tuple(Section(key, label("section", key, language).text, tuple(getattr(words, key)())) for key in SECTIONS)


def verdict_lines(
    verdict: str, notices: Iterable[str], language: str, bundle_age_days: int | None = None, issuer: str | None = None
) -> tuple[str, ...]:
    """What a verdict means and how to go on with care, then a sentence for each notice, then the age of the list of issuers."""
    lines = [label("verdict", f"{verdict}{part}", language) for part in (".title", "", ".care")]
    days = "?" if bundle_age_days is None else bundle_age_days
    organisation = issuer or label("ui", "unknown_organisation", language)
    lines += [filled(label("notice", word, language), days=days, organisation=organisation) for word in notices]
    if bundle_age_days is not None and "old-bundle" not in notices:
        lines.append(counted("bundle_age", bundle_age_days, language))
    return tuple(line.text for line in lines)


def notice_text(language: str) -> Label:
    """What she is told before a card is made, in at most sixty words."""
    return label("notice_text", "privacy", language)


def tell_us(language: str, hours: str) -> Label:
    """The line under the notice: whom to tell, and when the desk is open (`hours`: "8:00-17:00")."""
    return joined(" ", label("ui", "tell_us", language), joined(": ", label("ui", "desk_hours", language), hours))


def person_label(handover: Handover, person: int, language: str) -> Label:
    """"Mother", "Baby", or "Baby 2" where there are several."""
    role = handover.people[person]
    if role == "mother":
        return label("ui", "mother", language)
    infants = [n for n, other in enumerate(handover.people) if other == role]
    if len(infants) == 1:
        return label("ui", "baby", language)
    return filled(label("ui", "baby_n", language), n=infants.index(person) + 1)


MARKS: Final = {"red": "!!", "amber": "! ", "question": "? ", "info": "- ", "old": "~ "}
STYLES: Final = {"red": "bold reverse", "amber": "bold", "question": "bold", "info": "", "old": "dim"}
COLOURS: Final = {"amber": " yellow", "question": " cyan"}  # beside mark and style; red is plain inverse video, to be read in the sun


def terminal(handover: Handover, language: str, width: int = 80, colour: bool = True) -> Text:
    """The summary on one screen of `width` characters, to be printed by rich: a mark before each line, red ones in inverse video."""
    several, colon = len(handover.people) > 1, Words(handover, language).colon
    screen = Text()
    for section in sections(handover, language):
        lines = _head(handover, section, language) if section.key == "verdict" else section.lines
        if not lines or (section.key == "more" and len(lines) == 1):
            continue
        screen.append(f"{section.title.upper()}\n", "bold underline")
        for person, level, text in _grouped(lines, joined=section.key in ("who", "vaccines")):
            who = f"{person_label(handover, person, language).text}{colon}" if several and person is not None else ""
            wrapped = textwrap.wrap(
                who + text, max(width - 1, 20), initial_indent=f"{MARKS[level]} ", subsequent_indent="   ", break_on_hyphens=False
            )
            style = STYLES[level] + (COLOURS.get(level, "") if colour else "")
            for line in wrapped:
                screen.append(line, style).append("\n")
    screen.rstrip()
    return screen


def _head(handover: Handover, section: Section, language: str) -> tuple[Line, ...]:
    """The verdict in one line: its sentences stand in `verdict_lines`."""
    standing = Words(handover, language).standing().text
    first = section.lines[:1] if handover.standing.verdict else ()
    return tuple(replace(line, text=" · ".join(filter(None, (line.text, standing)))) for line in first) or section.lines


def _grouped(lines: Iterable[Line], joined: bool) -> Iterable[tuple[int | None, str, str]]:
    """Lines as they are, or those of one person after one another in one line."""
    if not joined:
        return [(line.person, line.level, line.text) for line in lines]
    groups: dict[int | None, list[str]] = {}
    for line in lines:
        groups.setdefault(line.person, []).append(line.text)
    return [(person, "info", " · ".join(texts)) for person, texts in groups.items()]
