"""Vectors of the payload that read: every form of the grammar, scaled values and unknown codes (spec sections 5 and 6)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from vector_case import Case, family, infant, mother, part_case, record_case
from vector_codec import CARD_ID, DATE, DAY, LARGEST, NOTHING, part, row, seen, woman
from vector_world import CONTINUES_ONLY


def cases() -> Iterator[Case]:
    yield from _good()
    yield from _values()
    yield from _unknown()


def _good() -> Iterator[Case]:
    yield part_case(
        "codec_minimal",
        "M22 M25 M26 M30",
        "the smallest card: a mother of whom nothing is known",
        part(woman()),
        "verified",
        record=family(mother()),
    )
    yield part_case(
        "codec_eight_people",
        "M22 M29",
        "eight persons",
        part(*([2 * n, 127] for n in range(8))),
        "verified",
        record=family(*(mother() for _ in range(8))),
    )
    rows = [{"date": date.fromordinal(date(2026, 5, 1).toordinal() + n).isoformat()} for n in range(63)]
    yield record_case(
        "codec_64_rows", "M31", "63 contacts and a row of history", family(mother(*rows, conditions=["asthma"])), issued=date(2026, 7, 2)
    )
    yield part_case(
        "codec_32_events",
        "M37",
        "32 findings",
        part(woman(row(*range(4, 18), *range(80, 98)))),
        "verified",
        record=seen({"findings": FINDINGS_4_TO_17 + FINDINGS_80_TO_97}),
    )
    yield record_case(
        "codec_same_day", "M33", "three contacts on one day", seen({"findings": ["dizziness"]}, {"findings": ["mastitis"]}, {})
    )
    yield record_case(
        "codec_history",
        "M36",
        "conditions and doses without a date, as the holder told",
        family(
            mother(
                conditions=["previous_caesarean", "asthma"],
                vaccines_before=[{"vaccine": "td"}, {"vaccine": "tt", "dose": 2}],
                history_source="holder",
            )
        ),
    )
    sources = [{"source": "holder"}, {"source": "withheld"}, {"source": "gt-rc"}, {"source": "mx-rc"}]
    yield record_case("codec_sources", "M34", "every kind of source; mx-rc is the issuer itself", seen(*sources), notices="copied")
    yield record_case(
        "codec_every_event", "M38 M41 M42 M43 M45 M46 M47", "every form of an event", seen(EVERY_EVENT), notices="unknown-code"
    )
    yield record_case("codec_medicine_twice", "M39", "two doses on one day", seen({"medicines": [{"medicine": "ors", "amount": 1}] * 2}))
    small = [
        {"medicine": "ors", "amount": steps / 4, "timing": timing, "days": 1}
        for steps in (1, 2, 4, 8)
        for timing in ("once_daily", "alternate_days")
    ]
    large = [
        {"medicine": "ors", "amount": 0.75, "timing": "once_daily", "days": 1},
        {"medicine": "ors", "amount": 1, "timing": "weekly", "days": 3660},
    ]
    yield record_case(
        "codec_small_doses",
        "M43 M44",
        "the corners of the small doses and the nearest that are not small",
        seen({"medicines": small + large}),
    )
    doses = [{"vaccine": "bcg", "dose": 0}, {"vaccine": "bcg", "dose": 6}, {"vaccine": "bcg"}, {"vaccine": "hepatitis_b_birth", "dose": 0}]
    yield record_case("codec_vaccine_doses", "M38", "the first and last dose, the unknown one, the next vaccine", seen({"vaccines": doses}))
    yield record_case("codec_sealed", "M28", "a sealed part of the usual size, opaque to this version", seen({}), sealed=bytes(range(114)))
    yield record_case(
        "codec_continuation",
        "M24 M29",
        "a contact for person 1 of a card",
        family(infant({"date": DATE, "observations": {"muac": 118}})),
        continues=CARD_ID,
        refs=(1,),
    )
    yield record_case(
        "codec_continuation_by_a_station_that_only_continues",
        "M24 M57",
        "scope continue alone",
        seen({}),
        continues=CARD_ID,
        refs=(0,),
        signer=CONTINUES_ONLY,
    )
    yield record_case(
        "codec_continuation_of_profile",
        "M25 M26 M29",
        "a birth and a new fact, no contact: the mother and a new person 5",
        family(mother(pregnancy={"delivered": "2026-07-01"}), infant(sex="male", born="2026-07-01", birth={"weight_g": 3100})),
        continues=CARD_ID,
        refs=(0, 5),
    )
    yield record_case(
        "codec_choices",
        "M27",
        "both choices yes, the last language",
        {**family(mother(), language="vi", count=True), "choices": {"import": True, "count": True}},
    )
    yield part_case(
        "codec_last_day",
        "M25 M32",
        "a contact on the last day there is: read, but no key is for that day",
        part(woman(row()), first=65535),
        "not-authorised",
        notices="clock",
        record=family(mother({"date": "2199-06-06"})),
    )


def _values() -> Iterator[Case]:
    extremes = [0, 126, LARGEST, [0, 0, NOTHING ^ 3, LARGEST, -LARGEST]]
    yield part_case(
        "values_extremes",
        "M49",
        "integers at the ends of what the wire holds, scaled",
        part(extremes),
        "verified",
        notices="implausible-value",
        record=family(mother({"date": DATE, "observations": {"weight": 214748424.7, "muac": 255 - LARGEST}}, age_years=26 + LARGEST)),
    )
    yield record_case(
        "values_decimal_steps",
        "M49",
        "values whose product with 10 or 100 is not whole in binary",
        family(
            mother(
                {
                    "date": DATE,
                    "observations": {"weight": 58.3, "temperature": 36.1, "fundal_height": 23.5, "glucose_random": 5.7, "blood_loss": 350},
                }
            ),
            infant({"date": DATE, "observations": {"weight": 4.35, "length": 64.1}, "medicines": [{"medicine": "rutf", "amount": 2.75}]}),
        ),
    )
    yield record_case(
        "values_every_observation_of_a_mother",
        "M35 M47 M49",
        "every bit and number that may stand in the open part",
        seen({"observations": MOTHER_OBSERVATIONS}),
    )
    yield record_case(
        "values_every_profile_field_of_a_mother",
        "M30 M49 M50",
        "every bit of the profile",
        family(
            mother(
                {"date": DATE},
                age_years=31,
                blood_group="AB-",
                allergies=["penicillins", "other"],
                pregnancy={
                    "lmp": "2025-09-20",
                    "dating": "ultrasound",
                    "gravida": 4,
                    "parity": 2,
                    "caesareans": 1,
                    "fetuses": 2,
                    "delivered": "2026-06-20",
                    "outcome": "live_birth",
                },
            )
        ),
    )
    yield record_case(
        "values_every_profile_field_of_an_infant",
        "M30 M49 M52",
        "every bit of the profile",
        family(
            infant(
                sex="unknown",
                born="2024-02-15",
                born_precision="month",
                birth={"weight_g": 3210, "gestation_weeks": 40},
                blood_group="O-",
                allergies=["milk"],
            )
        ),
    )
    yield record_case("values_no_allergies", "M50", "asked, none", family(mother(allergies=[])))
    yield part_case("values_allergies_negative", "M50", "a bit set of -1", part([0, 127 ^ 4, -1]))
    yield record_case(
        "values_delivered_without_lmp",
        "M51",
        "counted from the first contact, without the centre",
        family(mother({"date": DATE}, pregnancy={"delivered": "2026-06-30"})),
    )
    yield record_case(
        "values_anchor_is_the_first_contact",
        "M51",
        "two persons whose first contacts differ",
        family(mother({"date": "2026-06-01"}, pregnancy={"lmp": "2025-12-01"}), infant({"date": "2026-06-20"}, born="2026-06-10")),
    )
    yield part_case(
        "values_oldest_day",
        "M51",
        "born on 1950-01-01",
        part([1, 9, DAY + 25567], first=DAY),
        "verified",
        record=family(infant(born="1950-01-01")),
    )
    yield part_case("values_day_before_1950", "M51", "born on 1949-12-31", part([1, 9, DAY + 25568], first=DAY))
    yield part_case("values_day_beyond_2199", "M51", "born on 2199-06-07", part([1, 9, DAY - 65536], first=DAY))
    yield part_case("values_day_far_beyond", "M51 M77", "born six million years ago", part([1, 9, LARGEST], first=DAY))
    yield part_case("values_month_not_on_day_15", "M52", "born in a month, on its 14th", part([1, 12, 1, 14, 1]))


def _unknown() -> Iterator[Case]:
    def kept(name: str, comment: str, record: Mapping[str, Any], musts: str = "M53", **fields: Any) -> Case:
        return record_case(f"unknown_{name}", musts, comment, record, notices=fields.pop("notices", "unknown-code"), **fields)

    def about(**profile: Any) -> dict[str, Any]:
        return family(mother(**profile))

    medicines = [
        {"medicine": "#999", "amount": 3},
        {"medicine": "#999", "amount": 4, "timing": "once_daily", "days": 2},
        {"medicine": "#999", "amount": 5, "timing": "once_daily", "days": 2},
    ]
    yield kept("finding", "finding 150", seen({"findings": ["#150"]}))
    yield kept("finding_in_history", "finding 150 without a date", about(conditions=["#150"]), "M36 M53")
    yield kept("service", "service 900", seen({"services": ["#900"]}))
    yield kept("vaccine", "vaccine 900, dose 2", seen({"vaccines": [{"vaccine": "#900", "dose": 2}]}))
    yield kept("medicine", "medicine 999 in its three forms; amounts stay raw", seen({"medicines": medicines}))
    yield kept("timing", "timing 99", seen({"medicines": [{"medicine": "ors", "amount": 1, "timing": "#99", "days": 2}]}))
    yield kept("observation_bit", "bit 25", seen({"observations": {"#25": -7}}))
    yield kept("observation_number", "number 900", seen({"observations": {"#900": -7}}), "M47 M53")
    yield kept(
        "observation_value",
        "a tenth result of a test, and one below the first",
        seen({"observations": {"malaria_test": "#9", "urine_protein": "#-1"}}),
    )
    yield kept("profile_bit", "bit 30", about(unknown={"#30": 5}))
    yield kept("profile_value", "blood group 77", about(blood_group="#77"))
    yield kept("allergy", "allergies 30 and 31", about(allergies=["#30", "#31"]), "M50 M53")
    yield kept("language", "language 77", family(mother(), language="#77"))
    yield kept("organisation", "organisation 77", seen({"source": "#77"}), "M34 M53", notices="unknown-code copied")
    referral = {"service": "#900", "urgency": "#9", "reason": "#150", "to": "#77"}
    yield kept("referral", "every word of a referral", seen({"referral": referral}), "M45 M53")
    yield kept("event", "an array of a later version", seen({"unknown": ["8423f6410082001864"]}), "M48")


FINDINGS_4_TO_17 = [
    "severe_headache",
    "blurred_vision",
    "severe_abdominal_pain",
    "fever_mother",
    "difficult_breathing_mother",
    "central_cyanosis",
    "unconscious",
    "labour",
    "leaking_fluid",
    "baby_not_moving",
    "face_hand_swelling",
    "severe_vomiting",
    "foul_discharge",
    "looks_very_ill",
]
FINDINGS_80_TO_97 = [
    "disability",
    "dizziness",
    "epigastric_pain",
    "mastitis",
    "retained_placenta",
    "wound_infection",
    "rash_fever",
    "chikungunya",
    "oropouche",
    "sickle_cell",
    "cardiac_disease",
    "threatened_preterm_labour",
    "transverse_lie",
    "leishmaniasis",
    "cholera_suspected",
    "feeding_difficulty",
    "infant_died",
    "helminths",
]
EVERY_EVENT: Mapping[str, Any] = {
    "time": "23:45",
    "observations": {"pain_score": 7, "#700": -1},
    "findings": ["severe_headache", "leishmaniasis"],
    "medicines": [
        {"medicine": "magnesium_sulfate", "amount": 4},
        {"medicine": "iron_folic_acid", "amount": 1, "timing": "once_daily", "days": 60},
        {"medicine": "iron_folic_acid", "amount": 3, "timing": "weekly", "days": 60},
    ],
    "vaccines": [{"vaccine": "td", "dose": 1}, {"vaccine": "influenza"}],
    "services": ["first_aid", "food_water"],
    "referral": {"service": "emergency_obstetric_care", "urgency": "urgent", "reason": "severe_headache", "to": "mx-rc"},
    "unknown": ["8123", "822301"],
}
MOTHER_OBSERVATIONS: Mapping[str, Any] = {
    "weight": 58.4,
    "muac": 251,
    "systolic": 112,
    "diastolic": 70,
    "temperature": 36.8,
    "haemoglobin": 108,
    "fundal_height": 15,
    "fetal_heart_rate": 148,
    "malaria_test": "mixed",
    "urine_protein": "4+",
    "pulse": 84,
    "respiratory_rate": 18,
    "oxygen_saturation": 97,
    "fetal_movement": "reduced",
    "height": 157,
    "glucose_random": 5.5,
    "consciousness": "voice",
    "capillary_refill": 2,
    "urine_glucose": "trace",
    "pain_score": 0,
    "dehydration": "some",
    "blood_loss": 500,
    "weight_before_pregnancy": 54.2,
    "glucose_fasting": 4.4,
    "fetal_presentation": "breech",
}
