"""Parts for tests of the codec, and what every such test needs."""

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from healthcard.codec import Part
from healthcard.record import EPOCH, LAST_DAY, Record
from tests import strategies

TODAY = date(2026, 7, 2)
NUMBERS = {"hn-rc": 5, "mx-rc": 7}
NAMES = {number: name for name, number in NUMBERS.items()}
# For whole records, which take long to draw.
SLOW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
REFERRAL = {"service": "antenatal_care", "urgency": "routine"}

# A family with an entry of every kind.
RICH = {
    "language": "ht",
    "choices": {"import": True, "count": True},
    "people": [
        {
            "role": "mother", "age_years": 27, "blood_group": "O+", "allergies": ["penicillins", "sulfonamides"],
            "conditions": ["diabetes_in_pregnancy", "previous_caesarean"], "vaccines_before": [{"vaccine": "td", "dose": 1}],
            "history_source": "hn-rc",
            "pregnancy": {"lmp": "2025-11-10", "dating": "lmp", "gravida": 3, "parity": 2, "caesareans": 1, "fetuses": 1,
                          "delivered": "2026-06-20", "outcome": "live_birth"},
            "contacts": [
                {
                    "date": "2026-06-20", "time": "16:45", "source": "mx-rc",
                    "observations": {"weight": 58.4, "systolic": 112, "diastolic": 70, "haemoglobin": 104, "malaria_test": "negative",
                                     "urine_protein": "trace", "consciousness": "alert", "pain_score": 3, "blood_loss": 250},
                    "findings": ["severe_headache", "vaginal_bleeding"],
                    "medicines": [{"medicine": "iron_folic_acid", "amount": 1, "timing": "once_daily", "days": 60},
                                  {"medicine": "paracetamol_500", "amount": 2, "timing": "four_times_daily", "days": 3},
                                  {"medicine": "paracetamol_500", "amount": 0.25}, {"medicine": "iron_folic_acid", "amount": 2.75}],
                    "vaccines": [{"vaccine": "td", "dose": 2}, {"vaccine": "bcg"}],
                    "services": ["food_water", "first_aid"],
                    "referral": {"service": "antenatal_care", "urgency": "routine", "reason": "severe_headache", "to": "hn-rc"},
                },
                {"date": "2026-06-20", "observations": {"weight": 58.1}},
                {"date": "2026-07-01", "source": "withheld", "observations": {"pulse": 92, "temperature": 36.8}},
            ],
        },
        {
            "role": "infant", "sex": "female", "born": "2026-06-20", "born_precision": "day", "blood_group": "A+", "allergies": [],
            "birth": {"weight_g": 2870, "gestation_weeks": 39},
            "contacts": [{"date": "2026-06-21", "observations": {"weight": 2.87, "muac": 101, "oedema": "none", "feeding": "exclusive",
                                                                 "apgar_1_min": 8, "stools_24h": 4},
                          "vaccines": [{"vaccine": "bcg", "dose": 0}]}],
        },
    ],
}  # fmt: skip


def latest(record: Record) -> date:
    return max((contact.date for person in record.people for contact in person.contacts), default=TODAY)


def as_card(record: Record, issued: date | None = None) -> Part:
    return Part("card", b"a card: ", None, issued or latest(record), record, tuple(range(len(record.people))))


@st.composite
def parts(draw: st.DrawFn) -> Part:
    """Any card or continuation that an honest writer makes."""
    record = draw(strategies.records(sensitive=False))
    last = EPOCH + timedelta(LAST_DAY)
    issued = draw(st.dates(latest(record), min(latest(record) + timedelta(500), last)))
    count = len(record.people)
    if draw(st.booleans()):
        return Part("card", draw(ids), None, issued, record, tuple(range(count)), draw(st.binary(max_size=120)))
    refs = sorted(draw(st.lists(st.integers(0, 7), min_size=count, max_size=count, unique=True)))
    return Part("continuation", draw(ids), draw(ids), issued, record, tuple(refs))


ids = st.binary(min_size=8, max_size=8)


def words_of(value: Any) -> set[str]:
    """Every word in a record: keys and texts."""
    if isinstance(value, dict):
        return set(value) | set().union(*map(words_of, value.values()))
    if isinstance(value, list):
        return set().union(*map(words_of, value))
    return {value} if isinstance(value, str) else set()
