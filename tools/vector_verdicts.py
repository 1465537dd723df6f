"""The example records as cards, and vectors of verdicts and notices (spec section 8)."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import cbor2
from vector_case import Case, family, id_of, mother, part_case, record_case
from vector_codec import CARD_ID, GIRL, part, row, seen, woman
from vector_world import CONTINUES_ONLY, DELISTED, ISSUES_ONLY, RETIRED, REVOKED, STATION, STATION_ESP256, STOLEN, STRANGER, Listed

from healthcard import cbor, sign, symbol
from healthcard.sign import SoftwareSigner
from healthcard.trust.bundle import CARD_AAD

EXAMPLES = Path(__file__).parent.parent / "examples"
AAD = CARD_AAD["test"]


def cases() -> tuple[list[Case], Listed]:
    """The vectors, and what the network's bundle must list for them."""
    verdicts = list(_verdicts())
    by_name = {case.name: case for case in verdicts}
    listed = by_name["trust_issued_list_listed"].token
    assert listed
    withdrawn = [id_of(name) for name in by_name if name.startswith("trust_card_withdrawn")]
    withdrawn.append(id_of("trust_not_authorised_before_withdrawn"))
    return [*_examples(), *verdicts], Listed(tuple(withdrawn), (sign.inspect(listed).to_be_signed(AAD),))


def _examples() -> Iterator[Case]:
    for path in sorted(EXAMPLES.glob("*.json")):
        data = json.loads(path.read_text())
        if path.stem.endswith("_sealed"):
            continue  # entries of sensitivity 2 have no place in the open part
        last = max(date.fromisoformat(contact["date"]) for person in data["people"] for contact in person["contacts"])
        part_id = bytes(range(8)) if path.stem == "muac_only" else None
        notices = "copied" if any("source" in contact for person in data["people"] for contact in person["contacts"]) else ""
        day = max(last, date(2026, 3, 3))
        fields: dict[str, Any] = {"issued": day, "now": max(day, date(2026, 7, 10)), "notices": notices, "part_id": part_id}
        yield record_case(f"good_{path.stem}", "M1 M12 M17 M49", f"examples/{path.name}", data, **fields)
        yield record_case(
            f"good_{path.stem}_esp256",
            "M12 M13 M17 M19",
            f"examples/{path.name}, signed with ESP256",
            data,
            signer=STATION_ESP256,
            **fields,
        )


def _verdicts() -> Iterator[Case]:
    def issued_by(name: str, expect: str, musts: str, comment: str, signer: SoftwareSigner, issued: date, **fields: Any) -> Case:
        contact: Mapping[str, Any] = {"date": issued.isoformat()}
        return record_case(
            f"trust_{name}", musts, comment, fields.pop("data", seen(contact)), expect=expect, signer=signer, issued=issued, **fields
        )

    before, first, last, after = date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)
    yield issued_by("key_window_before", "not-authorised", "M57", "issued the day before the key's window", STATION, before)
    yield issued_by("key_window_first_day", "verified", "M57 M72", "issued on the first day of the window", STATION, first)
    yield issued_by("key_window_last_day", "verified", "M57 M72", "issued on the last day of the window", STATION, last, now=last)
    yield issued_by(
        "key_window_after",
        "not-authorised",
        "M57",
        "issued the day after the key's window",
        STATION,
        after,
        now=after,
        notices="old-bundle retired-key",
    )
    yield issued_by(
        "key_window_of_the_issue_day",
        "verified",
        "M57 M26",
        "the contact lies before the window, the day of issue in it",
        STATION,
        first,
        data=seen({"date": "2025-11-02"}),
    )
    yield issued_by("scope_issue_missing", "not-authorised", "M57", "a card by a station that only continues", CONTINUES_ONLY, first)
    yield issued_by(
        "scope_continue_missing",
        "not-authorised",
        "M57",
        "a continuation by a station that only issues",
        ISSUES_ONLY,
        first,
        continues=CARD_ID,
    )
    yield issued_by("retired_key", "verified", "M57 M63", "by a key whose half-year is over", RETIRED, before, notices="retired-key")
    yield issued_by("card_withdrawn", "withdrawn", "M58", "its id is listed", STATION, first)
    yield issued_by("card_withdrawn_esp256", "withdrawn", "M58", "its id is listed; the other algorithm", STATION_ESP256, first)
    yield issued_by("organisation_delisted", "withdrawn", "M59", "its organisation was delisted", DELISTED, first)
    yield issued_by("key_revoked_before", "verified", "M60", "issued the day before the key was revoked", REVOKED, date(2026, 4, 30))
    yield issued_by("key_revoked_that_day", "withdrawn", "M60", "issued on the day the key was revoked", REVOKED, date(2026, 5, 1))
    yield issued_by("key_revoked_after", "withdrawn", "M60", "issued later than the key was revoked", REVOKED, date(2026, 6, 1))
    yield issued_by(
        "issued_list_listed", "verified", "M61", "a stolen key's part that is on the list, later than the theft", STOLEN, date(2026, 6, 1)
    )
    yield issued_by("issued_list_unlisted", "withdrawn", "M61", "a stolen key's part that is not on the list", STOLEN, date(2026, 6, 1))
    yield issued_by("issued_list_backdated", "withdrawn", "M61", "not on the list, dated before the theft", STOLEN, first)

    yield issued_by("not_authorised_before_withdrawn", "not-authorised", "M57", "outside the window and withdrawn", STATION, before)
    early = sign.inspect(sign.sign(cbor2.dumps(part(woman(row()), first=2000)), STATION, AAD))
    raw = b"\x84" + cbor.dumps(early.protected) + b"\xa0" + cbor.dumps(early.payload) + cbor.dumps(bytes(64))
    yield Case(
        "trust_altered_before_not_authorised",
        "altered",
        "M57",
        "a wrong signature, outside the window",
        symbol.card_text(raw, "test"),
        raw,
        family(mother({"date": "2025-06-23"})),
    )
    yield part_case(
        "trust_newer_version_before_unknown_issuer",
        "M57 M21",
        "version 1 by an unknown key",
        part(GIRL, head=2),
        "newer-version",
        signer=STRANGER,
    )
    yield part_case("trust_unreadable_before_unknown_issuer", "M57", "no persons, by an unknown key", part(), signer=STRANGER)
    yield part_case("trust_unreadable_before_newer_version", "M57 M11", "version 1 as a float", [2.0])

    yield issued_by(
        "old_bundle",
        "verified",
        "M63 M64",
        "read the day after the bundle expired",
        STATION,
        first,
        now=after,
        notices="old-bundle retired-key",
    )
    yield issued_by("bundle_expires_today", "verified", "M63", "read on the last day of the bundle", STATION, first, now=last)
    yield issued_by(
        "clock_1970",
        "verified",
        "M63 M64",
        "the device believes it is 1970: now is the day the bundle was issued",
        STATION,
        first,
        now=date(1970, 1, 1),
        notices="clock",
    )
    yield issued_by(
        "clock_2040",
        "verified",
        "M63",
        "the device believes it is 2040",
        STATION,
        first,
        now=date(2040, 1, 1),
        notices="old-bundle retired-key",
    )
    yield issued_by(
        "clock_before_the_newest_card",
        "verified",
        "M64",
        "the device's clock before a verified card that it read earlier: now is that card's day, after the bundle expired",
        STATION,
        first,
        now=date(2026, 6, 20),
        newest=date(2027, 1, 1),
        notices="old-bundle clock retired-key",
    )
    yield issued_by(
        "newest_card_before_the_clock",
        "verified",
        "M64",
        "a card that was read earlier says nothing about a clock that is ahead of it",
        STATION,
        first,
        newest=date(2026, 7, 9),
    )
    yield issued_by("issued_tomorrow", "verified", "M63 M64", "issued the day after now", STATION, date(2026, 7, 11), notices="clock")
    yield issued_by(
        "issued_before_the_bundle",
        "verified",
        "M64",
        "the device's clock before the card, the bundle after both",
        STATION,
        date(2026, 5, 30),
        now=date(2026, 5, 1),
        notices="clock",
    )
    yield issued_by(
        "implausible_value",
        "verified",
        "M63",
        "a diastolic pressure of 201",
        STATION,
        first,
        notices="implausible-value",
        data=seen({"date": "2026-01-01", "observations": {"diastolic": 201}}),
    )
    yield issued_by(
        "value_at_the_limit",
        "verified",
        "M63",
        "a diastolic pressure of 0, which can be, and of 200",
        STATION,
        first,
        data=seen({"date": "2025-12-01", "observations": {"diastolic": 0}}, {"date": "2026-01-01", "observations": {"diastolic": 200}}),
    )
    yield issued_by(
        "copied_own",
        "verified",
        "M63",
        "a source that names the issuer itself",
        STATION,
        first,
        data=seen({"date": "2026-01-01", "source": "mx-rc"}),
    )
    yield issued_by(
        "copied_history",
        "verified",
        "M63",
        "history that another organisation vouched for",
        STATION,
        first,
        notices="copied",
        data=family(mother({"date": "2026-01-01"}, conditions=["asthma"], history_source="pa-rc")),
    )
    yield issued_by(
        "every_notice",
        "withdrawn",
        "M62 M63",
        "most notices at once, on a withdrawn card: still shown",
        REVOKED,
        date(2026, 12, 31),
        now=date(2040, 1, 1),
        notices="old-bundle retired-key unknown-code implausible-value copied",
        data=seen({"date": "2026-01-01", "source": "pa-rc", "findings": ["#150"], "observations": {"systolic": 301}}),
    )
