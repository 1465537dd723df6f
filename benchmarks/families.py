"""Synthetic families on the route: no real person's data, the same each time for a seed.

What they are made of: pregnant women with one to three contacts, mothers with a newborn, and children alone, with the measurements,
medicines and vaccines that a service point without a laboratory gives.
"""

import random
from datetime import date, timedelta
from typing import Any

from healthcard.record import Record

SOURCES = ("pa-rc", "cr-rc", "hn-rc", "gt-rc", "mx-rc")
FIRST_DAY, LAST_DAY = date(2026, 1, 10), date(2026, 6, 30)


def families(count: int = 400, seed: int = 2026) -> list[Record]:
    """`count` valid records."""
    rng = random.Random(seed)
    return [Record.from_json(family(rng)) for _ in range(count)]


def family(rng: random.Random) -> dict[str, Any]:
    shape = rng.choices(("pregnant", "mother and infant", "child"), (45, 35, 20))[0]
    start = FIRST_DAY + timedelta(rng.randrange((LAST_DAY - FIRST_DAY).days))
    route = rng.sample(SOURCES, 3)
    if shape == "pregnant":
        people = [_pregnant(rng, start, route)]
    elif shape == "mother and infant":
        born = start - timedelta(rng.randint(1, 200))
        people = [_after_birth(rng, start, born, route), _child(rng, start, born, route)]
    else:
        people = [_child(rng, start, start - timedelta(rng.randint(60, 400)), route)]
    choices = {"import": rng.random() < 0.7, "count": rng.random() < 0.5}
    return {"language": rng.choice(("es", "ht", "en", "fr", "pt", "ar", "fa", "zh-Hans")), "choices": choices, "people": people}


def _days(rng: random.Random, start: date) -> list[date]:
    days = [start]
    for _ in range(rng.choices((0, 1, 2), (50, 35, 15))[0]):
        days.append(days[-1] + timedelta(rng.randint(3, 60)))
    return days


def _mother(rng: random.Random) -> dict[str, Any]:
    gravida = rng.choices((1, 2, 3, 4, 5), (30, 30, 20, 12, 8))[0]
    mother: dict[str, Any] = {"role": "mother", "age_years": min(45, max(14, round(rng.gauss(26, 6))))}
    if rng.random() < 0.5:
        mother["blood_group"] = rng.choices(("O+", "A+", "B+", "O-", "A-"), (55, 27, 10, 5, 3))[0]
    if rng.random() < 0.8:
        mother["allergies"] = [] if rng.random() < 0.9 else [rng.choice(("penicillins", "sulfonamides"))]
    mother["pregnancy"] = {"gravida": gravida, "parity": max(0, gravida - 1 - (rng.random() < 0.2))}
    return mother


def _pregnant(rng: random.Random, start: date, route: list[str]) -> dict[str, Any]:
    mother = _mother(rng)
    gestation = rng.randint(56, 250)
    mother["pregnancy"] |= {"lmp": (start - timedelta(gestation)).isoformat(), "dating": rng.choice(("lmp", "ultrasound", "fundal_height"))}
    weight = rng.gauss(60, 9)
    mother["contacts"] = []
    for day, source in zip(_days(rng, start), route, strict=False):
        weeks = (gestation + (day - start).days) / 7
        values = _vitals(rng, weight)
        if weeks > 16:
            values |= {"fundal_height": float(round(weeks + rng.gauss(0, 1.5))), "fetal_heart_rate": round(rng.gauss(142, 8))}
        if rng.random() < 0.6:
            values["malaria_test"] = "negative" if rng.random() < 0.95 else "vivax"
        if rng.random() < 0.4:
            values["urine_protein"] = rng.choices(("negative", "trace", "1+"), (85, 10, 5))[0]
        contact: dict[str, Any] = {"date": day.isoformat(), "source": source, "observations": values}
        contact["medicines"] = [_supply("iron_folic_acid", 1, "once_daily", rng.choice((30, 60)))]
        if rng.random() < 0.3:
            other = rng.choice((("paracetamol_500", 2, "three_times_daily", 3), ("amoxicillin_500", 1, "three_times_daily", 7)))
            contact["medicines"].append(_supply(*other))
        if rng.random() < 0.4:
            contact["vaccines"] = [{"vaccine": "td", "dose": rng.randint(1, 3)}]
        if rng.random() < 0.15:
            contact["findings"] = [rng.choice(("severe_headache", "vaginal_bleeding", "urinary_infection", "baby_not_moving"))]
            contact["referral"] = {"service": "antenatal_care", "urgency": "soon", "reason": contact["findings"][0]}
        if rng.random() < 0.5:
            contact["services"] = ["antenatal_care"]
        mother["contacts"].append(contact)
        weight += rng.uniform(0, 2)
    return mother


def _after_birth(rng: random.Random, start: date, born: date, route: list[str]) -> dict[str, Any]:
    mother = _mother(rng)
    mother["pregnancy"] |= {"delivered": born.isoformat(), "outcome": "live_birth"}
    values = _vitals(rng, rng.gauss(58, 9))
    contact: dict[str, Any] = {"date": start.isoformat(), "source": route[0], "observations": values, "services": ["postnatal_care"]}
    if rng.random() < 0.5:
        contact["medicines"] = [_supply("iron_folic_acid", 1, "once_daily", 60)]
    return mother | {"contacts": [contact]}


def _child(rng: random.Random, start: date, born: date, route: list[str]) -> dict[str, Any]:
    child: dict[str, Any] = {"role": "infant", "sex": rng.choice(("female", "male")), "born": born.isoformat()}
    if rng.random() < 0.4:
        child["birth"] = {"weight_g": round(rng.gauss(310, 45)) * 10}
    child["contacts"] = []
    for day, source in zip(_days(rng, start), route, strict=False):
        age = (day - born).days
        months = age / 30.4
        values: dict[str, Any] = {"weight": round(3.3 + 5.5 * months / (months + 5.5) + rng.gauss(0, 0.5), 2)}
        values |= {"muac": round(min(150, 105 + 4 * months) + rng.gauss(0, 8)), "temperature": round(rng.gauss(36.8, 0.4), 1)}
        if rng.random() < 0.6:
            values["length"] = round(49 + 24 * months / (months + 8) + rng.gauss(0, 2), 1)
        if rng.random() < 0.7:
            values["oedema"] = "none"
        if rng.random() < 0.7:
            values["feeding"] = "exclusive" if months < 6 else "complementary"
        contact: dict[str, Any] = {"date": day.isoformat(), "source": source, "observations": values}
        if rng.random() < 0.45:
            contact["medicines"] = [_supply("ors", 1, "once_daily", 2), _supply("zinc_20", 1 if months > 6 else 0.5, "once_daily", 10)]
            contact["findings"] = ["watery_diarrhoea"]
        if rng.random() < 0.4:
            doses = rng.choice(((("bcg", 1), ("bopv", 0)), (("penta", 1), ("pcv13", 1)), (("mr", 1),)))
            contact["vaccines"] = [{"vaccine": vaccine, "dose": dose} for vaccine, dose in doses]
        child["contacts"].append(contact)
    return child


def _vitals(rng: random.Random, weight: float) -> dict[str, Any]:
    systolic = round(rng.gauss(112, 11))
    values: dict[str, Any] = {"weight": round(max(38.0, weight), 1), "muac": round(rng.gauss(255, 22))}
    values |= {"systolic": systolic, "diastolic": round(systolic * 0.63 + rng.gauss(0, 5)), "temperature": round(rng.gauss(36.8, 0.3), 1)}
    if rng.random() < 0.8:
        values["haemoglobin"] = round(rng.gauss(110, 12))
    return values


def _supply(medicine: str, amount: float, timing: str, days: int) -> dict[str, Any]:
    return {"medicine": medicine, "amount": amount, "timing": timing, "days": days}
