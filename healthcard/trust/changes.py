"""Changes to what a trust bundle says, each from one content to the next; nothing is signed here (docs/trust.md).

What readers were told once is not taken back: numbers and names are for good, a withdrawn card stays withdrawn, a revoked key revoked.
Each raises TrustError where the change can't be made.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from healthcard.errors import TrustError
from healthcard.sign import Key
from healthcard.trust.bundle import (
    FIRST_ORGANISATION,
    Content,
    Organisation,
    RevokedKey,
    SealingKey,
    Station,
    card_hash,
    key_hash,
)
from healthcard.trust.stations import SignedStations

ORGANISATION_LIFE = timedelta(days=400)


def add_organisation(content: Content, name: str, key: Key, today: date) -> Content:
    """A new organisation under the next free number."""
    if any(o.name == name for o in content.organisations):
        raise TrustError(f"{name}: listed already")
    number = max((o.number for o in content.organisations), default=FIRST_ORGANISATION - 1) + 1
    return replace(content, organisations=(*content.organisations, Organisation(number, name, key, today, today + ORGANISATION_LIFE)))


def accept_stations(content: Content, listed: SignedStations) -> Content:
    """The station list that an organisation signed with the key it is listed with, in place of its earlier one."""
    held = organisation(content, listed.number)
    if listed.key != held.key:
        raise TrustError(f"{held.name}: signed with another key than the one listed; if it is new, renew the organisation")
    return _changed(content, _with_stations(held, listed))


def renew_organisation(content: Content, listed: SignedStations, today: date) -> Content:
    """An organisation's next key, and its station list signed with it."""
    held = organisation(content, listed.number)
    if listed.key == held.key:
        raise TrustError(f"{held.name}: has this key already")
    renewed = replace(_with_stations(held, listed), key=listed.key, first=today, last=today + ORGANISATION_LIFE)
    return _changed(content, renewed)


def delist_organisation(content: Content, name: str, day: date) -> Content:
    """Nothing that this organisation ever signed counts from now on."""
    held = organisation(content, name)
    if held.delisted:
        raise TrustError(f"{name}: delisted already")
    return _changed(content, replace(held, delisted=day))


def add_sealing_key(content: Content, public: bytes, first: date, last: date) -> Content:
    """The key that sensitive entries are sealed to from `first` to `last`."""
    if any(s.public == public for s in content.sealing):
        raise TrustError("this sealing key is listed already")
    return replace(content, sealing=(*content.sealing, SealingKey(public, first, last)))


def retire_sealing_keys(content: Content, today: date) -> Content:
    """Without the sealing keys whose epoch is over: nobody seals to them any more."""
    kept = tuple(s for s in content.sealing if s.last >= today)
    if kept == content.sealing:
        raise TrustError("no sealing key whose epoch is over")
    return replace(content, sealing=kept)


def revoke_cards(content: Content, card_ids: Iterable[bytes], today: date) -> Content:
    """Withdraw cards by their ids; those withdrawn before keep their day."""
    withdrawn = {card_hash(card_id): today for card_id in card_ids} | dict(content.withdrawn)
    if withdrawn == dict(content.withdrawn):
        raise TrustError("withdrawn already")
    return replace(content, withdrawn=withdrawn)


def revoke_key(content: Content, key: Key, day: date) -> Content:
    """A key that was lost: what it signs from `day` on does not count. A stolen one belongs in issued-list mode."""
    held = _revoked(content, key)
    if held and held.listed is not None:
        raise TrustError("the key is in issued-list mode, which is stricter")
    if held and held.day <= day:
        raise TrustError("revoked already, from that day or an earlier one")
    return _revoking(content, RevokedKey(key_hash(key), day))


def issued_list(content: Content, key: Key, hashes: Iterable[bytes], today: date) -> Content:
    """A key that was stolen: only the parts in `hashes` count, and those listed before."""
    held = _revoked(content, key) or RevokedKey(key_hash(key), today)
    made = replace(held, listed=(held.listed or frozenset()) | frozenset(hashes))
    if made == _revoked(content, key):
        raise TrustError("in issued-list mode already, with all of these")
    return _revoking(content, made)


def organisation(content: Content, given: str | int) -> Organisation:
    """The organisation of a short name or number."""
    found = next((o for o in content.organisations if given in (o.name, o.number)), None)
    if found is None:
        raise TrustError(f"{given}: not an organisation of this bundle")
    return found


def station(content: Content, given: str) -> tuple[Organisation, Station]:
    """The station of a name ("mx-rc/2") or kid ("6093079b"); a kid that two stations share is refused."""
    found = [(o, s) for o in content.organisations for s in o.stations if given in (f"{o.name}/{s.number}", s.key.kid.hex())]
    if not found:
        raise TrustError(f"{given}: no such station; `healthcard trust show` lists them")
    if len(found) > 1:
        raise TrustError(f"{given}: {' and '.join(f'{o.name}/{s.number}' for o, s in found)} have this kid; give the name")
    return found[0]


def _with_stations(held: Organisation, listed: SignedStations) -> Organisation:
    if held.delisted:
        raise TrustError(f"{held.name}: delisted")
    if listed.sequence <= held.sequence:
        raise TrustError(f"{held.name}: an older station list than the one held; sign it again with the newest bundle")
    return replace(held, stations=listed.stations, station_list=listed.token)


def _changed(content: Content, made: Organisation) -> Content:
    return replace(content, organisations=tuple(made if o.number == made.number else o for o in content.organisations))


def _revoked(content: Content, key: Key) -> RevokedKey | None:
    return next((r for r in content.revoked if r.key_hash == key_hash(key)), None)


def _revoking(content: Content, made: RevokedKey) -> Content:
    return replace(content, revoked=(*(r for r in content.revoked if r.key_hash != made.key_hash), made))
