"""What a station holds while it is open: the unlocked key, the draft of the form, the cards made and not yet handed over.

All of it is in memory. Locking forgets the key and the cards; closing the program forgets everything (DP-12). The draft alone
outlives a lock, unseen, so that a nurse who was called away finds her form again.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from healthcard import card as cards
from healthcard import continuing, keyfile, seal
from healthcard.card import Card, Profile, Reading
from healthcard.clinic import entry
from healthcard.counts import Counts, services_given
from healthcard.errors import KeyFileError, Locked, NoSuchCard, Problem, RecordError, WrongPassphrase
from healthcard.printing import check as check_scan
from healthcard.printing import printers, rendering, templates
from healthcard.printing.sheets import Look
from healthcard.record import Record
from healthcard.sign import SoftwareSigner
from healthcard.trust import issued
from healthcard.trust.bundle import Match, TrustBundle

from . import drafts
from .drafts import Draft
from .sheets import Sheets, sheets_of

Basis = Literal["vital-interest", "public-interest", "consent"]
IDLE_SECONDS = 600
MOST_CARDS = 64  # made and not yet handed over
WAIT_AFTER_WRONG = 1.0  # seconds, doubled with each wrong passphrase
LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Settings:
    """How a station works: its files, on which ground it holds data (DP-09), after how long it locks."""

    key: Path
    bundle: Path
    basis: Basis
    epoch_key: Path | None = None
    counts: Path | None = None
    issued_list: Path | None = None
    templates: Path | None = None
    hours: str = ""
    idle_seconds: float = IDLE_SECONDS


@dataclass(frozen=True)
class Face:
    """How a card is to be printed."""

    template: str = "a7"
    language: str | None = None
    text_light: bool = False


@dataclass
class Made:
    """A card that was made here, with its printed faces by suffix and what its day is to count when it is handed over."""

    card: Card = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    template: str
    given: Counter[str] = field(repr=False)
    sides: int = 0  # of its print that were looked at and are well


def seconds() -> float:
    """Seconds that only go up, those of a computer asleep among them: for Linux the usual clock stands still then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


class Desk:
    """One station at work; `now` gives today's date, `clock` seconds that only go up."""

    def __init__(
        self, settings: Settings, bundle: Callable[[], TrustBundle], *, now: Callable[[], date] = date.today,
        clock: Callable[[], float] = seconds,
    ) -> None:  # fmt: skip
        self.settings, self._bundle, self.now, self._clock = settings, bundle, now, clock
        self.about = keyfile.describe(settings.key)
        keyfile.require(self.about, "station", bundle().network)
        self.counts = Counts.load(settings.counts)
        self.draft: Any = None
        self.warm = False
        self._signer: SoftwareSigner | None = None
        self._epoch: tuple[bytes, ...] = ()
        self._cards: dict[int, Made] = {}
        self._sheets: Sheets | None = None
        self._made = 0
        self._holding = threading.RLock()  # nothing is put into a desk while it is being locked
        self._last_use = clock()
        self._wrong, self._again_at = 0, 0.0

    # --- the lock ----------------------------------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        """Whether the passphrase has to be given."""
        self.lock_unused()
        return self._signer is None

    def lock_unused(self) -> None:
        """Lock a station that nobody used for `idle_seconds`."""
        if self._signer and self._clock() - self._last_use > self.settings.idle_seconds:
            self.lock()

    def unlock(self, passphrase: str) -> None:
        """Open the key file; raises WrongPassphrase, at once while a wait after wrong ones is not over, and KeyFileError."""
        if self._clock() < self._again_at:
            raise WrongPassphrase("wrong passphrase: wait before the next try")
        try:
            _, signer = keyfile.signer(self.settings.key, passphrase)
        except WrongPassphrase:
            self._wrong += 1
            self._again_at = self._clock() + min(LONGEST_WAIT, WAIT_AFTER_WRONG * 2 ** (self._wrong - 1))
            raise
        if self.settings.epoch_key:
            self._epoch = (seal.epoch_secret(self.settings.epoch_key, passphrase),)
        self._last_use = self._clock()  # first: the look at it is from another thread
        self._signer, self._wrong = signer, 0

    def lock(self) -> None:
        """Forget the keys and every card that was not handed over; work under way ends in Locked."""
        with self._holding:
            self._signer, self._epoch, self._cards, self._sheets = None, (), {}, None

    def used(self) -> None:
        """Somebody is working: the time until the station locks itself starts anew."""
        self._last_use = self._clock()

    def signer(self) -> SoftwareSigner:
        """The unlocked key; raises Locked."""
        if self.locked or self._signer is None:
            raise Locked("the station is locked: give its passphrase")
        return self._signer

    def still(self, signer: SoftwareSigner) -> None:
        """Raises Locked where the station was locked since work with `signer` began, though somebody may have unlocked it again."""
        if self.signer() is not signer:
            raise Locked("the station was locked meanwhile: begin again")

    # --- before a card -----------------------------------------------------------------------------------------------

    @property
    def match(self) -> Match:
        """This station in the trust bundle; raises KeyFileError where it is not in it."""
        found = self._bundle().match(self.about.key)
        if found is None:
            raise KeyFileError("the key is not a station of this trust bundle")
        return found

    def new(self, data: Any, profile: Profile | None) -> Draft:
        """A new card of `data`, as far as it is; raises RecordError."""
        return drafts.new(Record.from_json(data), self.match.organisation.name, self.now(), profile)

    def continued(self, texts: Sequence[str], change: Any, profile: Profile | None, **how: Any) -> Draft:
        """What would continue the card of `texts`, as far as it is; raises as `continuing.draft`."""
        return drafts.continued(self.read(texts), change, self.match.organisation.name, self.now(), profile, **how)

    def check(self, draft: Callable[[], Draft]) -> dict[str, Any]:
        """All that can be said of a draft before it is signed; nothing is signed with the station's key for it."""
        self.used()
        return drafts.check(draft, self._bundle(), self.match, self.now())

    def warm_up(self) -> None:
        """Print one card of nobody into memory, so that the first real one does not wait for fonts to be read (P1: two seconds)."""
        contact = {"date": self.now().isoformat()}
        nobody = Record.from_json({"language": "en", "people": [{"role": "mother", "contacts": [contact]}]})
        card = drafts.new(nobody, "", self.now(), None).unsigned(self._bundle(), self.match)
        rendering.checked_files(card, **self._house)
        self.warm = True

    def preview(self, draft: Callable[[], Draft], face: Face) -> bytes:
        """A picture of the face (PNG); its code is nobody's. Raises RecordError, TooLarge, PrintError."""
        self.used()
        card = draft().unsigned(self._bundle(), self.match)
        return rendering.render(card, face.template, face.language, text_light=face.text_light, format="png", **self._house)

    @property
    def _house(self) -> dict[str, Any]:
        """What every face of this station has: its own templates and its hours."""
        return {"own_templates": self.settings.templates, "hours": self.settings.hours}

    # --- cards -------------------------------------------------------------------------------------------------------

    def issue(self, data: Any, typed_again: Mapping[str, str], profile: Profile | None, face: Face) -> int:
        """The number of a new card of `data`, printed and read back; raises as `card.issue` and `rendering.checked_files`."""
        signer = self.signer()
        self.used()
        record = _chosen(data)
        again = entry.confirmed(record, typed_again)
        card = cards.issue(record, signer, self._bundle(), now=self.now(), typed_again=again, profile=profile)
        return self._keep(card, face, signer, services_given(card.record, card.issued, card.issuer))

    def read(self, texts: Sequence[str]) -> Reading:
        """What the parts of a card say; sealed entries too, where the station has the epoch key."""
        self.signer()
        self.used()
        return cards.read(*texts, bundle=self._bundle(), now=self.now(), unseal=self._epoch)

    def extend(self, texts: Sequence[str], change: Any, typed_again: Mapping[str, str], face: Face, **how: Any) -> int:
        """The number of a card that continues the one of `texts`, as `continuing.extend` has it."""
        signer, reading = self.signer(), self.read(texts)
        again: list[str] = []
        if change is not None and typed_again:
            again = entry.confirmed(continuing.read_change(change, continuing.readable(reading).record).record, typed_again)
        made = continuing.extend(reading, change, signer, self._bundle(), now=self.now(), typed_again=again, **how)
        return self._keep(made, face, signer, _added(made, reading))

    def _keep(self, card: Card, face: Face, signer: SoftwareSigner, given: Counter[str]) -> int:
        self.still(signer)
        files = rendering.checked_files(card, face.template, face.language, text_light=face.text_light, **self._house)
        self.still(signer)
        self._note([card])
        with self._holding:
            self.still(signer)
            self._made += 1
            self._cards[self._made] = Made(card, files, face.template, given)
            while len(self._cards) > MOST_CARDS:
                del self._cards[min(self._cards)]
            return self._made

    def _note(self, made: Sequence[Card]) -> None:
        """The issued list learns of cards before they leave the desk."""
        if self.settings.issued_list:
            issued.add(self.settings.issued_list, [issued.issued_hash(card.token, card.network) for card in made])

    def made(self, number: int) -> Made:
        """A card that was made and not yet handed over; raises NoSuchCard."""
        self.signer()
        self.used()
        if number not in self._cards:
            raise NoSuchCard("no such card here: it was handed over, or the station was locked since")
        return self._cards[number]

    def print(self, number: int, printer: str) -> None:
        """Give a card to a printer of this computer; raises NoSuchCard and PrintError."""
        made = self.made(number)
        printers.send_card(made.files, templates.find(made.template, self.settings.templates), printer)

    def check_print(self, number: int, taken: bytes, ruler_mm: float | None) -> list[check_scan.Result]:
        """What a picture of the print shows, of one side or of both; raises NoSuchCard and PictureError."""
        made = self.made(number)
        template = templates.find(made.template, self.settings.templates)
        found = check_scan.check({"picture": taken}, made.card.text, template, sides=made.sides, ruler_mm=ruler_mm)
        if seen := check_scan.number_of_codes(found):
            made.sides = made.sides + seen if all(one.passed for one in found if one.name != "sides") else 0  # it is printed again
        return found

    def templates(self) -> list[templates.Template]:
        """The formats that a card or a sticker can have here."""
        return [found for found in templates.registry(self.settings.templates).values() if found.code_mm]

    # --- many cards --------------------------------------------------------------------------------------------------

    def batch(self, data: bytes, face: Face, tell: Callable[[dict[str, Any]], None]) -> None:
        """Sign the records of NDJSON and hold them as sheets; `tell` gets each step and at the end how it went.

        Raises Locked and PrintError.
        """
        signer, bundle, today = self.signer(), self._bundle(), self.now()

        def issue(record: Any) -> Card:
            self.used()
            return cards.issue(_chosen(record), signer, bundle, now=today)

        look = Look(face.template, face.language, text_light=face.text_light, **self._house)
        made, refused = sheets_of(data, issue, look, tell, lambda: self.still(signer))
        self.still(signer)
        self._note(made.cards)
        with self._holding:
            self.still(signer)
            self._sheets = made
        tell({"cards": len(made.cards), "refused": refused})

    def sheets(self) -> Sheets:
        """The sheets of the last batch that were not yet handed over; raises NoSuchCard."""
        self.signer()
        self.used()
        if not self._sheets or not self._sheets.cards:
            raise NoSuchCard("no such sheets here: they were handed over, or the station was locked since")
        return self._sheets

    def sheets_handed_over(self) -> None:
        """Forget the sheets, and count the services of those who said yes."""
        made = self.sheets().cards
        given = sum((services_given(card.record, card.issued, card.issuer) for card in made), Counter[str]())
        self.counts.add(given, made[0].issued, self.now())
        self._sheets = None

    # --- what leaves it ----------------------------------------------------------------------------------------------

    def handed_over(self, number: int) -> None:
        """Forget a card that she has now, and count what it added on its day of issue if she said yes."""
        made = self.made(number)
        self.counts.add(made.given, made.card.issued, self.now())
        del self._cards[number]

    def discard(self, number: int) -> None:
        """Forget a card that nobody got."""
        self.made(number)
        del self._cards[number]


def _chosen(data: Any) -> Record:
    """The record, if it says what she chose: what nobody asked is not taken for no. Raises RecordError."""
    if not isinstance(data, dict) or not isinstance(data.get("choices"), dict) or {"import", "count"} - data["choices"].keys():
        raise RecordError([Problem("choices", "her choices are not recorded", "ask her, and write yes or no for each")])
    return Record.from_json(data)


def _added(card: Card, reading: Reading) -> Counter[str]:
    """What a card that continues the one of `reading` is to count: of a new card nothing that the old one has for the same day."""
    given = services_given(card.record, card.issued, card.issuer)
    if card.part.kind == "continuation":
        return given
    carried = continuing.carry(continuing.readable(reading), card.issuer)
    return given - services_given(carried.model_copy(update={"choices": card.record.choices}), card.issued, card.issuer)


@contextmanager
def forgetting(desk: Desk) -> Iterator[Desk]:
    """The desk while a program runs; whatever ends the program, what it held is forgotten."""
    try:
        yield desk
    finally:
        desk.lock()
        desk.draft = None
