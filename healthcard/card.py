"""The pipelines: record -> card (`issue`), card texts -> reading (`read`); the only file that knows all the others.

A reading never comes without its verdict. `VerifiedReading` and `UnverifiedReading` are two types: what an unverified card says is
shown too, as told by the holder, but nothing that asks for a verified one takes it by mistake.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal

from healthcard import codec, sign, symbol, vocabulary
from healthcard.clinic import entry
from healthcard.clinic.handover import Context, Handover, handover
from healthcard.codec import Part
from healthcard.errors import (
    CardError,
    NoSealingKey,
    NotAuthorised,
    Problem,
    SealError,
    SensitiveContent,
    TooLarge,
    TrustError,
    UnknownIssuer,
    Withdrawn,
)
from healthcard.merge import Merged, Source, merge
from healthcard.record import HOLDER, WITHHELD, Record
from healthcard.seal import open_sealed, seal
from healthcard.sealable import Kept, Sealable
from healthcard.sealed import decode_content, encode_content, join, split
from healthcard.sign import Signer, Unverified
from healthcard.trust.bundle import CARD_AAD, CONTINUE, ISSUE, Match, TrustBundle, listed_hash
from healthcard.vocabulary import Vocabulary

LARGEST_TOKEN = 540  # bytes: version 18 at level M, the largest symbol we print (spec section 7)
# From the first that applies (spec section 8); `verified` is what is left.
PRECEDENCE = ("unreadable", "newer-version", "unknown-issuer", "altered", "not-authorised", "withdrawn", "verified")
NOTICES = ("old-bundle", "clock", "retired-key", "unknown-code", "implausible-value", "copied", "superseded")


Profile = Literal["open", "split"]


@dataclass(frozen=True)
class Sealing:
    """How a new card's sensitive entries travel: `kept` and `previous` come from the card that it takes the place of."""

    profile: Profile | None = None
    blocks: int = 1
    kept: Kept = frozenset()
    previous: bytes | None = None


USUAL_SEALING = Sealing()


@dataclass(frozen=True)
class Told:
    """What the face of a continuation tells: what it adds, beside what the card says of the same people."""

    record: Record = field(repr=False)
    everybody: tuple[str, ...]  # the roles of all people of the card
    who: tuple[int, ...]  # which of them the people of `record` are


@dataclass(frozen=True)
class Card:
    """A signed card: its token, the card text that goes into the symbol, and its random id."""

    token: bytes = field(repr=False)
    text: str = field(repr=False)
    id: bytes = field(repr=False)
    part: Part = field(repr=False)
    issuer: str
    network: str
    told: Told | None = field(default=None, repr=False)  # of a continuation

    @property
    def record(self) -> Record:
        return self.part.record

    @property
    def issued(self) -> date:
        return self.part.issued

    @cached_property
    def handover(self) -> Handover:
        """The summary as of the day of issue, which is what the face prints."""
        return handover(Context(self.told.record if self.told else self.record, "verified", self.issuer), self.issued)


@dataclass(frozen=True)
class PartReading:
    """What one symbol said: its verdict and notices first, then who issued it; `part` is None where it is unreadable or newer."""

    verdict: str
    notices: tuple[str, ...] = ()
    reason: str = ""
    issuer: str | None = None
    part: Part | None = field(default=None, repr=False)
    seal: Literal["none", "closed", "opened", "damaged"] = "none"
    kept: Kept = field(default=frozenset(), repr=False)  # words that came sealed and are sealed again on a new card
    previous: bytes | None = field(default=None, repr=False)  # the card that this one took the place of, where the seal told

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"verdict": self.verdict, "notices": list(self.notices), "reason": self.reason, "issuer": self.issuer}
        if self.part:
            part = self.part
            out |= {"kind": part.kind, "id": part.id.hex(), "issued": part.issued.isoformat(), "sealed": self.seal}
            if part.continues:
                out["continues"] = part.continues.hex()
        return out


@dataclass(frozen=True)
class _Reading:
    parts: tuple[PartReading, ...]
    notices: tuple[str, ...]
    bundle_age_days: int
    now: date
    record: Record | None = field(repr=False)
    cards: tuple[Merged, ...] = field(default=(), repr=False)  # the merged parts of each card; `record` is the first one's
    clock_behind: bool = False  # the device's own date was not believed

    @property
    def top(self) -> PartReading:
        """The part that the verdict is of: the first by precedence."""
        return min(self.parts, key=lambda p: PRECEDENCE.index(p.verdict))

    @property
    def verdict(self) -> str:
        return self.top.verdict

    @property
    def issuer(self) -> str | None:
        """Who issued the card that the record is of; entries without a source are theirs."""
        return self.cards[0].issuer if self.cards else self.top.issuer

    @property
    def issued(self) -> date | None:
        return self.cards[0].parts[0].part.issued if self.cards else None

    def newest_card(self, before: date | None = None) -> date | None:
        """The newest day of issue of a verified card, `before` included: what a device may keep against a wrong clock (M64).

        A card dated after now is no witness against a date that is believed: else one station that is ahead would move every reader.
        """
        verified = [p.part.issued for p in self.parts if p.part and p.verdict == "verified"]
        seen = [issued for issued in verified if issued <= self.now or self.clock_behind]
        return max([*seen, before] if before else seen, default=None)

    @cached_property
    def handover(self) -> Handover | None:
        """The thirty-second summary as of `now`; None where nothing could be read."""
        if self.record is None:
            return None
        return handover(Context(self.record, self.verdict, self.issuer, self.cards[0].unverified), self.now)

    def to_json(self) -> dict[str, Any]:
        """The one JSON form of a reading: command line, API and web.

        `issuer` and `issued` are those of the card that `record` is of. Where several parts were merged into it, "unverified" lists
        the [person, contact] that no verified part has (contact -1: undated history), and "which_child" the people whose contacts
        may be another's; "other_cards" counts cards at hand that the record is not of. Each stands there only where there are any.
        """
        out: dict[str, Any] = {
            "verdict": self.verdict,
            "notices": list(self.notices),
            "issuer": self.issuer,
            "issued": self.issued.isoformat() if self.issued else None,
            "bundle_age_days": self.bundle_age_days,
            "record": self.record.to_json() if self.record else None,
            "handover": self.handover.to_json() if self.handover else None,
            "parts": [part.to_json() for part in self.parts],
        }
        if self.cards and len(self.cards[0].parts) > 1:
            if unverified := self.cards[0].unverified:
                out["unverified"] = [list(entry) for entry in sorted(unverified)]
            if ambiguous := self.cards[0].ambiguous:
                out["which_child"] = sorted(ambiguous)
        if len(self.cards) > 1:
            out["other_cards"] = len(self.cards) - 1
        return out


class VerifiedReading(_Reading):
    """Every part is `verified`."""

    record: Record


class UnverifiedReading(_Reading):
    """At least one part is not `verified`: treat the record, if there is one, as told by the holder."""


Reading = VerifiedReading | UnverifiedReading


def issue(
    record: Record, signer: Signer, bundle: TrustBundle, *, now: date | None = None, typed_again: Iterable[str] = (),
    profile: Profile | None = None, blocks: int = 1, known: Vocabulary | None = None,
) -> Card:  # fmt: skip
    """The signed card of `record`, issued today by the station that `signer` is in `bundle`.

    `profile` is "split" where the network has a sealing key (every card then has a sealed part of `blocks` times 64 bytes, sensitive
    entries or not) and "open" where it has none. Raises RecordError for what can't be, ConfirmationNeeded for unlikely values whose
    place is not in `typed_again`, SensitiveContent for entries that the profile can't carry, SealTooLarge where they need more blocks,
    TooLarge, and TrustError where the key may not issue today.
    """
    known = known or vocabulary.default()
    now = now or date.today()
    match = authorised(bundle, signer, ISSUE, now)
    entry.check(record, now, typed_again, match.organisation.name, known)
    part = Part("card", secrets.token_bytes(codec.ID_SIZE), None, now, record, tuple(range(len(record.people))))
    return signed(part, signer, bundle, match, known, Sealing(profile, blocks) if profile or blocks > 1 else USUAL_SEALING)


def authorised(bundle: TrustBundle, signer: Signer, scope: int, now: date) -> Match:
    """The station of `signer`; raises TrustError where this bundle would not let a reader believe what it signs today."""
    match = bundle.match(signer.key)
    if match is None:
        raise TrustError("the key is not a station of this trust bundle")
    if match.revoked or match.organisation.delisted:
        raise TrustError("the station's key or organisation was withdrawn")
    if not match.station.covers(scope, now):
        raise TrustError(f"the station's key is for {match.station.first} to {match.station.last}, and not for this on {now}")
    if now < bundle.issued - timedelta(1):  # a root east of here may be a day ahead
        raise TrustError("the clock of this device is before its trust bundle: set it")
    return match


def signed(part: Part, signer: Signer, bundle: TrustBundle, match: Match, known: Vocabulary, sealing: Sealing) -> Card:
    """`part` with its sensitive entries sealed, signed and as the text of one symbol."""
    part = sealed(part, bundle, known, sealing)
    payload = codec.encode(part, bundle.organisation_numbers, known)
    token = sign.sign(payload, signer, CARD_AAD[bundle.network])
    if len(token) > LARGEST_TOKEN:
        raise TooLarge(f"{len(token)} bytes, {LARGEST_TOKEN} fit one symbol; {largest_share(part, bundle, known)}")
    return Card(token, symbol.card_text(token, bundle.network), part.id, part, match.organisation.name, bundle.network)


def sealed(part: Part, bundle: TrustBundle, known: Vocabulary, sealing: Sealing) -> Part:
    """`part` with its sensitive entries in a sealed part, where the network and the profile have one."""
    key = bundle.sealing_key(part.issued) if part.kind == "card" and sealing.profile != "open" else None
    if key:
        part, content = split(part, bundle.organisation_numbers, known, sealing.kept, sealing.previous)
        return replace(part, sealed=seal(encode_content(content), key.public, bundle.network, part.id, sealing.blocks))
    if sealing.profile == "split" and part.kind == "card":
        raise TrustError("this trust bundle has no sealing key for today")
    if sealing.kept and (came_sealed := Sealable(known, sealing.kept).places(part.record)):
        hint = "seal it on a new card, with a bundle that has a sealing key for today, or leave it out"
        raise SensitiveContent([Problem(place, "came sealed, and would be open", hint) for place in came_sealed])
    return part


def largest_share(part: Part, bundle: TrustBundle, known: Vocabulary) -> str:
    """Which person could go on a second card, in words."""
    sizes = []
    for at, person in enumerate(part.record.people):
        alone = Part(part.kind, part.id, part.continues, part.issued, part.record.model_copy(update={"people": (person,)}), (0,))
        sizes.append((len(codec.write(alone, bundle.organisation_numbers, known)), at, person))
    if len(sizes) > 1:
        _, at, person = max(sizes, key=lambda size: size[0] if size[2].role == "infant" else 0)
        return f"two cards: people[{at}] ({person.role}) could go on a second one"
    return f"two cards: the earlier of the {len(part.record.people[0].contacts)} contacts could go on a second one"


def read(
    *texts: str, bundle: TrustBundle, now: date | None = None, newest_card: date | None = None, unseal: Sequence[bytes] = (),
    known: Vocabulary | None = None,
) -> Reading:  # fmt: skip
    """What one or several card texts say, each with its verdict; never raises for their content.

    `now` is today's date. A clock before the bundle's own date, or before `newest_card`, is not believed (notice `clock`): the latter
    is what `Reading.newest_card` gave after the last reading, for a device that keeps that one date. `unseal` are the epoch secrets that
    this reader holds: sealed entries they open stand in the record, and never change a verdict.
    """
    known = known or vocabulary.default()
    today = now or date.today()
    earliest = max(bundle.issued, newest_card or bundle.issued)
    floor = max(today, earliest)
    parts = tuple(read_part(text, bundle, floor, known) for text in dict.fromkeys(texts))
    if unseal:
        parts = _superseded(tuple(_opened(part, bundle, unseal, known) for part in parts))
    notices = {notice for part in parts for notice in part.notices}
    if floor > bundle.expires:
        notices.add("old-bundle")
    if clock_behind := today < earliest:
        notices.add("clock")
    ordered = _in_order(notices)
    cards = merge([Source(part.part, part.verdict, part.issuer, part.seal == "opened", part.kept) for part in parts if part.part], known)
    kind = VerifiedReading if cards and all(part.verdict == "verified" for part in parts) else UnverifiedReading
    return kind(parts, ordered, (floor - bundle.issued).days, floor, cards[0].record if cards else None, cards, clock_behind)


def read_part(text: str, bundle: TrustBundle, now: date, known: Vocabulary) -> PartReading:
    """The verdict on one card text, and what it says."""
    part, match = None, None
    try:
        network, token = symbol.parse_card_text(text)
        message = sign.inspect(token)
        part = codec.decode(message.payload, bundle.organisation_names, known)
        if network != bundle.network:
            raise UnknownIssuer("a card of the test network" if network == "test" else "not a card of the test network")
        key = message.verify(bundle.keys, CARD_AAD[network]).key
        match = bundle.match(key)
        assert match
        _judge(part, match, bundle, message)
    except CardError as error:
        issuer = match.organisation.name if match else None
        return PartReading(error.code, _notices(part, match, now), str(error), issuer, part, _seal(part))
    return PartReading("verified", _notices(part, match, now), "", match.organisation.name, part, _seal(part))


def _seal(part: Part | None) -> Literal["none", "closed"]:
    return "closed" if part and part.sealed else "none"


def _opened(reading: PartReading, bundle: TrustBundle, secrets_held: Sequence[bytes], known: Vocabulary) -> PartReading:
    """`reading` with the sealed entries in its part, where a secret opens them; a seal that does not read changes no verdict."""
    part = reading.part
    if part is None or not part.sealed:
        return reading
    try:
        content = decode_content(open_sealed(part.sealed, secrets_held, bundle.network, part.id))
        part, kept = join(part, content, bundle.organisation_numbers, known)
    except NoSealingKey:
        return reading
    except SealError:
        return replace(reading, seal="damaged")
    notices = _in_order({*reading.notices, *_content_notices(part, reading.issuer)})
    return replace(reading, notices=notices, part=part, seal="opened", kept=kept, previous=content.previous)


def _superseded(parts: tuple[PartReading, ...]) -> tuple[PartReading, ...]:
    """`parts` with the notice on every card that an opened seal of another verified one names as its previous."""
    older = {part.previous for part in parts if part.previous and part.verdict == "verified"}
    return tuple(replace(p, notices=(*p.notices, "superseded")) if p.part and p.part.id in older else p for p in parts)


def _judge(part: Part, match: Match, bundle: TrustBundle, message: Unverified) -> None:
    """Raises NotAuthorised or Withdrawn where the right signature is not enough (spec section 8)."""
    if not match.station.covers(ISSUE if part.kind == "card" else CONTINUE, part.issued):
        raise NotAuthorised("outside the scope or window of the station's key")
    if bundle.withdraws(part.id, match.organisation):
        raise Withdrawn("the card was withdrawn")
    if match.organisation.delisted:
        raise Withdrawn("its organisation was delisted")
    if revoked := match.revoked:
        if revoked.listed is None and revoked.day <= part.issued:
            raise Withdrawn("its key was revoked")
        if revoked.listed is not None and listed_hash(message.to_be_signed(CARD_AAD[bundle.network])) not in revoked.listed:
            raise Withdrawn("its key counts only for listed cards, and this is not one")


def _notices(part: Part | None, match: Match | None, now: date) -> tuple[str, ...]:
    if part is None:
        return ()
    found = _content_notices(part, match.organisation.name if match else None)
    if part.issued > now:
        found.add("clock")
    if match and match.station.last < now:
        found.add("retired-key")
    return _in_order(found)


def _in_order(notices: set[str]) -> tuple[str, ...]:
    return tuple(notice for notice in NOTICES if notice in notices)


def _content_notices(part: Part, issuer: str | None) -> set[str]:
    """What is to be noticed of the entries themselves."""
    found = set()
    if part.unknown:
        found.add("unknown-code")
    if part.implausible:
        found.add("implausible-value")
    own = {None, HOLDER, WITHHELD, issuer}
    for person in part.record.people:
        if person.history_source not in own or any(contact.source not in own for contact in person.contacts):
            found.add("copied")
    return found
