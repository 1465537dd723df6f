"""A small test network, the same each time: one root, nine organisations, a station of mx-rc. Its keys are published test keys.

    world = World.build(date(2026, 7, 2))
    card = world.issue(Record.from_json(...))
    assert read(card.text, bundle=world.bundle, now=world.today).verdict == "verified"
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from healthcard import card
from healthcard.card import Card
from healthcard.record import Record
from healthcard.sign import SoftwareSigner
from healthcard.trust import custody
from healthcard.trust.bundle import CONTINUE, ISSUE, TrustBundle, published_signer

ORGANISATIONS = ("pa-rc", "cr-rc", "hn-rc", "gt-rc", "mx-rc", "co-rc", "ne-rc", "ml-rc", "td-rc")  # numbered from 3
STATION_OF = "mx-rc"
SINCE = timedelta(days=30)  # how long before its today the network was founded


@dataclass(frozen=True)
class World:
    """A trust bundle issued `today`, and everyone who can sign in it."""

    today: date
    bundle: TrustBundle
    root_signer: SoftwareSigner
    organisation_signers: Mapping[str, SoftwareSigner]
    station_signer: SoftwareSigner

    @classmethod
    def build(cls, today: date) -> "World":
        root, station, founded = published_signer(0), published_signer(1), today - SINCE
        signers = {name: published_signer(number) for number, name in enumerate(ORGANISATIONS, 2)}
        bundle = custody.found("test", [root], 1, founded)
        for name, signer in signers.items():
            bundle = custody.add_organisation(bundle, [root], name, signer.key, founded)
        owner = signers[STATION_OF]
        bundle = custody.add_station(bundle, [root], STATION_OF, owner, station.key, ISSUE | CONTINUE, founded, today)
        return cls(today, bundle, root, signers, station)

    def issue(self, record: Record) -> Card:
        """The card of `record`, issued today by the station."""
        return card.issue(record, self.station_signer, self.bundle, now=self.today)

    def next_bundle(self) -> TrustBundle:
        """The next version of the bundle, with the same content."""
        return custody.revise(self.bundle, [self.root_signer], self.today)
