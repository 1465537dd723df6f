"""Making and changing a trust bundle: what the keepers of root and organisation keys do (docs/trust.md)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from healthcard import sign, trust
from healthcard.errors import TrustError
from healthcard.sign import Key, Signer
from healthcard.trust import Content, Organisation, Root, Station, TrustBundle

BUNDLE_LIFE = timedelta(days=90)
ORGANISATION_LIFE = timedelta(days=400)
HALF_YEAR = timedelta(days=184)


def found(network: str, signers: Sequence[Signer], threshold: int, today: date) -> TrustBundle:
    """The first bundle of a new network, without organisations."""
    root = Root(threshold, tuple(signer.key for signer in signers))
    content = Content(1, today, today + BUNDLE_LIFE)
    return trust.assemble(network, [trust.root_item(root)], _signed(content, signers, network))


def revise(bundle: TrustBundle, signers: Iterable[Signer], today: date, **changes: Any) -> TrustBundle:
    """The next version of `bundle` with `changes` to its content, signed by the current root."""
    content = replace(bundle.content, version=bundle.version + 1, issued=max(today, bundle.issued), expires=today + BUNDLE_LIFE, **changes)
    return trust.assemble(bundle.network, bundle.roots_item, _signed(content, signers, bundle.network))


def add_organisation(bundle: TrustBundle, signers: Iterable[Signer], name: str, key: Key, today: date) -> TrustBundle:
    """A new organisation under the next free number; numbers and names are for good."""
    if name in bundle.organisation_numbers:
        raise TrustError(f"{name}: listed already")
    number = max(bundle.organisation_names, default=trust.FIRST_ORGANISATION - 1) + 1
    organisation = Organisation(number, name, key, today, today + ORGANISATION_LIFE)
    return revise(bundle, signers, today, organisations=(*bundle.content.organisations, organisation))


def add_station(
    bundle: TrustBundle, signers: Iterable[Signer], name: str, organisation_signer: Signer, key: Key, scope: int, first: date, today: date,
) -> TrustBundle:  # fmt: skip
    """A new station key of organisation `name` for the half-year from `first`, signed by the organisation."""
    organisation = next((o for o in bundle.content.organisations if o.name == name), None)
    if organisation is None:
        raise TrustError(f"{name}: not an organisation of this bundle")
    if organisation_signer.key.public != organisation.key.public:
        raise TrustError(f"{name}: not the organisation's key")
    if bundle.match(key):
        raise TrustError("a station has this key already")
    number = max((s.number for s in organisation.stations), default=0) + 1
    stations = (*organisation.stations, Station(number, scope, key, first, first + HALF_YEAR - timedelta(1)))
    payload = trust.station_list(organisation.number, bundle.version + 1, stations)
    signed = sign.sign(payload, organisation_signer, trust.aad(bundle.network, "stations"))
    changed = replace(organisation, stations=stations, station_list=signed)
    others = tuple(changed if o.number == organisation.number else o for o in bundle.content.organisations)
    return revise(bundle, signers, today, organisations=others)


def _signed(content: Content, signers: Iterable[Signer], network: str) -> list[Any]:
    return trust.message(content.encode(), signers, trust.aad(network, "bundle"))
