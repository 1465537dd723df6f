"""Vectors of trust bundles: those that load, those that must not, and which may replace which (spec section 9)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import cbor2
from vector_case import BundleCase
from vector_world import (
    BUNDLE_EXPIRES,
    BUNDLE_ISSUED,
    DELISTED,
    RETIRED,
    ROOT,
    STATION,
    STATION_ESP256,
    YEAR,
    Listed,
    bundle,
    message,
    network_content,
    organisation,
    organisation_signer,
    raw_bundle,
    real_content,
)
from vector_world import REAL_ROOT as REAL

from healthcard import cbor, sign
from healthcard.sign import ESP256, Signer
from healthcard.trust import bundle as trust
from healthcard.trust.bundle import Content, Station, published_signer

ROOTS = [published_signer(n) for n in (0, 17, 18)]
NEXT_ROOTS = [published_signer(19), published_signer(19, ESP256)]
STRANGER = published_signer(20)
EMPTY = Content(1, BUNDLE_ISSUED, BUNDLE_EXPIRES)


def cases(listed: Listed) -> Iterator[BundleCase]:
    network = network_content(listed)
    yield _loads("network", "M65 M70 M72 M73", "the network that most cards are read with", bundle(network))
    yield _loads("real", "M65", "a real network, for the vectors of cards of one", bundle(real_content(), "real", REAL))
    yield _loads("empty", "M65", "nobody listed yet", bundle(EMPTY))
    yield _loads("large", "M73", "a hundred withdrawn cards: more than one symbol holds", bundle(large_content(network)))
    yield from _forms()
    yield from _roots()
    yield from _contents()
    yield from _stations()
    yield from _updates(network)


def large_content(network: Content) -> Content:
    """The network with a hundred withdrawn cards, the earliest on day 0."""
    days = [BUNDLE_ISSUED - timedelta(n) for n in range(99)] + [trust.EPOCH]
    return replace(network, withdrawn={trust.card_hash(bytes([n] * 8)): day for n, day in enumerate(days)})


def _loads(name: str, musts: str, comment: str, raw: bytes, **fields: Any) -> BundleCase:
    return BundleCase(name, "loads", musts, comment, raw, **fields)


def _bad(name: str, musts: str, comment: str, raw: bytes, **fields: Any) -> BundleCase:
    return BundleCase(name, "bad-bundle", musts, comment, raw, **fields)


def _root(threshold: int, *signers: Signer) -> list[Any]:
    return [threshold, *(signer.key.public for signer in signers)]


def _forms() -> Iterator[BundleCase]:
    roots, signed = [_root(1, ROOT)], message(EMPTY.encode(), [ROOT], "bundle")
    good = raw_bundle(roots, signed)
    yield _bad("form_nothing", "M65", "no bytes", b"")
    yield _bad("form_bytes_after", "M65", "a byte after the bundle", good + b"\0")
    yield _bad("form_not_shortest", "M65", "the network in two bytes", b"\x83\x18\x01" + good[2:])
    yield _bad("form_four_elements", "M65", "a null after the message", b"\x84" + good[1:] + b"\xf6")
    yield _bad("form_network_2", "M65", "network 2", raw_bundle(roots, signed, 2))
    yield _bad("form_network_changed", "M65 M68", "a test bundle that says it is a real one", raw_bundle(roots, signed, 0))
    yield _bad("form_no_roots", "M65", "no roots", raw_bundle([], signed))
    yield _bad("form_empty_rotation", "M65 M67", "a rotation without elements", raw_bundle([*roots, []], signed))
    yield _bad("form_empty_message", "M65", "a message without elements", raw_bundle(roots, []))


def _roots() -> Iterator[BundleCase]:
    def content(signers: Sequence[Signer], purpose: str = "bundle", payload: bytes = EMPTY.encode()) -> list[Any]:
        return message(payload, signers, purpose)

    def rotation(version: int, root: list[Any], signers: Sequence[Signer], purpose: str = "root") -> list[Any]:
        return message(cbor.dumps([version, *root]), signers, purpose)

    two_of_three = [_root(2, *ROOTS)]
    yield _loads("threshold_met", "M68 M69", "two of three", raw_bundle(two_of_three, content(ROOTS[:2])))
    yield _loads("threshold_exceeded", "M68", "three of two needed", raw_bundle(two_of_three, content(ROOTS)))
    yield _bad("threshold_not_met", "M68", "one of two needed", raw_bundle(two_of_three, content(ROOTS[:1])))
    yield _bad("threshold_of_none", "M68", "a draft that nobody signed yet", raw_bundle(two_of_three, content([])))
    twice = content(ROOTS[:1])
    yield _bad(
        "threshold_one_key_twice", "M69", "one key's signature twice, for two needed", raw_bundle(two_of_three, [*twice, *twice[1:]])
    )
    yield _bad(
        "signature_of_a_stranger",
        "M69",
        "the threshold and a stranger's signature",
        raw_bundle(two_of_three, content([*ROOTS[:2], STRANGER])),
    )
    junk = [*content(ROOTS[:2]), b"\xff" * 9, bytes(64)]
    yield _bad("signature_junk", "M69", "the threshold and bytes that are no signature", raw_bundle(two_of_three, junk))
    payload, *pieces = content(ROOTS[:2])
    yield _bad("signatures_out_of_order", "M69", "the greater header first", raw_bundle(two_of_three, [payload, *pieces[2:], *pieces[:2]]))
    yield _bad("signature_without_header", "M65", "a header missing", raw_bundle(two_of_three, [payload, *pieces[1:]]))
    changed = replace(EMPTY, version=2).encode()
    yield _bad(
        "signature_wrong", "M68", "another version under the old signature", raw_bundle([_root(1, ROOT)], [changed, *content([ROOT])[1:]])
    )
    yield _bad("signature_of_another_purpose", "M68", "signed as a rotation", raw_bundle([_root(1, ROOT)], content([ROOT], "root")))
    real = trust.message(EMPTY.encode(), [ROOT], trust.aad("real", "bundle"))
    yield _bad("signature_of_another_network", "M68", "signed for the real network", raw_bundle([_root(1, ROOT)], real))
    yield _bad("root_threshold_0", "M66", "a threshold of 0", raw_bundle([_root(0, ROOT)], content([ROOT])))
    yield _bad("root_threshold_above_keys", "M66", "2 of 1", raw_bundle([_root(2, ROOT)], content([ROOT])))
    yield _bad("root_key_twice", "M66", "one key listed twice", raw_bundle([_root(2, ROOT, ROOT)], content([ROOT])))

    old, new = ROOTS[:2], NEXT_ROOTS
    rotated = [_root(2, *ROOTS), rotation(2, _root(2, *new), [*old, *new])]
    yield _loads("rotation", "M67 M68", "signed by old and new thresholds", raw_bundle(rotated, content(new)))
    third = [*rotated, rotation(3, _root(1, STRANGER), [*new, STRANGER])]
    yield _loads("rotation_twice", "M67", "a chain of three roots", raw_bundle(third, content([STRANGER])))
    kept = [_root(1, ROOT), rotation(2, _root(1, ROOT, STRANGER), [ROOT])]
    yield _loads("rotation_that_keeps_a_key", "M67 M69", "one signature counts for both roots", raw_bundle(kept, content([ROOT])))
    yield _bad(
        "rotation_not_by_the_old",
        "M67",
        "signed by the new root alone",
        raw_bundle([rotated[0], rotation(2, _root(2, *new), new)], content(new)),
    )
    yield _bad(
        "rotation_not_by_enough_old",
        "M67",
        "signed by one old key of two needed",
        raw_bundle([rotated[0], rotation(2, _root(2, *new), [*old[:1], *new])], content(new)),
    )
    yield _bad(
        "rotation_not_by_the_new",
        "M67",
        "signed by the old root alone",
        raw_bundle([rotated[0], rotation(2, _root(2, *new), old)], content(new)),
    )
    yield _bad(
        "rotation_number_skipped",
        "M67",
        "root 3 after root 1",
        raw_bundle([rotated[0], rotation(3, _root(2, *new), [*old, *new])], content(new)),
    )
    yield _bad(
        "rotation_of_another_purpose",
        "M67",
        "signed as content",
        raw_bundle([rotated[0], rotation(2, _root(2, *new), [*old, *new], "bundle")], content(new)),
    )
    yield _bad("rotation_left_out", "M67 M68", "the new root's content without the rotation", raw_bundle(rotated[:1], content(new)))
    yield _bad("content_by_the_old_root", "M68", "signed by the root before the newest", raw_bundle(rotated, content(old)))


def _with(content: Content, change: Callable[[list[Any]], Any]) -> bytes:
    """A bundle of `content` whose elements were changed before it was rightly signed."""
    items: Any = cbor.loads(content.encode())
    change(items)
    return raw_bundle([_root(1, ROOT)], message(cbor2.dumps(items), [ROOT], "bundle"))


def _two() -> Content:
    both = [organisation(name, [Station(1, 3, signer.key, *YEAR)]) for name, signer in (("pa-rc", RETIRED), ("cr-rc", DELISTED))]
    revoked = tuple(trust.RevokedKey(bytes([n] * 8), BUNDLE_ISSUED, frozenset({bytes(16), b"\1" * 16})) for n in (1, 2))
    sealing = tuple(trust.SealingKey(bytes([9]) + bytes(31), date(2026, n, 1), date(2026, n, 28)) for n in (1, 2))
    return replace(
        EMPTY, organisations=tuple(both), withdrawn={b"aaaaa": BUNDLE_ISSUED, b"bbbbb": BUNDLE_ISSUED}, revoked=revoked, sealing=sealing
    )


def _contents() -> Iterator[BundleCase]:
    def bad(name: str, musts: str, comment: str, change: Callable[[list[Any]], Any]) -> BundleCase:
        return _bad(name, musts, comment, _with(_two(), change))

    def organisation_item(position: int, value: Any) -> Callable[[list[Any]], Any]:
        return lambda items: items[3][0].__setitem__(position, value)

    yield _loads("content", "M70 M73", "two of everything", _with(_two(), lambda items: None))
    yield bad("content_eight_elements", "M65", "an element too many", lambda items: items.append(0))
    yield bad(
        "content_expires_before_issued", "M70", "expires a day before it was issued", lambda items: items.__setitem__(2, items[1] - 1)
    )
    yield bad("content_date_beyond_2199", "M65", "expires on day 65536", lambda items: items.__setitem__(2, 65536))
    yield bad("organisations_out_of_order", "M70", "number 4 before number 3", lambda items: items[3].reverse())
    yield bad("organisation_twice", "M70", "one organisation twice", lambda items: items[3].insert(0, items[3][0]))
    yield bad("organisation_number_2", "M70", "number 2, which means withheld", organisation_item(0, 2))
    yield bad("organisation_name_twice", "M70", "one name for two", organisation_item(1, b"cr-rc"))
    yield bad("organisation_name_of_one_letter", "M71", "a name of one letter", organisation_item(1, b"p"))
    yield bad("organisation_name_with_capitals", "M71", "a capital in the name", organisation_item(1, b"PA-rc"))
    yield bad("organisation_named_holder", "M71", "a name that means something else", organisation_item(1, b"holder"))
    yield bad("organisation_name_not_ascii", "M71", "a letter outside ASCII", organisation_item(1, "pa-ré".encode()))
    yield bad("organisation_window_of_no_days", "M65", "a window of 0 days", organisation_item(4, 0))
    yield bad("withdrawn_out_of_order", "M73", "hashes descend", lambda items: items[4].__setitem__(0, b"bbbbbaaaaa"))
    yield bad("withdrawn_twice", "M73", "one hash twice", lambda items: items[4].__setitem__(0, b"aaaaaaaaaa"))
    yield bad("withdrawn_without_a_day", "M73", "a hash without its day", lambda items: items[4].pop())
    yield bad("withdrawn_after_issued", "M73", "a card withdrawn after the bundle was issued", lambda items: items[4].__setitem__(1, 0))
    yield bad("withdrawn_before_day_0", "M73", "a card withdrawn before 2020", lambda items: items[4].__setitem__(1, items[1] + 2))
    yield bad("withdrawn_hash_of_4_bytes", "M73", "9 bytes of hashes", lambda items: items[4].__setitem__(0, b"aaaaabbbb"))
    yield bad("revoked_out_of_order", "M70", "key hashes descend", lambda items: items[5].reverse())
    yield bad("revoked_twice", "M70", "one key twice", lambda items: items[5].insert(0, items[5][0]))
    yield bad(
        "listed_out_of_order", "M73", "hashes of issued parts descend", lambda items: items[5][0].__setitem__(2, b"\1" * 16 + bytes(16))
    )
    yield bad("sealing_out_of_order", "M70", "epochs descend", lambda items: items[6].reverse())
    yield bad("sealing_twice", "M70", "one epoch's key twice", lambda items: items[6].insert(0, items[6][0]))
    yield bad("sealing_key_of_zeros", "M20", "an X25519 key of small order", lambda items: items[6][0].__setitem__(2, bytes(32)))
    real: list[Any] = [_root(1, REAL)]
    published = replace(EMPTY, organisations=(organisation("pa-rc", [], signer=STATION),))
    yield _bad(
        "real_with_a_published_organisation_key",
        "M74",
        "a published test key in a real network",
        raw_bundle(real, message(published.encode(), [REAL], "bundle", "real"), 0),
    )
    yield _bad(
        "real_with_a_published_root_key",
        "M74",
        "a published test key as the root of a real network",
        raw_bundle([_root(1, ROOT)], message(EMPTY.encode(), [ROOT], "bundle", "real"), 0),
    )


def _stations() -> Iterator[BundleCase]:
    owner = organisation_signer("pa-rc")

    def listed(
        name: str,
        musts: str,
        comment: str,
        payload: Any,
        signer: Signer = owner,
        aad: bytes = trust.aad("test", "stations"),
        expect: str = "bad-bundle",
    ) -> BundleCase:
        raw = payload if isinstance(payload, bytes) else cbor2.dumps(payload)
        held = replace(organisation("pa-rc", []), station_list=sign.sign(raw, signer, aad))
        return BundleCase(name, expect, musts, comment, bundle(replace(EMPTY, organisations=(held,))))

    key, other = STATION.key.public, STATION_ESP256.key.public
    station, second = [1, 3, key], [2, 3, other]
    period = [2192, 365]
    yield listed("stations", "M72", "two stations in two periods", [3, 1, [*period, station], [2192, 366, second]], expect="loads")
    yield listed(
        "stations_by_another_organisation",
        "M72",
        "signed by another organisation",
        [3, 1, [*period, station]],
        organisation_signer("cr-rc"),
    )
    yield listed("stations_of_another_organisation", "M72", "the number of another organisation", [4, 1, [*period, station]])
    yield listed("stations_of_another_purpose", "M72", "signed as a card", [3, 1, [*period, station]], aad=trust.CARD_AAD["test"])
    yield listed("stations_periods_out_of_order", "M72", "the longer period first", [3, 1, [2192, 366, second], [*period, station]])
    yield listed("stations_period_twice", "M72", "one period twice", [3, 1, [*period, station], [*period, second]])
    yield listed("stations_period_empty", "M72", "a period without stations", [3, 1, [*period]])
    yield listed("stations_out_of_order", "M72", "station 2 before station 1", [3, 1, [*period, second, station]])
    yield listed("stations_number_twice", "M72", "two stations of one number", [3, 1, [*period, station, [1, 3, other]]])
    yield listed("stations_key_twice", "M78", "one key for two stations", [3, 1, [*period, station, [2, 3, key]]])
    yield listed(
        "stations_key_of_the_organisation", "M78", "the organisation's own key as a station's", [3, 1, [*period, [1, 3, owner.key.public]]]
    )
    yield listed("stations_scope_0", "M65", "a station that may do nothing", [3, 1, [*period, [1, 0, key]]])
    yield listed("stations_scope_8", "M65", "a scope that there is not", [3, 1, [*period, [1, 8, key]]])
    yield listed("key_of_31_bytes", "M20", "a short key", [3, 1, [*period, [1, 3, key[:31]]]])
    small = {
        "order_1": b"\1" + bytes(31),
        "order_2": (2**255 - 20).to_bytes(32, "little"),
        "order_4": bytes(32),
        "order_8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        "order_8_negative": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
        "order_8_other": bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    }
    for name, point in small.items():
        yield listed(f"key_ed25519_{name}", "M20", "an Ed25519 key of small order", [3, 1, [*period, [1, 3, point]]])
    yield listed(
        "key_ed25519_not_canonical", "M20", "y above the field's prime", [3, 1, [*period, [1, 3, (2**255 - 16).to_bytes(32, "little")]]]
    )
    yield listed("key_p256_off_the_curve", "M20", "an x without a point", [3, 1, [*period, [1, 3, b"\2" + bytes(31) + b"\1"]]])
    yield listed("key_p256_uncompressed", "M20", "a point of 65 bytes", [3, 1, [*period, [1, 3, b"\4" + other[1:] + other[1:]]]])
    copied = [organisation(name, [Station(1, 3, STATION.key, *YEAR)]) for name in ("pa-rc", "cr-rc")]
    yield _bad(
        "station_key_in_two_organisations",
        "M78",
        "an organisation that lists another's station as its own",
        bundle(replace(EMPTY, organisations=tuple(copied))),
    )


def _updates(network: Content) -> Iterator[BundleCase]:
    newer, older = replace(network, version=network.version + 1), replace(network, version=network.version - 1)
    yield _loads("update_newer", "M75 M76", "the next version", bundle(newer), held="network")
    yield _loads("update_same", "M76", "the very bundle held", bundle(network), held="network")
    yield BundleCase("update_older", "rollback", "M76", "an older version", bundle(older), held="network")
    other = replace(network, expires=network.issued)
    yield _bad("update_same_version_other_content", "M76", "another bundle of the version held", bundle(other), held="network")
    yield _bad("update_other_root", "M75", "a newer version by another root", bundle(newer, root=STRANGER), held="network")
    yield _bad(
        "update_other_network", "M75", "a real network's bundle over a test network's", bundle(real_content(), "real", REAL), held="network"
    )
    rotated: list[Any] = [_root(1, ROOT), message(cbor.dumps([2, *_root(1, STRANGER)]), [ROOT, STRANGER], "root")]
    yield _loads(
        "update_with_a_rotation",
        "M67 M75",
        "a newer version under a new root",
        raw_bundle(rotated, message(newer.encode(), [STRANGER], "bundle")),
        held="network",
    )
    newest = replace(newer, version=newer.version + 1)
    yield _bad(
        "update_back_to_the_old_root",
        "M75",
        "a newer version without the rotation that is held",
        bundle(newest),
        held="update_with_a_rotation",
    )
