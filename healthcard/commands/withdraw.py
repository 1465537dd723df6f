"""`healthcard trust revoke-card | revoke-key | issued-list | delist-organisation`: what can't be undone (docs/trust.md)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from healthcard import card
from healthcard.commands.keepers import Bundle, RootKeys, Yes, asked, day, publish, tell, today
from healthcard.commands.options import PassphraseFile
from healthcard.commands.terminal import card_texts
from healthcard.errors import TrustError
from healthcard.trust import changes, custody, issued
from healthcard.trust.bundle import TrustBundle

CARD_ID = re.compile(r"[0-9a-f]{16}")
THEN = ". Readers learn it with this bundle: give it to every one, by any way."

StationName = Annotated[
    str | None, typer.Argument(metavar="STATION", help="name (mx-rc/2) or kid (6093079b) of the station", show_default=False)
]


def revoke_card(
    bundle: Bundle,
    cards: Annotated[
        list[str] | None, typer.Argument(metavar="CARD...", help="ids in hexadecimal, card texts, pictures or PDF", show_default=False)
    ] = None,
    root_key: RootKeys = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """Withdraw cards, for good; the bundle then lists a short hash of each id, without a reason."""
    held, now = TrustBundle.load(bundle), today()
    ids = [one for given in cards or [asked(None, "Id of the card, or a picture of it", "CARD")] for one in _card_ids(given, held)]
    content = changes.revoke_cards(held.content, ids, now)
    publish(bundle, held, custody.next_version(held, content, now), root_key, passphrase_file, yes, THEN, final=True)


def revoke_key(
    bundle: Bundle,
    station: StationName = None,
    from_day: Annotated[
        str | None, typer.Option("--day", help="what it signs from this day on does not count; default: today", show_default=False)
    ] = None,
    root_key: RootKeys = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """Revoke a station's key that was lost. If it may be in other hands, use issued-list: a thief can date cards back."""
    held, now = TrustBundle.load(bundle), today()
    _, found = changes.station(held.content, asked(station, "Station (mx-rc/2) or kid", "STATION"))
    content = changes.revoke_key(held.content, found.key, day(from_day, now, "--day"))
    publish(bundle, held, custody.next_version(held, content, now), root_key, passphrase_file, yes, THEN, final=True)


def issued_list(
    bundle: Bundle,
    station: StationName = None,
    lists: Annotated[
        list[Path] | None, typer.Argument(metavar="LIST...", help="issued lists that the station sent", show_default=False)
    ] = None,
    root_key: RootKeys = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """After a theft: of this station's cards only those on its issued lists stay verified. Later lists can be added."""
    held, now = TrustBundle.load(bundle), today()
    _, found = changes.station(held.content, asked(station, "Station (mx-rc/2) or kid", "STATION"))
    hashes = {one for path in lists or () for one in issued.load(path)}
    if not hashes:
        tell(["no list is given: none of its cards stays verified"])
    content = changes.issued_list(held.content, found.key, hashes, now)
    publish(bundle, held, custody.next_version(held, content, now), root_key, passphrase_file, yes, THEN, final=True)


def delist_organisation(
    bundle: Bundle,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="short name of the organisation", show_default=False)] = None,
    root_key: RootKeys = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
) -> None:
    """Nothing that an organisation ever signed counts any more; its cards read as withdrawn."""
    held, now = TrustBundle.load(bundle), today()
    content = changes.delist_organisation(held.content, asked(name, "Short name of the organisation", "NAME"), now)
    publish(bundle, held, custody.next_version(held, content, now), root_key, passphrase_file, yes, THEN, final=True)


COMMANDS: dict[str, Callable[..., None]] = {
    "revoke-card": revoke_card,
    "revoke-key": revoke_key,
    "issued-list": issued_list,
    "delist-organisation": delist_organisation,
}


def _card_ids(given: str, held: TrustBundle) -> list[bytes]:
    """The ids that one argument stands for; says of each card found who issued it and when."""
    if CARD_ID.fullmatch(spelled := "".join(given.split()).lower()):  # as it is told on the telephone
        return [bytes.fromhex(spelled)]
    reading = card.read(*card_texts(given), bundle=held)
    parts = [(found.part, found) for found in reading.parts if found.part]
    if not parts:
        raise TrustError("no card that can be read: give its id")
    tell(f"{part.kind} {part.id.hex()}, issued {part.issued} by {found.issuer or '?'}: {found.verdict}" for part, found in parts)
    return [part.id for part, _ in parts]
