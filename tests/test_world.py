"""A whole world, in memory and through the command line: three organisations with two stations each, a year of keys, a stolen laptop, a
lost root key, a phone that was offline for fourteen months; what each reader says at each step stands in one table.

A wrong clock never changes a verdict, and a withdrawal reaches a reader by each of the four ways that a bundle travels.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from healthcard import card
from healthcard.card import Card
from healthcard.commands import keepers, tables
from healthcard.commands import travel as cli_travel
from healthcard.record import Record
from healthcard.sign import SoftwareSigner
from healthcard.trust import bundle as trust
from healthcard.trust import changes, custody, issued, stations
from healthcard.trust.bundle import CONTINUE, ISSUE, Root, Station, TrustBundle
from tests import builders
from tests.command import Done, healthcard
from tests.test_verifier import running
from tests.world import World

ORGANISATIONS = ("pa-rc", "hn-rc", "mx-rc")
DAYS = {
    "founded": date(2026, 1, 5), "first card": date(2026, 1, 20), "laptop at work": date(2026, 3, 2), "laptop stolen": date(2026, 3, 10),
    "thief": date(2026, 3, 12), "root key lost": date(2026, 6, 1), "second half": date(2026, 8, 3), "card withdrawn": date(2026, 9, 1),
    "keys renewed": date(2026, 11, 16), "next year": date(2027, 1, 18), "delisted": date(2027, 2, 1), "phone is back": date(2027, 3, 8),
}  # fmt: skip
FIRST_HALF, SECOND_HALF, NEXT_YEAR = date(2026, 1, 1), date(2026, 7, 1), date(2027, 1, 1)
DATED_BACK = date(2026, 3, 5)  # what the thief writes on the card

CARDS = ("first", "uploaded", "not uploaded", "thief's", "second half", "next year")
V, W, U = "verified", "withdrawn", "unknown-issuer"
OLD, RETIRED = "old-bundle", "retired-key"
# At each step: what the clinic, which has every bundle, and the phone, which has the first alone, say of the cards that are out;
# then the notices of each on the first card.
TABLE = {
    "first card": ([V], [V], [], []),
    "laptop at work": ([V, V, V], [V, V, V], [], []),
    "thief": ([V, V, W, W], [V, V, V, V], [], []),
    "root key lost": ([V, V, W, W], [V, V, V, V], [], [OLD]),
    "second half": ([V, V, W, W, V], [V, V, V, V, V], [RETIRED], [OLD, RETIRED]),
    "card withdrawn": ([W, V, W, W, V], [V, V, V, V, V], [RETIRED], [OLD, RETIRED]),
    "next year": ([W, V, W, W, V, V], [V, V, V, V, V, U], [RETIRED], [OLD, RETIRED]),
    "delisted": ([W, V, W, W, W, V], [V, V, V, V, V, U], [RETIRED], [OLD, RETIRED]),
    "phone is back": ([W, V, W, W, W, V], [W, V, W, W, W, V], [RETIRED], [RETIRED]),
}

Said = tuple[list[str], list[str]]  # the verdict on each card, the notices on the first


class Hands(Protocol):
    """What people do, whichever way they do it; stations are named "pa-rc/1" in the order in which they were listed."""

    def go(self, day: date) -> None: ...
    def found(self) -> None: ...
    def list_stations(self, organisation: str, first: date) -> None: ...
    def issue(self, station: str, *, stolen: bool = False) -> str: ...
    def issued_list(self, station: str, uploaded: str) -> None: ...
    def rotate(self) -> None: ...
    def withdraw(self, text: str) -> None: ...
    def renew(self, organisation: str, first: date) -> None: ...
    def delist(self, organisation: str) -> None: ...
    def update(self, reader: str) -> None: ...
    def read(self, reader: str, texts: Sequence[str]) -> Said: ...


def told(hands: Hands) -> Iterator[tuple[str, Said, Said]]:
    """The story; at each step that the table has, what clinic and phone say."""
    texts: list[str] = []

    def say(step: str) -> tuple[str, Said, Said]:
        hands.go(DAYS[step])
        hands.update("clinic")
        return step, hands.read("clinic", texts), hands.read("phone", texts)

    hands.go(DAYS["founded"])
    hands.found()
    for name in ORGANISATIONS:
        hands.list_stations(name, FIRST_HALF)
        hands.list_stations(name, SECOND_HALF)  # published in advance
    hands.update("phone")

    hands.go(DAYS["first card"])
    texts.append(hands.issue("pa-rc/1"))
    yield say("first card")

    hands.go(DAYS["laptop at work"])
    texts += [hands.issue("hn-rc/1"), hands.issue("hn-rc/1")]
    yield say("laptop at work")

    hands.go(DAYS["laptop stolen"])
    hands.issued_list("hn-rc/1", uploaded=texts[1])
    hands.go(DATED_BACK)
    texts.append(hands.issue("hn-rc/1", stolen=True))
    yield say("thief")

    hands.go(DAYS["root key lost"])
    hands.rotate()
    yield say("root key lost")

    hands.go(DAYS["second half"])
    texts.append(hands.issue("mx-rc/3"))
    yield say("second half")

    hands.go(DAYS["card withdrawn"])
    hands.withdraw(texts[0])
    yield say("card withdrawn")

    hands.go(DAYS["keys renewed"])
    hands.renew("pa-rc", NEXT_YEAR)
    hands.go(DAYS["next year"])
    texts.append(hands.issue("pa-rc/5"))
    yield say("next year")

    hands.go(DAYS["delisted"])
    hands.delist("mx-rc")
    yield say("delisted")

    hands.go(DAYS["phone is back"])
    hands.update("phone")
    yield say("phone is back")


def record(today: date) -> Record:
    return builders.infant(on=today - timedelta(1), age_days=300, observations={"muac": 141})


# --- in memory -------------------------------------------------------------------------------------------------------


class InMemory:
    """The deeds by the library alone."""

    def __init__(self) -> None:
        self.keepers = [SoftwareSigner.generate() for _ in range(3)]
        self.owners = {name: SoftwareSigner.generate() for name in ORGANISATIONS}
        self.devices: dict[str, SoftwareSigner] = {}
        self.held: dict[str, TrustBundle] = {}
        self.cards: dict[str, Card] = {}
        self.bundle: TrustBundle
        self.before_theft: TrustBundle

    def go(self, day: date) -> None:
        self.today = day

    def found(self) -> None:
        keys = tuple(keeper.key for keeper in self.keepers)
        self._publish(custody.founding("test", Root(2, keys), self.today))
        for name, owner in self.owners.items():
            self._change(changes.add_organisation(self.bundle.content, name, owner.key, self.today))

    def list_stations(self, organisation: str, first: date) -> None:
        self._change(changes.accept_stations(self.bundle.content, self._signed(organisation, first)))

    def issue(self, station: str, *, stolen: bool = False) -> str:
        bundle = self.before_theft if stolen else self.bundle
        made = card.issue(record(self.today), self.devices[station], bundle, now=self.today)
        self.cards[made.text] = made
        return made.text

    def issued_list(self, station: str, uploaded: str) -> None:
        self.before_theft = self.bundle
        hashes = [issued.issued_hash(self.cards[uploaded].token, "test")]
        _, found = changes.station(self.bundle.content, station)
        self._change(changes.issued_list(self.bundle.content, found.key, hashes, self.today))

    def rotate(self) -> None:
        lost, fresh = self.keepers.pop(), SoftwareSigner.generate()
        self.keepers.append(fresh)
        assert lost.key in self.bundle.roots[-1].keys
        self._publish(custody.rotation(self.bundle, Root(2, tuple(keeper.key for keeper in self.keepers)), self.today))

    def withdraw(self, text: str) -> None:
        self._change(changes.revoke_cards(self.bundle.content, [self.cards[text].id], self.today))

    def renew(self, organisation: str, first: date) -> None:
        self.owners[organisation] = SoftwareSigner.generate()
        self._change(changes.renew_organisation(self.bundle.content, self._signed(organisation, first), self.today))

    def delist(self, organisation: str) -> None:
        self._change(changes.delist_organisation(self.bundle.content, organisation, self.today))

    def update(self, reader: str) -> None:
        held, newest = self.held.get(reader), TrustBundle.load(self.bundle.raw)
        self.held[reader] = held.update(newest) if held else newest

    def read(self, reader: str, texts: Sequence[str]) -> Said:
        readings = [card.read(text, bundle=self.held[reader], now=self.today) for text in texts]
        return [reading.verdict for reading in readings], list(readings[0].notices)

    def _signed(self, organisation: str, first: date) -> stations.SignedStations:
        owner = changes.organisation(self.bundle.content, organisation)
        fresh = []
        for n in range(2):
            number, device = stations.next_number(owner) + n, SoftwareSigner.generate()
            self.devices[f"{organisation}/{number}"] = device
            fresh.append(Station(number, ISSUE | CONTINUE, device.key, first, custody.last_day(first)))
        made = stations.sign_stations(self.bundle, owner, self.owners[organisation], (*owner.stations, *fresh))
        return stations.SignedStations.load(made.raw)

    def _change(self, content: trust.Content) -> None:
        self._publish(custody.next_version(self.bundle, content, self.today))

    def _publish(self, draft: trust.Envelope) -> None:
        """Two keepers sign, one after the other, each what the one before handed on."""
        for keeper in self.keepers[:2]:
            draft = trust.Envelope.parse(draft.raw).signed_by(keeper)
        self.bundle = custody.complete(draft)


# --- through the command line ----------------------------------------------------------------------------------------


class Typed:
    """The deeds as people type them, each keeper with the file that the one before handed on; the calendar is set for all commands."""

    def __init__(self, folder: Path, calendar: "Calendar") -> None:
        self.folder, self.calendar, self.count = folder, calendar, 0
        self.bundle, self.old = folder / "trust.bundle", folder / "before_theft.bundle"
        self.keepers = ["keeper1", "keeper2", "keeper3"]
        for name in (*self.keepers, "keeper4"):
            self._key(name, "root")
        self.owners = {name: name for name in ORGANISATIONS}
        self.listed = dict.fromkeys(ORGANISATIONS, 0)

    def go(self, day: date) -> None:
        self.calendar.set(day)

    def found(self) -> None:
        others = [word for name in self.keepers[1:] for word in ("--keeper", self.public[name])]
        self._publish("init", self.bundle, *others, "--threshold", 2)
        for name in ORGANISATIONS:
            self._key(name, "organisation")
            self._publish("add-organisation", self.bundle, name, self.public[name])

    def list_stations(self, organisation: str, first: date) -> None:
        self._publish("accept-stations", self.bundle, self._signed(organisation, first))

    def issue(self, station: str, *, stolen: bool = False) -> str:
        self.count += 1
        path = self.folder / f"card{self.count}.json"
        path.write_text(json.dumps(record(self.calendar.day).to_json()))
        bundle = self.old if stolen else self.bundle
        self.run("issue", path, "--key", self._path(station), "--bundle", bundle, "--out", self.folder,
                 "--issued-list", path.with_suffix(".issued"))  # fmt: skip
        return path.with_suffix(".txt").read_text().strip()

    def issued_list(self, station: str, uploaded: str) -> None:
        self.old.write_bytes(self.bundle.read_bytes())
        name = next(path for path in self.folder.glob("card*.txt") if path.read_text().strip() == uploaded)
        self._publish("issued-list", self.bundle, station, name.with_suffix(".issued"))

    def rotate(self) -> None:
        self.keepers[2] = "keeper4"
        named = [word for name in self.keepers for word in ("--keeper", self.public[name])]
        self._publish("rotate-root", self.bundle, *named, "--threshold", 2)

    def withdraw(self, text: str) -> None:
        self._publish("revoke-card", self.bundle, text)

    def renew(self, organisation: str, first: date) -> None:
        self.owners[organisation] = f"{organisation}-new"
        self._key(self.owners[organisation], "organisation")
        self._publish("renew-organisation", self.bundle, self._signed(organisation, first))

    def delist(self, organisation: str) -> None:
        self._publish("delist-organisation", self.bundle, organisation)

    def update(self, reader: str) -> None:
        stick = self.folder / "stick"
        stick.mkdir(exist_ok=True)
        self.run("trust", "export", self.bundle, "--to", "file", "--out", stick)
        self.run("trust", "import", self.folder / f"{reader}.bundle", stick, "--yes")

    def read(self, reader: str, texts: Sequence[str]) -> Said:
        said = []
        for text in texts:
            done = healthcard("read", text, "--bundle", self.folder / f"{reader}.bundle", "--json")
            said.append(json.loads(done.out))
            assert done.code == (0 if said[-1]["verdict"] == V else 3), done.err
        return [reading["verdict"] for reading in said], said[0]["notices"]

    def run(self, *arguments: object) -> Done:
        done = healthcard(*arguments)
        assert done.code == 0, (arguments, done.err)
        return done

    public: dict[str, str]

    def _path(self, name: str) -> Path:
        return self.folder / f"{name.replace('/', '-')}.key"

    def _key(self, name: str, purpose: str) -> str:
        self.public = getattr(self, "public", {})
        self.public[name] = self.run("keygen", self._path(name), "--purpose", purpose, "--test").out.strip()
        return self.public[name]

    def _signed(self, organisation: str, first: date) -> Path:
        """As the organisation: two more stations for the half-year from `first`, as a file for the keepers."""
        keys = []
        for _ in range(2):
            self.listed[organisation] += 1
            keys.append(self._key(f"{organisation}/{self.listed[organisation]}", "station"))
        path = self.folder / f"{organisation}.stations"
        key = self._path(self.owners[organisation])
        said = self.run("trust", "sign-stations", self.bundle, organisation, *keys, "--organisation-key", key, "--out", path,
                        "--first-day", first, "--yes")  # fmt: skip
        assert path.name in said.out
        return path

    def _publish(self, command: str, *arguments: object) -> None:
        """One keeper makes the change and signs, another looks at the draft and signs; only then is there a new bundle."""
        draft = self.bundle.with_name("trust.bundle.draft")
        before = self.bundle.read_bytes() if self.bundle.exists() else None
        self.run("trust", command, *arguments, "--root-key", self._path(self.keepers[0]), "--yes")
        assert draft.exists() and (self.bundle.read_bytes() if self.bundle.exists() else None) == before
        assert healthcard("trust", "verify", draft).code == 1
        handed_on = self.folder / "stick" / "trust.bundle.draft"
        handed_on.parent.mkdir(exist_ok=True)
        draft.rename(handed_on)
        self.run("trust", "sign", handed_on, "--bundle", self.bundle, "--root-key", self._path(self.keepers[1]), "--yes")
        assert not handed_on.exists() and self.bundle.read_bytes() != before
        self.run("trust", "verify", self.bundle)


class Calendar:
    """Today, for every command in this process."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.day = DAYS["founded"]
        calendar = self

        class Today(date):
            @classmethod
            def today(cls) -> "Today":
                return cls(calendar.day.year, calendar.day.month, calendar.day.day)

        for module in (card, tables, cli_travel, keepers):
            patch.setattr(module, "date", Today)

    def set(self, day: date) -> None:
        self.day = day


# --- the table -------------------------------------------------------------------------------------------------------


def test_every_reader_says_at_every_step_what_the_table_says_in_memory() -> None:
    steps = list(told(InMemory()))
    assert {step: (*clinic, *phone) for step, clinic, phone in steps} == {
        step: (clinic, first, phone, second) for step, (clinic, phone, first, second) in TABLE.items()
    }


def test_every_reader_says_at_every_step_what_the_table_says_by_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step, clinic, phone in told(Typed(tmp_path, Calendar(monkeypatch))):
        of_clinic, of_phone, notices, phone_notices = TABLE[step]
        assert (step, clinic) == (step, (of_clinic, notices))
        assert (step, phone) == (step, (of_phone, phone_notices))


def test_a_wrong_clock_never_changes_a_verdict() -> None:
    """1970 after a flat battery, 2019 before the network was there, 2040 by a slip."""
    hands = InMemory()
    said = [verdicts for _, *verdicts in told(hands)][-1]
    for clock in (date(1970, 1, 1), date(2019, 1, 1), date(2040, 1, 1)):
        hands.go(clock)
        texts = list(hands.cards)
        for reader, (verdicts, _) in zip(("clinic", "phone"), said, strict=True):
            again, notices = hands.read(reader, texts)
            assert again == verdicts
            assert ("clock" in notices) == (clock.year < 2020)
            assert (OLD in notices) == (clock.year == 2040)


# --- the four ways ---------------------------------------------------------------------------------------------------

TODAY = date(2026, 7, 2)


def by_file(newer: Path, stack: ExitStack) -> list[object]:
    return [newer]


def by_folder(newer: Path, stack: ExitStack) -> list[object]:
    return [newer.parent]


def by_http(newer: Path, stack: ExitStack) -> list[object]:
    return [stack.enter_context(running(newer, TODAY)).base_url.join("/v1/trust")]


def by_screen(newer: Path, stack: ExitStack) -> list[object]:
    done = healthcard("trust", "export", newer, "--to", "qr", "--out", newer.parent / "screen.png")
    assert done.code == 0, done.err
    return sorted(newer.parent.glob("screen*.png"))


@pytest.mark.parametrize("way", [by_file, by_folder, by_http, by_screen])
def test_a_withdrawn_card_and_a_revoked_key_reach_a_reader(way: Callable[[Path, ExitStack], list[object]], tmp_path: Path) -> None:
    world = World.build(TODAY)
    other, owner = SoftwareSigner.generate(), world.organisation_signers["hn-rc"]
    start = custody.add_station(world.bundle, [world.root_signer], "hn-rc", owner, other.key, ISSUE, TODAY, TODAY)
    one, two = (card.issue(record(TODAY), signer, start, now=TODAY) for signer in (world.station_signer, other))
    held, newer = tmp_path / "phone" / "trust.bundle", tmp_path / "stick" / "newer.bundle"
    for path in (held, newer):
        path.parent.mkdir()
    start.save(held)
    content = changes.revoke_key(changes.revoke_cards(start.content, [one.id], TODAY), other.key, TODAY)
    custody.complete(custody.next_version(start, content, TODAY).signed_by(world.root_signer)).save(newer)

    def verdicts() -> list[str]:
        return [json.loads(healthcard("read", made.text, "--bundle", held, "--json").out)["verdict"] for made in (one, two)]

    assert verdicts() == [V, V]
    with ExitStack() as stack:
        sources = way(newer, stack)
        done = healthcard("trust", "import", held, *sources)
        assert done.code == 0, done.err
        assert "1 cards withdrawn" in done.said and "revoked: hn-rc/1" in done.said
        assert verdicts() == [W, W]
        again = healthcard("trust", "import", held, *sources)
        assert (again.code, again.err) == (0, "") and "is the newest there" in again.out
    start.save(tmp_path / "stick" / "newer.bundle.old")
    older = healthcard("trust", "import", held, tmp_path / "stick" / "newer.bundle.old")
    assert (older.code, verdicts()) == (1, [W, W])
    assert "rollback" in older.said
