"""Twenty genuine cards of different shapes, the same each time: both algorithms and networks, one to eight people, sealed bytes,
continuations, codes and organisations without a word.

    for genuine in cards(TODAY):
        assert read_part(genuine.text, genuine.network.bundle, TODAY, vocabulary.default()).verdict == "verified"
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from healthcard import cbor, codec, sign, symbol
from healthcard.codec import Part
from healthcard.record import Record
from healthcard.sign import ED25519, ESP256, SoftwareSigner
from healthcard.trust import custody
from healthcard.trust.bundle import CARD_AAD, CONTINUE, ISSUE, TrustBundle

TODAY = date(2026, 10, 12)  # the day after which no example has a contact
EXAMPLES = Path(__file__).parents[1] / "examples"
ORGANISATIONS = ("pa-rc", "cr-rc", "hn-rc", "gt-rc", "mx-rc")


def secret(name: str) -> bytes:
    return hashlib.sha256(f"healthcard tests: {name}".encode()).digest()


@dataclass(frozen=True)
class Network:
    """A bundle with a station of each algorithm, and all keys in it."""

    bundle: TrustBundle
    root: SoftwareSigner
    organisations: Mapping[str, SoftwareSigner]
    stations: Mapping[int, SoftwareSigner]  # by algorithm

    @classmethod
    def build(cls, network: str, today: date) -> "Network":
        root = SoftwareSigner.from_secret(ED25519, secret(f"{network} root"))
        organisations = {name: SoftwareSigner.from_secret(ED25519, secret(f"{network} {name}")) for name in ORGANISATIONS}
        stations = {algorithm: SoftwareSigner.from_secret(algorithm, secret(f"{network} station")) for algorithm in (ED25519, ESP256)}
        bundle = custody.found(network, [root], 1, today)
        for name, signer in organisations.items():
            bundle = custody.add_organisation(bundle, [root], name, signer.key, today)
        for owner, station in zip(("mx-rc", "hn-rc"), stations.values(), strict=True):
            scope = ISSUE | CONTINUE
            bundle = custody.add_station(bundle, [root], owner, organisations[owner], station.key, scope, today, today)
        return cls(bundle, root, organisations, stations)

    def text(self, payload: bytes, algorithm: int) -> str:
        """The card text of a payload, rightly signed whatever it is."""
        return symbol.card_text(self.token(payload, algorithm), self.bundle.network)

    def token(self, payload: bytes, algorithm: int) -> bytes:
        return sign.sign(payload, self.stations[algorithm], CARD_AAD[self.bundle.network])


@dataclass(frozen=True)
class Genuine:
    """A card as a station made it."""

    name: str
    network: Network
    algorithm: int
    part: Part

    @cached_property
    def payload(self) -> bytes:
        return codec.encode(self.part, self.network.bundle.organisation_numbers)

    @cached_property
    def token(self) -> bytes:
        return self.network.token(self.payload, self.algorithm)

    @cached_property
    def text(self) -> str:
        return self.network.text(self.payload, self.algorithm)


def example(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return data


def with_people(*people: dict[str, Any]) -> dict[str, Any]:
    return {"language": "es", "people": list(people)}


def cards(today: date = TODAY) -> tuple[Genuine, ...]:
    """The twenty."""
    test, real = Network.build("test", today), Network.build("real", today)
    family, mother = example("family_three_contacts"), example("mother_first_contact")
    one = {"date": "2026-07-01", "observations": {"weight": 58.4, "systolic": 112, "diastolic": 71}, "findings": ["severe_headache"]}
    baby = {"role": "infant", "sex": "male", "born": "2026-06-30", "contacts": [{"date": "2026-06-30", "observations": {"weight": 3.1}}]}
    unknown_codes = with_people({
        "role": "mother", "unknown": {"#20": -7}, "allergies": ["#30"],
        "contacts": [one | {
            "observations": {"weight": 58.4, "#29": 12, "#77": -3}, "findings": ["severe_headache", "#150"], "services": ["#900"],
            "medicines": [{"medicine": "#400", "amount": 3, "timing": "#50", "days": 4}], "vaccines": [{"vaccine": "#99", "dose": 3}],
            "referral": {"service": "#901", "urgency": "#9", "reason": "#151", "to": "#4711"},
        }],
    })  # fmt: skip
    unknown_events = with_people({
        "role": "mother", "contacts": [one | {"source": "#4712", "unknown": [cbor.dumps([-4, 1, b"\x01"]).hex(), cbor.dumps([-9]).hex()]}],
    })  # fmt: skip
    eight = with_people({"role": "mother", "age_years": 24}, *[{"role": "infant", "sex": "female"}] * 7)
    fever = {"date": "2026-07-01", "findings": ["fever_infant"], "observations": {"weight": 7.25}}
    eight_seen = with_people(*[{"role": "infant", "contacts": [fever]}] * 8)
    alone = with_people({"role": "mother"})
    long = with_people({"role": "mother", "contacts": [one | {"date": f"2026-0{1 + n // 28}-{1 + n % 28:02}"} for n in range(30)]})

    made: list[Genuine] = []

    def card(name: str, data: dict[str, Any], algorithm: int = ED25519, sealed: bytes = b"", network: Network = test) -> None:
        record = Record.from_json(data)
        part = Part("card", secret(f"id {name}")[:8], None, today, record, tuple(range(len(record.people))), sealed)
        made.append(Genuine(name, network, algorithm, part))

    def continuation(name: str, data: dict[str, Any], refs: tuple[int, ...], algorithm: int = ED25519) -> None:
        part = Part("continuation", secret(f"id {name}")[:8], secret("id family")[:8], today, Record.from_json(data), refs)
        made.append(Genuine(name, test, algorithm, part))

    for name in ("child_severe_wasting", "muac_only", "severe_pre_eclampsia", "twins_after_birth"):
        card(name, example(name))
    card("family", family)
    card("family, ESP256", family, ESP256)
    card("family, real network", family, network=real)
    card("family with sealed bytes", family, sealed=hashlib.shake_256(b"sealed").digest(116))
    card("mother", mother)
    card("mother, ESP256, real network", mother, ESP256, network=real)
    card("mother with sealed bytes, ESP256", mother, ESP256, hashlib.shake_256(b"sealed too").digest(60))
    continuation("continuation with one contact", with_people({"role": "mother", "contacts": [one]}), (0,))
    continuation("continuation for a later person, ESP256", with_people(baby), (5,), ESP256)
    continuation("continuation with a birth", with_people({"role": "mother", "contacts": [one]}, baby), (0, 3))
    card("unknown codes", unknown_codes)
    card("unknown events and organisation, ESP256", unknown_events, ESP256)
    card("eight people", eight)
    card("eight people seen, ESP256", eight_seen, ESP256)
    card("nobody seen yet", alone)
    card("thirty contacts", long)
    return tuple(made)
