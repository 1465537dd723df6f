"""A route: several organisations on one test network, each with one station that may issue and continue.

    route = Route.build(date(2026, 7, 2))
    card = route.issue("pa-rc", mother(...))
    sticker = route.stick("hn-rc", [card.text], {"person": 0, "date": "2026-07-02", "findings": ["severe_headache"]})
    route.read(card.text, sticker.text).record
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from healthcard import card, continuing
from healthcard.card import Card, Reading
from healthcard.record import Record
from healthcard.sign import SoftwareSigner
from healthcard.trust import custody
from healthcard.trust.bundle import CONTINUE, ISSUE, TrustBundle, published_signer
from tests.world import SINCE, World

STATIONS = ("pa-rc", "hn-rc", "gt-rc", "mx-rc")


@dataclass(frozen=True)
class Route:
    """A trust bundle of `today` and the signer of each station by its organisation."""

    today: date
    bundle: TrustBundle
    world: World
    signers: Mapping[str, SoftwareSigner]

    @classmethod
    def build(cls, today: date) -> "Route":
        world = World.build(today)
        bundle, signers = world.bundle, {"mx-rc": world.station_signer}
        for number, name in enumerate(STATIONS, 20):
            if name not in signers:
                signers[name] = published_signer(number)
                owner = world.organisation_signers[name]
                scope = ISSUE | CONTINUE
                bundle = custody.add_station(bundle, [world.root_signer], name, owner, signers[name].key, scope, today - SINCE, today)
        return cls(today, bundle, world, signers)

    def issue(self, station: str, record: Record, now: date | None = None) -> Card:
        return card.issue(record, self.signers[station], self.bundle, now=now or self.today)

    def read(self, *texts: str, now: date | None = None) -> Reading:
        return card.read(*texts, bundle=self.bundle, now=now or self.today)

    def stick(self, station: str, texts: Iterable[str], change: dict[str, Any], now: date | None = None) -> Card:
        """A sticker by a station that reads `texts`."""
        return self.extend(station, texts, change, now, sticker=True)

    def extend(
        self, station: str, texts: Iterable[str], change: dict[str, Any] | None, now: date | None = None, **options: Any
    ) -> Card:
        now = now or self.today
        return continuing.extend(self.read(*texts, now=now), change, self.signers[station], self.bundle, now=now, **options)
