"""The small world of the test vectors: keys that everybody knows, fixed days, and the network they belong to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from healthcard import cbor, sign
from healthcard.cbor import Item
from healthcard.sign import ESP256, Signer, SoftwareSigner
from healthcard.trust import bundle as trust
from healthcard.trust.bundle import CONTINUE, ISSUE, Content, Organisation, RevokedKey, Root, SealingKey, Station, published_signer

BUNDLE_ISSUED, NOW = date(2026, 6, 1), date(2026, 7, 10)
BUNDLE_EXPIRES = date(2026, 12, 31)
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
HALF_YEAR_BEFORE = (date(2025, 7, 1), date(2025, 12, 31))

ROOT = published_signer(0)
ORGANISATIONS = {"pa-rc": 3, "cr-rc": 4, "hn-rc": 5, "gt-rc": 6, "mx-rc": 7, "co-rc": 8}
STATION, STATION_ESP256 = published_signer(10), published_signer(10, ESP256)
CONTINUES_ONLY, ISSUES_ONLY = published_signer(11), published_signer(12)
RETIRED, REVOKED, STOLEN, DELISTED = (published_signer(n) for n in (13, 14, 15, 16))
STRANGER = published_signer(20)
REVOKED_ON = date(2026, 5, 1)
# Two keys with the same kid, 18a60bc2, found by trying numbers upwards from 1000.
SAME_KID = published_signer(57422), published_signer(110998)
# The real network refuses the published test keys 0 to 31; these come from larger numbers.
REAL_ROOT, REAL_ORGANISATION, REAL_STATION = (published_signer(n) for n in (1000, 1001, 1002))


def organisation_signer(name: str) -> SoftwareSigner:
    """The key that signs an organisation's stations."""
    return published_signer(ORGANISATIONS[name] - 2)


@dataclass(frozen=True)
class Listed:
    """What the network's bundle lists: ids of withdrawn cards, and issued parts of the stolen key by their Sig_structure."""

    withdrawn: tuple[bytes, ...] = ()
    issued: tuple[bytes, ...] = ()


def organisation(
    name: str,
    stations: Iterable[Station],
    delisted: date | None = None,
    number: int | None = None,
    signer: Signer | None = None,
    network: str = "test",
) -> Organisation:
    """An organisation with its stations as it signed them."""
    number = number or ORGANISATIONS[name]
    signer = signer or organisation_signer(name)
    stations = tuple(stations)
    payload = trust.station_list(number, 1, stations)
    signed = sign.sign(payload, signer, trust.aad(network, "stations")) if stations else b""
    return Organisation(number, name, signer.key, *YEAR, stations, signed, delisted)


def network_content(listed: Listed) -> Content:
    """The network that most vectors are read with."""
    both = ISSUE | CONTINUE
    stations: Mapping[str, list[Station]] = {
        "pa-rc": [Station(1, both, SAME_KID[0].key, *YEAR), Station(2, both, SAME_KID[1].key, *YEAR)],
        "cr-rc": [Station(1, both, STOLEN.key, *YEAR)],
        "hn-rc": [Station(1, both, REVOKED.key, *YEAR)],
        "gt-rc": [Station(1, both, RETIRED.key, *HALF_YEAR_BEFORE)],
        "mx-rc": [
            Station(1, both, STATION.key, *YEAR),
            Station(2, both, STATION_ESP256.key, *YEAR),
            Station(3, CONTINUE, CONTINUES_ONLY.key, *YEAR),
            Station(4, ISSUE, ISSUES_ONLY.key, *YEAR),
        ],
        "co-rc": [Station(1, both, DELISTED.key, *YEAR)],
    }
    return Content(
        version=5,
        issued=BUNDLE_ISSUED,
        expires=BUNDLE_EXPIRES,
        organisations=tuple(organisation(name, own, YEAR[0] if name == "co-rc" else None) for name, own in stations.items()),
        withdrawn={trust.card_hash(card_id): BUNDLE_ISSUED for card_id in listed.withdrawn},
        revoked=(
            RevokedKey(trust.key_hash(REVOKED.key), REVOKED_ON),
            RevokedKey(trust.key_hash(STOLEN.key), REVOKED_ON, frozenset(trust.listed_hash(part) for part in listed.issued)),
        ),
        sealing=(SealingKey(bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), *YEAR),),
    )


def real_content() -> Content:
    """A real network of one organisation and one station."""
    station = Station(1, ISSUE | CONTINUE, REAL_STATION.key, *YEAR)
    owner = organisation("mx-rc", [station], signer=REAL_ORGANISATION, network="real")
    return Content(1, BUNDLE_ISSUED, BUNDLE_EXPIRES, (owner,))


def message(payload: bytes, signers: Iterable[Signer], purpose: str, network: str = "test") -> list[Item]:
    """`payload` with the signatures of root keys, for one purpose."""
    return trust.message(payload, signers, trust.aad(network, purpose))


def raw_bundle(roots: list[Item], signed: list[Item], network: int = 1) -> bytes:
    """The bytes of a bundle, right or wrong."""
    return cbor.dumps([network, roots, signed])


def bundle(content: Content, network: str = "test", root: SoftwareSigner = ROOT) -> bytes:
    """A bundle with one root key."""
    roots: list[Item] = [trust.root_item(Root(1, (root.key,)))]
    return raw_bundle(roots, message(content.encode(), [root], "bundle", network), trust.NETWORKS.index(network))
