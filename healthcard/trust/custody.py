"""Making a trust bundle: founding, the next version, rotation of the root; drafts that several keepers sign (docs/trust.md).

    draft = next_version(bundle, changes.revoke_cards(bundle.content, [card_id], today), today)
    draft = draft.signed_by(one_keeper)             # then to the next person, as a file
    bundle = complete(draft.signed_by(another))

Who holds all the keys that are needed, as in a pilot or a test, uses `found`, `revise`, `add_organisation` and `add_station`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from healthcard.errors import TrustError
from healthcard.sign import Key, Signer
from healthcard.trust import changes, stations
from healthcard.trust.bundle import Content, Envelope, Root, Station, TrustBundle
from healthcard.trust.root import Signed

BUNDLE_LIFE = timedelta(days=90)
HALF_YEAR = timedelta(days=184)


# --- drafts ----------------------------------------------------------------------------------------------------------


def founding(network: str, root: Root, today: date) -> Envelope:
    """The first bundle of a new network, without organisations, for the root to sign."""
    return Envelope(network, (root,), (), Signed(Content(1, today, today + BUNDLE_LIFE).encode()))


def next_version(bundle: TrustBundle, content: Content, today: date) -> Envelope:
    """The next version of `bundle` with this content, for the root to sign."""
    issued = max(today, bundle.issued)
    made = replace(content, version=bundle.version + 1, issued=issued, expires=issued + BUNDLE_LIFE)
    return replace(bundle.envelope, message=Signed(made.encode()))


def rotation(bundle: TrustBundle, root: Root, today: date) -> Envelope:
    """The next version of `bundle` under a new root, for both the root before and the new one to sign."""
    if root == bundle.roots[-1]:
        raise TrustError("these are the root keys of this network already")
    return next_version(bundle, bundle.content, today).rotated(root)


def signed(draft: Envelope, signers: Iterable[Signer]) -> Envelope:
    """The draft with the signatures of these keepers; raises TrustError for a key that is no root key."""
    for signer in signers:
        draft = draft.signed_by(signer)
    return draft


def complete(draft: Envelope) -> TrustBundle:
    """The bundle that a draft has become; raises TrustError where signatures are missing."""
    return TrustBundle.load(draft.raw)


# --- all keys in one hand --------------------------------------------------------------------------------------------


def found(network: str, signers: Sequence[Signer], threshold: int, today: date) -> TrustBundle:
    """The first bundle of a new network whose root keys these are, without organisations."""
    return complete(signed(founding(network, Root(threshold, tuple(signer.key for signer in signers)), today), signers))


def revise(bundle: TrustBundle, signers: Iterable[Signer], today: date, **fields: Any) -> TrustBundle:
    """The next version of `bundle` with these `fields` of its content changed."""
    return complete(signed(next_version(bundle, replace(bundle.content, **fields), today), signers))


def add_organisation(bundle: TrustBundle, signers: Iterable[Signer], name: str, key: Key, today: date) -> TrustBundle:
    """A new organisation under the next free number; numbers and names are for good."""
    return complete(signed(next_version(bundle, changes.add_organisation(bundle.content, name, key, today), today), signers))


def add_station(
    bundle: TrustBundle, signers: Iterable[Signer], name: str, organisation_signer: Signer, key: Key, scope: int, first: date, today: date,
) -> TrustBundle:  # fmt: skip
    """A new station key of organisation `name` for the half-year from `first`, signed by the organisation."""
    owner = changes.organisation(bundle.content, name)
    if organisation_signer.key != owner.key:
        raise TrustError(f"{name}: not the organisation's key")
    made = Station(stations.next_number(owner), scope, key, first, last_day(first))
    listed = stations.sign_stations(bundle, owner, organisation_signer, (*owner.stations, made))
    return complete(signed(next_version(bundle, changes.accept_stations(bundle.content, listed), today), signers))


def last_day(first: date) -> date:
    """The last day of a station's key that is used from `first` on, half a year."""
    return first + HALF_YEAR - timedelta(1)
