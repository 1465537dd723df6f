"""Vectors of the payload that must not read: the CBOR subset and the grammar of a part (spec sections 3 and 5)."""

from collections.abc import Iterator, Mapping
from typing import Any

import cbor2
from vector_case import Case, family, mother, part_case, token_case

DAY, DATE = 2370, "2026-06-28"
ID, CARD_ID = bytes(range(8)), bytes(range(8, 16))
LARGEST = 2**31 - 1
MUAC = [0, 0, 125, 6]
NOTHING = 511  # the mask of a mother's contact without a measurement
GIRL = [1, 8, 1, 412, MUAC]


def part(
    *people: Any, head: Any = 0, id: Any = ID, continues: Any = None, first: Any = DAY, issued: Any = 0, holder: Any = 4, sealed: Any = b""
) -> list[Any]:
    return [head, id, continues, first, issued, holder, sealed, *people]


def continuation(*people: Any, **fields: Any) -> list[Any]:
    return part(*people, head=1, continues=CARD_ID, **fields)


def row(*events: Any, day: Any = 0, source: Any = 0, mask: Any = NOTHING) -> list[Any]:
    """A mother's row without measurements."""
    return [day, source, mask, *events]


def woman(*rows: Any) -> list[Any]:
    """A mother without a profile."""
    return [0, 127, *rows]


def seen(*contacts: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a mother without a profile; each contact on the day of the part unless it says another."""
    return family(mother(*({"date": DATE} | dict(contact) for contact in contacts)))


def cases() -> Iterator[Case]:
    yield from _cbor()
    yield from _parts()
    yield from _people_and_rows()
    yield from _events()


def _cbor() -> Iterator[Case]:
    good = cbor2.dumps(part(GIRL))
    row_at = good.rindex(bytes.fromhex("840000187d06"))

    def instead(name: str, musts: str, comment: str, new: str, old: str = "06") -> Case:
        """The muac, or a longer tail of the payload, replaced."""
        assert good.endswith(bytes.fromhex(old))
        return token_case(f"cbor_{name}", musts, comment, good[: -len(old) // 2] + bytes.fromhex(new), "unreadable")

    yield instead("float", "M6", "muac as the float 6.0", "f94600")
    yield instead("text_string", "M6", "muac as a text string", "6136")
    yield instead("boolean", "M6", "muac as true", "f5")
    yield instead("undefined", "M6", "muac as undefined", "f7")
    yield part_case("cbor_map", "M6", "an event that is a map", part(woman(row({1: 2}))))
    yield instead("tag", "M6", "muac under a tag", "c106")
    yield instead("bignum", "M6", "muac as a bignum", "c24106")
    yield instead("simple_value", "M6", "muac as the simple value 16", "f0")
    yield instead("integer_too_large", "M7", "2^31", "1a80000000")
    yield instead("integer_too_small", "M7", "-2^31", "3a7fffffff")
    yield instead("integer_not_shortest", "M8", "6 in two bytes", "1806")
    yield instead("integer_in_two_bytes_not_shortest", "M8", "6 in three bytes", "190006")
    yield instead("integer_of_8_bytes", "M8", "an 8-byte argument", "1b0000000100000000")
    yield instead("reserved_head", "M8", "additional information 28", "1c")
    shorter = good.index(b"\x48" + ID)
    yield token_case(
        "cbor_length_not_shortest",
        "M8",
        "the length of the id in two bytes",
        good[:shorter] + b"\x58\x08" + good[shorter + 1 :],
        "unreadable",
    )
    yield token_case(
        "cbor_array_indefinite", "M9", "the row without a length", good[:row_at] + bytes.fromhex("9f0000187d06ff"), "unreadable"
    )
    yield token_case(
        "cbor_bytes_indefinite",
        "M9",
        "the id in chunks",
        good[:shorter] + b"\x5f" + good[shorter : shorter + 9] + b"\xff" + good[shorter + 9 :],
        "unreadable",
    )
    yield token_case("cbor_bytes_after", "M11", "a byte after the part", good + b"\x00", "unreadable")
    yield token_case("cbor_cut_off", "M11", "the last byte missing", good[:-1], "unreadable")
    yield token_case("cbor_empty", "M11", "no payload at all", b"", "unreadable")
    yield token_case("cbor_array_longer_than_payload", "M11", "an array of 2^31 - 1 elements", b"\x9a\x7f\xff\xff\xff" + good, "unreadable")
    yield token_case("cbor_deep", "M10 M77", "a thousand arrays in one another", b"\x81" * 900 + b"\x00", "unreadable")
    deepest: Any = []
    for _ in range(3):
        deepest = [deepest]
    yield part_case("cbor_too_deep", "M10", "nine arrays in one another", part(woman(row([-4, [deepest]]))))
    yield part_case(
        "cbor_deepest",
        "M10",
        "eight arrays in one another",
        part(woman(row([-4, deepest]))),
        "verified",
        notices="unknown-code",
        record=seen({"unknown": ["822381818180"]}),
    )
    yield part_case(
        "cbor_extreme_integers",
        "M7",
        "the largest and the smallest integer",
        part(woman([0, 0, 511 | 3 << 29, LARGEST, -LARGEST])),
        "verified",
        notices="unknown-code",
        record=seen({"observations": {"#29": LARGEST, "#30": -LARGEST}}),
    )


def _parts() -> Iterator[Case]:
    def bad(name: str, musts: str, comment: str, items: list[Any], **fields: Any) -> Case:
        return part_case(f"codec_{name}", musts, comment, items, **fields)

    yield bad("payload_not_an_array", "M21 M77", "the payload is an integer", 7)  # type: ignore[arg-type]
    yield bad("payload_empty_array", "M21 M77", "a part without a head", [])
    yield bad("head_null", "M21", "the head is null", part(GIRL, head=None))
    yield bad("head_negative", "M21", "the head is -1", part(GIRL, head=-1))
    yield bad("newer_version", "M21", "version 1, a card", part(GIRL, head=2), expect="newer-version")
    yield bad("newer_version_of_another_form", "M21", "version 9, one element", [18], expect="newer-version")
    yield bad("nobody", "M22", "a part without persons", part())
    yield bad("nine_people", "M22", "nine persons", part(*([2 * n, 127] for n in range(9))))
    yield bad("element_after_people", "M22", "a null after the persons", part(GIRL, None))
    yield bad("id_7_bytes", "M23", "an id of 7 bytes", part(GIRL, id=ID[:7]))
    yield bad("id_9_bytes", "M23", "an id of 9 bytes", part(GIRL, id=ID + b"\0"))
    yield bad("id_null", "M23", "no id", part(GIRL, id=None))
    yield bad("card_continues", "M24", "a card that continues another", part(GIRL, continues=CARD_ID))
    yield bad("continuation_of_nothing", "M24", "a continuation that names no card", part(GIRL, head=1))
    yield bad("continues_7_bytes", "M24", "the card's id with 7 bytes", part(GIRL, head=1, continues=ID[:7]))
    yield bad(
        "first_before_first_contact",
        "M25",
        "`first` a day before the earliest contact",
        part([1, 8, 1, 412, [1, 0, 125, 6]], first=DAY - 1),
    )
    yield bad("first_too_large", "M25", "`first` beyond 2199", part([1, 8, 1, 412], first=65536))
    yield bad("first_negative", "M25", "`first` before 2020", part([1, 8, 1, 412], first=-1))
    yield bad("issued_negative", "M26", "issued before the latest contact", part(GIRL, issued=-1))
    yield bad("issued_without_contacts", "M26", "`issued` is 1 though there is no dated row", part([1, 8, 1, 412], issued=1))
    yield bad("issued_too_late", "M26", "issued beyond 2199", part(GIRL, issued=65535 - DAY + 1))
    yield bad("language_0", "M27", "language 0", part(GIRL, holder=3))
    yield bad("holder_null", "M27", "no language", part(GIRL, holder=None))
    yield bad("sealed_null", "M28", "null for no sealed part", part(GIRL, sealed=None))
    yield bad("sealed_in_continuation", "M28", "a continuation with a sealed part", continuation(GIRL, sealed=bytes(114)))


def _people_and_rows() -> Iterator[Case]:
    def bad(name: str, musts: str, comment: str, *people: Any, **fields: Any) -> Case:
        return part_case(f"codec_{name}", musts, comment, part(*people, **fields))

    def raw(*rows: Any) -> list[Any]:
        return [1, 11, *rows]

    yield bad("ref_skipped", "M29", "persons 0 and 2 on a card", GIRL, [4, 127])
    yield bad("ref_first_is_1", "M29", "a card that begins with person 1", [3, 11])
    yield bad("ref_negative", "M29", "ref -1", [-1, 127])
    yield part_case("codec_ref_8", "M29", "person 8", continuation([16, 127]))
    yield part_case("codec_refs_descend", "M29", "a continuation's persons not in order", continuation([4, 127], [2, 127]))
    yield part_case("codec_ref_twice", "M29", "one person twice", continuation([2, 127], [2, 126, 0]))
    yield part_case("codec_index_twice", "M29", "mother and infant of one index", continuation([2, 127], [3, 11]))
    yield bad("person_not_an_array", "M30", "a person that is an integer", 0)
    yield bad("person_without_mask", "M30", "a person of one element", [1])
    yield bad("profile_value_missing", "M30", "mask of two values, one given", [1, 8, 1, MUAC])
    yield bad("profile_value_left_over", "M30", "mask of two values, three given", [1, 8, 1, 412, 0, MUAC])
    yield bad("profile_value_null", "M30", "null as a profile value", [1, 8, 1, None, MUAC])
    yield bad("profile_mask_negative", "M30", "mask -1", [1, -1, MUAC])
    yield bad("rows_65", "M31", "65 rows", woman(row(), *(row(day=1) for _ in range(64))))
    yield bad(
        "rows_65_in_two_people",
        "M31",
        "33 and 32 rows",
        woman(row(), *(row(day=1) for _ in range(32))),
        [2, 127, row(), *(row(day=1) for _ in range(31))],
    )
    yield bad("row_day_negative", "M32", "a row before the one before it", woman(row(), row(day=-1)))
    yield bad("row_day_too_large", "M32", "a row beyond 2199", woman(row(), row(day=65535 - DAY + 1)))
    yield bad("rows_out_of_order", "M33", "rows of one day not in the order of their bytes", woman(row(2), row(1)))
    yield bad("rows_out_of_order_by_length", "M33", "a longer row of one day before a shorter one", woman(row(1, 2), row(4)))
    yield bad("row_twice", "M33", "the same row twice", woman(row(1), row(1)))
    yield bad("row_without_mask", "M35", "a dated row without a mask", woman([0, 0]))
    yield bad("row_not_an_array", "M30", "a byte string where a row stands", woman(row(), b"\0"))
    yield bad("source_negative", "M34", "source -1", woman(row(source=-1)))
    yield bad("source_too_large", "M34", "source 1000000", woman(row(source=1_000_000)))
    yield bad("source_null", "M34", "source null", woman(row(source=None)))
    yield bad("observation_missing", "M35", "mask of one value, none given", raw([0, 0, 125]))
    yield bad("observation_replaced_by_event", "M35", "an array where a value stands", raw([0, 0, 125, [5, 1]]))
    yield bad("mask_negative", "M35", "mask -1", raw([0, 0, -1]))
    yield bad("mask_too_large", "M35 M7", "mask 2^31", raw([0, 0, 2**31]))
    yield bad("history_second", "M36", "history after a dated row", woman(row(), [None, 0, 48]))
    yield bad("history_twice", "M36", "two rows of history", woman([None, 0, 48], [None, 0, 52]))
    yield bad("history_empty", "M36", "history without an event", woman([None, 0]))
    yield bad("history_with_a_mask", "M36 M38", "history as a dated row has it, with the usual mask", woman([None, 0, NOTHING, 48]))
    yield bad("history_with_danger_sign", "M36", "severe headache without a date", woman([None, 0, 4]))
    yield bad("history_with_service", "M36", "a service without a date", woman([None, 0, 209]))
    yield bad("history_with_medicine", "M36", "a medicine without a date", woman([None, 0, [1, 4]]))
    yield bad("history_with_time", "M36", "a time without a date", woman([None, 0, [-2, 8]]))
    yield bad("history_with_unknown_event", "M36", "an unknown event without a date", woman([None, 0, [-9, 8]]))


def _events() -> Iterator[Case]:
    def bad(name: str, musts: str, comment: str, *events: Any) -> Case:
        return part_case(f"codec_{name}", musts, comment, part(woman(row(*events))))

    yield bad("events_33", "M37", "33 findings", *range(1, 34))
    yield bad("events_out_of_order", "M38", "finding 4 before finding 1", 4, 1)
    yield bad("vaccines_out_of_order", "M38", "the larger vaccine first", -162, -2)
    yield bad("vaccine_before_finding", "M38", "a vaccine before a finding", -2, 4)
    yield bad("array_before_finding", "M38", "a medicine before a finding", [5, 1], 4)
    yield bad("arrays_out_of_order", "M38", "medicine 6 before medicine 5", [6, 1], [5, 1])
    yield bad("array_longer_first", "M38", "three elements before two", [5, -1, 3], [6, 1])
    yield bad("finding_twice", "M39", "a finding twice", 4, 4)
    yield bad("vaccine_twice", "M39", "a dose twice", -2, -2)
    yield bad("unknown_event_twice", "M39", "an unknown event twice", [-9, 1], [-9, 1])
    yield bad("vaccine_too_large", "M42", "vaccine 2^28", -1 - (2**28 - 1) * 8)
    yield bad("event_0", "M40", "finding 0", 0)
    yield bad("event_null", "M40", "null as an event", None)
    yield bad("event_bytes", "M40", "a byte string as an event", b"\1")
    yield bad("event_empty_array", "M41", "an empty array", [])
    yield bad("event_empty_array_twice", "M41 M77", "two empty arrays", [], [])
    yield bad("event_array_of_null", "M41", "an array that starts with null", [None, 1])
    yield bad("event_array_of_null_twice", "M41 M77", "two arrays that start with null", [None], [None])
    yield bad("event_array_of_array_twice", "M41 M77", "two arrays that start with an array", [[]], [[]])
    yield bad("medicine_without_amount", "M41", "a medicine alone", [5])
    yield bad("medicine_five_elements", "M41", "a medicine with an element too many", [5, 3, 1, 3, 0])
    yield bad("medicine_0", "M42", "medicine 0", [0, 1])
    yield bad("amount_0", "M42", "amount 0", [5, 0])
    yield bad("amount_negative", "M42", "an amount of -1 given once", [5, -1])
    yield bad("timing_0", "M42", "timing 0", [5, 3, 0, 3])
    yield bad("days_0", "M42", "for no days", [5, -1, 0])
    yield bad("days_3661", "M42", "for ten years and more", [5, 3, 1, 3661])
    yield bad("small_dose_beyond", "M43", "small dose -25", [5, -25, 3])
    yield bad("small_dose_positive", "M43", "three elements with an amount that is not small", [5, 3, 3])
    yield bad("small_dose_in_the_long_form", "M44", "one tablet once a day, in four elements", [1, 4, 1, 60])
    yield bad("referral_short", "M41 M45", "a referral without a reason", [-1, 209, 1])
    yield bad("referral_long", "M41 M45", "a referral with an element too many", [-1, 209, 1, 0, 6, 0])
    yield bad("referral_to_finding", "M45", "service 199", [-1, 199, 1, 0])
    yield bad("referral_urgency_0", "M45", "urgency 0", [-1, 209, 0, 0])
    yield bad("referral_reason_200", "M45", "a service as the reason", [-1, 209, 1, 200])
    yield bad("referral_to_holder", "M45", "referred to the holder", [-1, 209, 1, 0, 1])
    yield bad("referral_to_nobody", "M45", "`to` is 0, which is to be left out", [-1, 209, 1, 0, 0])
    yield bad("referral_twice", "M45", "two referrals", [-1, 209, 1, 0], [-1, 210, 1, 0])
    yield bad("time_96", "M46", "quarter hour 96", [-2, 96])
    yield bad("time_negative", "M46", "quarter hour -1", [-2, -1])
    yield bad("time_twice", "M46", "two times", [-2, 8], [-2, 9])
    yield bad("time_long", "M41 M46", "a time with a second element", [-2, 8, 0])
    yield bad("numbered_observation_30", "M47", "a number that has a bit", [-3, 30, 1])
    yield bad("numbered_observation_twice", "M47", "one observation with two values", [-3, 41, 3], [-3, 41, 4])
    yield bad("numbered_observation_null", "M41 M47", "an observation without a value", [-3, 41, None])
    yield bad("numbered_observation_short", "M41 M47", "an observation of two elements", [-3, 41])
