"""Vectors of several card texts read together, in whatever order (spec section 10)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from vector_case import Case, family, id_of, infant, mother, record_case
from vector_sealed import EPOCH, pad, sealed_bytes
from vector_world import NOW, SAME_KID, STATION, STATION_ESP256, STRANGER

from healthcard import cbor, symbol
from healthcard.record import Record
from healthcard.sign import SoftwareSigner

OTHER = SAME_KID[0]  # of pa-rc; STATION is of mx-rc
CARD = {"date": "2026-06-28", "observations": {"weight": 58.4}}


@dataclass(frozen=True)
class MergedCase:
    """Card texts and what they say together, read in any order and any number of times."""

    name: str
    expect: str
    musts: str
    comment: str
    texts: Sequence[str]
    record: Mapping[str, Any]
    issuer: str = "mx-rc"
    unverified: Sequence[Sequence[int]] = ()
    which_child: Sequence[int] = ()
    other_cards: int = 0
    notices: str = ""
    secrets: Sequence[bytes] = ()

    def file(self) -> bytes:
        lines = [f"expect: {self.expect}"]
        if self.notices:
            lines.append(f"notices: {self.notices}")
        lines += [f"comment: {self.comment}", f"musts: {self.musts}", f"now: {NOW}", "bundle: network.txt"]
        lines += [f"epoch-secret: {secret.hex()}" for secret in self.secrets]
        lines.append(f"issuer: {self.issuer}")
        if self.unverified:
            lines.append(f"unverified: {json.dumps(self.unverified)}")
        if self.which_child:
            lines.append(f"which-child: {json.dumps(self.which_child)}")
        if self.other_cards:
            lines.append(f"other-cards: {self.other_cards}")
        lines.append(f"record: {json.dumps(Record.from_json(self.record).to_json(), ensure_ascii=False)}")
        return ("\n".join(lines) + "\n\n" + "\n".join(self.texts)).encode()


def card(name: str, *people: Mapping[str, Any], day: date = date(2026, 6, 28), **fields: Any) -> Case:
    """The card of a vector."""
    return record_case(name, "", "", family(*people), issued=day, part_id=id_of(name), **fields)


def sticker(
    name: str,
    n: int,
    *people: Mapping[str, Any],
    signer: SoftwareSigner = OTHER,
    day: date = date(2026, 7, 1),
    refs: tuple[int, ...] = (0,),
) -> Case:
    """The continuation number `n` of that card."""
    part_id = id_of(f"{name} {n}")
    return record_case(name, "", "", family(*people), issued=day, part_id=part_id, continues=id_of(name), refs=refs, signer=signer)


def damaged(case: Case) -> str:
    """The text of a part whose signature does not fit any more."""
    assert case.token
    return symbol.card_text(case.token[:-1] + bytes([case.token[-1] ^ 1]), "test")


def cases() -> Iterator[MergedCase]:
    yield from _contacts()
    yield from _profiles()
    yield from _people()
    yield from _cards()


def _contacts() -> Iterator[MergedCase]:
    name = "contacts"
    again = {"date": "2026-06-28", "source": "pa-rc", "findings": ["severe_headache"]}
    told = card(name, mother(CARD, again))
    one = sticker(
        name, 1, mother({key: again[key] for key in ("date", "findings")}, {"date": "2026-06-20", "observations": {"weight": 58.4}})
    )
    two = sticker(name, 2, mother(CARD, {"date": "2026-06-28", "observations": {"weight": 58.5}}), signer=STATION_ESP256)
    whole = mother(
        {"date": "2026-06-20", "source": "pa-rc", "observations": {"weight": 58.4}},
        CARD, again, {"date": "2026-06-28", "observations": {"weight": 58.5}},
    )  # fmt: skip
    comment = "a contact that two parts have is one; one that differs in its weight, its source or its day is another"
    yield MergedCase(name, "verified", "M82 M84 M85", comment, [told.text, one.text, two.text], family(whole), notices="copied")

    name = "unverified_continuation"
    doubtful = sticker(
        name, 1, mother(CARD | {"source": "mx-rc"}, {"date": "2026-07-01", "findings": ["severe_headache"]}), signer=STRANGER
    )
    whole = mother(CARD, {"date": "2026-07-01", "source": "holder", "findings": ["severe_headache"]})
    comment = "a station that nobody knows: what it alone says is told by the holder and stays marked"
    texts = [card(name, mother(CARD)).text, doubtful.text]
    yield MergedCase(name, "unknown-issuer", "M84 M85", comment, texts, family(whole), unverified=[[0, 1]], notices="copied")

    name = "altered_copy"
    held = card(name, mother(CARD))
    comment = "the same card with a damaged signature adds nothing, but its verdict"
    yield MergedCase(name, "altered", "M83 M84", comment, [held.text, damaged(held)], family(mother(CARD)))

    name = "unreadable_beside"
    held = card(name, mother(CARD))
    comment = "a text that is no card beside one: the verdict on both is the worse, and the card is shown"
    yield MergedCase(name, "unreadable", "M84", comment, [held.text, held.text[:-1]], family(mother(CARD)))

    name = "altered_card_alone"
    held = card(name, mother(CARD, conditions=["asthma"]))
    last = sticker(name, 1, mother({"date": "2026-07-01"}))
    comment = "a damaged card and a verified continuation of it"
    whole = mother(CARD, {"date": "2026-07-01", "source": "pa-rc"}, conditions=["asthma"])
    texts = [damaged(held), last.text]
    yield MergedCase(name, "altered", "M84 M85 M87", comment, texts, family(whole), issuer="null", unverified=[[0, -1], [0, 0]])


def _profiles() -> Iterator[MergedCase]:
    name = "profile_fields"
    told = card(name, mother(CARD, age_years=27, allergies=["sulfonamides"], pregnancy={"lmp": "2026-01-01", "dating": "ultrasound"}))
    early = sticker(name, 1, mother(age_years=28, blood_group="O+"), day=date(2026, 6, 1))
    same_day = sticker(name, 2, mother(pregnancy={"lmp": "2026-01-05"}, allergies=[]), day=date(2026, 6, 28))
    assert id_of(f"{name} 2") < id_of(name), "the id decides only between continuations"
    late = sticker(name, 3, mother(age_years=29, blood_group="A+", allergies=["penicillins"]), signer=STRANGER, day=date(2026, 7, 9))
    whole = mother(CARD, age_years=27, blood_group="O+", allergies=["penicillins", "sulfonamides"], pregnancy={"lmp": "2026-01-05"})
    comment = "verified before later, later before earlier, continuation before card; a dating goes with its day, allergies unite"
    texts = [told.text, early.text, same_day.text, late.text]
    yield MergedCase(name, "unknown-issuer", "M84 M86 M87", comment, texts, family(whole))

    name = "new_pregnancy"
    before = {"lmp": "2025-01-01", "delivered": "2025-10-01", "outcome": "live_birth", "gravida": 1}
    texts = [card(name, mother(CARD, pregnancy=before)).text, sticker(name, 1, mother(pregnancy={"lmp": "2026-04-01"})).text]
    whole = mother(CARD, pregnancy={"lmp": "2026-04-01", "gravida": 1})
    yield MergedCase(name, "verified", "M86", "the end of the pregnancy before is not that of this one", texts, family(whole))

    name = "history"
    told = card(name, mother(CARD, conditions=["asthma"], history_source="holder"))
    more = sticker(name, 1, mother(vaccines_before=[{"vaccine": "td", "dose": 1}], conditions=["asthma"]))
    whole = mother(CARD, conditions=["asthma"], vaccines_before=[{"vaccine": "td", "dose": 1}], history_source="holder")
    comment = "histories of two sources unite, and nobody vouches for all of it"
    yield MergedCase(name, "verified", "M87", comment, [told.text, more.text], family(whole))


def _people() -> Iterator[MergedCase]:
    name = "which_child"
    told = card(name, mother(CARD))
    girl = sticker(name, 1, infant({"date": "2026-07-01"}, sex="female"), refs=(1,))
    boy = sticker(name, 2, infant(sex="male"), refs=(1,), day=date(2026, 7, 2), signer=STATION)
    somebody = sticker(name, 3, infant({"date": "2026-07-03", "observations": {"muac": 131}}), refs=(1,), day=date(2026, 7, 3))
    people = [mother(CARD), infant({"date": "2026-07-01", "source": "pa-rc"}, sex="female"), infant(sex="male")]
    texts = [told.text, girl.text, boy.text]
    comment = "two continuations each bring a child under one number: two children"
    yield MergedCase("two_new_children", "verified", "M88", comment, texts, family(*people))
    people.append(infant({"date": "2026-07-03", "source": "pa-rc", "observations": {"muac": 131}}))
    comment = "a contact under a number that two children have belongs to nobody for sure"
    yield MergedCase(name, "verified", "M88", comment, [*texts, somebody.text], family(*people), which_child=[3])

    name = "new_child_seen_again"
    born = sticker(name, 1, infant(sex="female"), refs=(1,))
    seen = sticker(name, 2, infant({"date": "2026-07-03"}), refs=(1,), day=date(2026, 7, 3))
    people = [mother(CARD), infant({"date": "2026-07-03", "source": "pa-rc"}, sex="female")]
    texts = [card(name, mother(CARD)).text, born.text, seen.text]
    yield MergedCase(name, "verified", "M88", "one continuation brings a child, another saw her", texts, family(*people))


def _cards() -> Iterator[MergedCase]:
    name = "continuation_alone"
    texts = [sticker(name, n, mother({"date": f"2026-07-0{n}"}), day=date(2026, 7, n)).text for n in (1, 2)]
    whole = family(mother({"date": "2026-07-01"}, {"date": "2026-07-02"}))
    yield MergedCase(name, "verified", "M82 M89", "two continuations of a card that is not at hand", texts, whole, issuer="pa-rc")

    name = "two_cards"
    old, new = card(name, mother(CARD)), card(f"{name} new", mother(CARD | {"observations": {"weight": 60}}), day=date(2026, 7, 9))
    loose = sticker("another card", 1, mother({"date": "2026-07-10"}), day=NOW)
    record = family(mother(CARD | {"observations": {"weight": 60}}))
    comment = "other cards are not merged: the latest verified card, before a loose continuation"
    yield MergedCase(name, "verified", "M82 M89", comment, [old.text, new.text, loose.text], record, other_cards=2)

    name = "superseded"
    content = cbor.dumps([id_of(name)])
    sealed = sealed_bytes(pad(content), f"{name} new")
    old, new = card(name, mother(CARD)), card(f"{name} new", mother(CARD), day=date(2026, 7, 9), sealed=sealed)
    comment = "the opened sealed part of a verified card names the card before it"
    yield MergedCase(
        name,
        "verified",
        "M82 M99",
        comment,
        [old.text, new.text],
        family(mother(CARD)),
        other_cards=1,
        notices="superseded",
        secrets=[EPOCH],
    )
    name = "superseded_by_nobody_known"
    sealed = sealed_bytes(pad(cbor.dumps([id_of(name)])), f"{name} new")
    old, new = card(name, mother(CARD)), card(f"{name} new", mother(CARD), day=date(2026, 7, 9), sealed=sealed, signer=STRANGER)
    comment = "a card that is not verified supersedes none"
    yield MergedCase(name, "unknown-issuer", "M82 M99", comment, [old.text, new.text], family(mother(CARD)), other_cards=1, secrets=[EPOCH])
