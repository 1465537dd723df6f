"""Record <-> payload: one encoding for every part, nothing lost, nothing sensitive in the open, what is not known kept."""

import csv
import json
import math
import random
import shutil
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from healthcard import card, cbor, codec, vocabulary
from healthcard.cbor import Item
from healthcard.codec import Part
from healthcard.errors import CardError, NewerVersion, RecordError, SensitiveContent, Unreadable
from healthcard.record import EPOCH, LAST_DAY, Record
from healthcard.vocabulary import Entry, Quantity, Vocabulary
from tests import strategies
from tests.world import World

TODAY = date(2026, 7, 2)
NUMBERS = {"hn-rc": 5, "mx-rc": 7}
NAMES = {number: name for name, number in NUMBERS.items()}
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.json"))
SLOW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


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


# --- round trip ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_example_comes_back_as_it_was_written(file: Path) -> None:
    text = json.loads(file.read_text())
    record = Record.from_json(text)
    names = {name: n for n, name in enumerate(["pa-rc", "cr-rc", "hn-rc", "gt-rc", "mx-rc", "co-rc", "ne-rc", "ml-rc", "td-rc"], 3)}
    payload = codec.write(as_card(record), names)
    part = codec.decode(payload, {number: name for name, number in names.items()})
    assert part == as_card(record)
    assert part.record.to_json() == record.to_json()
    assert Record.from_json(part.record.to_json()) == record
    assert without_order(record.to_json()) == without_order({"choices": {"import": False, "count": False}} | text)
    assert codec.write(part, names) == payload


def without_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_order(inner) for key, inner in value.items()}
    return sorted(map(without_order, value), key=str) if isinstance(value, list) else value


@given(parts())
@SLOW
def test_every_part_comes_back_as_it_was_written(part: Part) -> None:
    payload = codec.encode(part, NUMBERS)
    read = codec.decode(payload, NAMES)
    assert read == part
    assert read.record.to_json() == part.record.to_json()
    assert Record.from_json(json.dumps(read.record.to_json())) == read.record
    assert codec.encode(read, NUMBERS) == payload
    assert cbor.dumps(cbor.loads(payload)) == payload


@given(parts(), st.randoms(use_true_random=False))
@SLOW
def test_whatever_is_accepted_is_written_as_the_same_bytes(part: Part, chance: random.Random) -> None:
    """The other way round: from bytes that nobody wrote."""
    payload = bytearray(codec.encode(part, NUMBERS))
    for _ in range(40):
        changed = bytearray(payload)
        for _ in range(chance.randrange(1, 3)):
            at = chance.randrange(len(changed))
            changed[at] = chance.choice([changed[at] ^ 1 << chance.randrange(8), (changed[at] + 1) % 256, (changed[at] - 1) % 256])
        try:
            read = codec.decode(bytes(changed), NAMES)
        except CardError:
            continue
        assert codec.write(read, NUMBERS) == changed
        assert Record.from_json(read.record.to_json()) == read.record


@given(strategies.record_json(), st.randoms(use_true_random=False))
@SLOW
def test_order_carries_no_meaning(data: dict[str, Any], chance: random.Random) -> None:
    record = Record.from_json(data)
    other = Record.from_json(shuffled(data, chance))
    assert other == record
    assert other.to_json() == record.to_json()
    assert codec.write(as_card(other), NUMBERS) == codec.write(as_card(record), NUMBERS)


def shuffled(value: Any, chance: random.Random, key: str = "") -> Any:
    """The same JSON with keys and lists in another order, but for people: a person is known by her place."""
    if isinstance(value, dict):
        return {name: shuffled(inner, chance, name) for name, inner in chance.sample(list(value.items()), len(value))}
    if isinstance(value, list):
        return [shuffled(inner, chance) for inner in (value if key == "people" else chance.sample(value, len(value)))]
    return value


@given(strategies.records(sensitive=False), st.integers(1, 40))
@SLOW
def test_a_card_issued_before_its_last_contact_is_refused(record: Record, days: int) -> None:
    assume(any(person.contacts for person in record.people) and latest(record) - EPOCH > timedelta(days))
    with pytest.raises(RecordError, match="day of issue"):
        codec.encode(as_card(record, latest(record) - timedelta(days)), NUMBERS)


def test_an_organisation_without_a_number_is_refused_with_its_place() -> None:
    contacts = [{"date": "2026-07-01", "source": "nobody"}, {"date": "2026-07-02", "referral": REFERRAL | {"to": "nobody-too"}}]
    mother = {"role": "mother", "conditions": ["previous_caesarean"], "history_source": "nowhere", "contacts": contacts}
    with pytest.raises(RecordError) as refused:
        codec.encode(as_card(Record.from_json({"language": "es", "people": [mother]})), NUMBERS)
    assert len(refused.value.problems) == 3
    assert all("organisation" in problem.message for problem in refused.value.problems)


REFERRAL = {"service": "antenatal_care", "urgency": "routine"}


def test_a_later_version_is_told_apart_from_nonsense() -> None:
    payload = cbor.loads(codec.encode(as_card(Record.from_json(RICH)), NUMBERS))
    assert isinstance(payload, list)
    for head in (2, 3, 4, 2**31 - 1):
        with pytest.raises(NewerVersion):
            codec.decode(cbor.dumps([head, *payload[1:]]), NAMES)
        with pytest.raises(NewerVersion):  # whatever a later version may look like
            codec.decode(cbor.dumps([head, None]), NAMES)
    for nonsense in (-1, None, b""):
        with pytest.raises(Unreadable):
            codec.decode(cbor.dumps([nonsense, *payload[1:]]), NAMES)


# --- what must not stand in the open part (DP-07) --------------------------------------------------------------------

CONTACT = {"date": "2026-07-01"}


def places_of(known: Vocabulary, table: str) -> Iterator[tuple[str, Entry, dict[str, Any]]]:
    """Every entry of a table in every place where it can stand: (place, entry, person)."""
    here = "people[0].contacts[0]"

    def seen(**entries: Any) -> dict[str, Any]:
        return {"role": "mother", "contacts": [CONTACT | entries]}

    if table == "findings":
        for entry in known.findings.entries:
            yield f"{here}.findings[0]", entry, seen(findings=[entry.key])
            yield f"{here}.referral.reason[0]", entry, seen(referral=REFERRAL | {"reason": entry.key})
            if entry.row["kind"] == "condition":
                yield "people[0].conditions[0]", entry, {"role": "mother", "conditions": [entry.key]}
    elif table == "services":
        for entry in known.services.entries:
            yield f"{here}.services[0]", entry, seen(services=[entry.key])
            yield f"{here}.referral.service[0]", entry, seen(referral=REFERRAL | {"service": entry.key})
    elif table == "medicines":
        for medicine in known.medicines.entries:
            yield f"{here}.medicines[0]", medicine, seen(medicines=[{"medicine": medicine.key, "amount": medicine.scale.from_wire(1)}])
    elif table == "vaccines":
        for entry in known.vaccines.entries:
            yield f"{here}.vaccines[0]", entry, seen(vaccines=[{"vaccine": entry.key}])
            yield "people[0].vaccines_before[0]", entry, {"role": "infant", "vaccines_before": [{"vaccine": entry.key}]}
    elif table == "observations":
        for role, quantities in known.observations.items():
            for quantity in quantities.entries:
                contact = CONTACT | {"observations": {quantity.key: quantity.from_wire(0)}}
                yield f"{here}.observations.{quantity.key}", quantity, {"role": role, "contacts": [contact]}
    else:
        for entry in known.enumerations["outcome"].entries:
            yield "people[0].pregnancy.outcome", entry, {"role": "mother", "pregnancy": {"outcome": entry.key}}


def refusals(people: Sequence[dict[str, Any]], known: Vocabulary) -> list[tuple[str, str]]:
    record = Record.from_json({"language": "es", "people": list(people)}, known)
    try:
        codec.encode(as_card(record), NUMBERS, known)
    except SensitiveContent as error:
        return [(problem.place, problem.hint) for problem in error.problems]
    return []


@pytest.mark.parametrize("table", ["findings", "services", "medicines", "vaccines", "observations", "outcome"])
def test_each_sensitive_entry_is_refused_wherever_it_stands(table: str, tmp_path: Path) -> None:
    """The entries of level 2 and 3 and no others; the tables that have none today are given one of each level."""
    known = marked(tmp_path, table) if table == "vaccines" else vocabulary.default()
    levels = set()
    for place, entry, person in places_of(known, table):
        assert refusals([person], known) == ([(place, entry.key)] if entry.sensitivity >= 2 else []), (place, entry.key)
        levels.add(entry.sensitivity)
    assert levels >= ({0, 2} if table == "observations" else {0, 2, 3}), "the test saw too little"


def marked(folder: Path, table: str) -> Vocabulary:
    """The vocabulary with the first two entries of `table` at levels 2 and 3."""
    for name in vocabulary.SHEETS:
        shutil.copy(str(vocabulary.folder() / f"{name}.csv"), folder)
    rows = vocabulary.read_csv(folder / f"{table}.csv")
    rows[0]["sensitivity"], rows[1]["sensitivity"] = "2", "3"
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return Vocabulary.load(folder)


def test_no_table_outside_the_check_has_a_sensitive_entry() -> None:
    """Whoever marks a language, an allergy or a profile field must teach the check about it first."""
    known = vocabulary.default()
    looked_at = {"findings", "services", "medicines", "vaccines", "observations_mother", "observations_infant", "outcome"}
    others = {name: table for name, table in known.tables().items() if name not in looked_at}
    assert others.keys() >= {"profile_mother", "profile_infant", "allergies", "timings", "language", "blood_group"}
    assert [entry.key for table in others.values() for entry in table.entries if entry.sensitivity >= 2] == []


def test_all_sensitive_entries_of_a_record_are_named_at_once() -> None:
    mother = {
        "role": "mother",
        "pregnancy": {"outcome": "loss"},
        "conditions": ["previous_caesarean", "hiv"],
        "contacts": [
            {
                "date": "2026-07-01",
                "observations": {"weight": 61.5, "hiv_test": "positive", "syphilis_test": "negative"},
                "findings": ["severe_headache", "sexual_violence"],
                "medicines": [{"medicine": "iron_folic_acid", "amount": 1}, {"medicine": "emergency_contraception", "amount": 1}],
                "services": ["food_water", "gbv_case_management"],
                "referral": {"service": "clinical_management_of_rape", "urgency": "routine", "reason": "trafficking_concern"},
            }
        ],
    }
    named = {word for _, word in refusals([mother, mother], vocabulary.default())}
    assert named == {
        "loss", "hiv", "hiv_test", "syphilis_test", "sexual_violence", "emergency_contraception", "gbv_case_management",
        "clinical_management_of_rape", "trafficking_concern",
    }  # fmt: skip
    places = [place for place, _ in refusals([mother, mother], vocabulary.default())]
    assert len(places) == len(set(places)) == 2 * len(named)
    assert {place.partition(".")[0] for place in places} == {"people[0]", "people[1]"}


def test_the_refusal_says_where_but_not_how_much() -> None:
    mother = {"role": "mother", "contacts": [CONTACT | {"observations": {"hiv_test": "positive"}}]}
    with pytest.raises(SensitiveContent) as refused:
        codec.encode(as_card(Record.from_json({"language": "es", "people": [mother]})), NUMBERS)
    assert "hiv_test" in str(refused.value)
    assert "positive" not in str(refused.value)


@given(strategies.records())
@SLOW
def test_a_record_is_refused_if_and_only_if_it_has_a_sensitive_word(record: Record) -> None:
    known = vocabulary.default()
    words = {entry.key for table in known.tables().values() for entry in table.entries if entry.sensitivity >= 2}
    held = words_of(record.to_json()) & words
    try:
        codec.encode(as_card(record), NUMBERS)
    except SensitiveContent as error:
        assert {problem.hint for problem in error.problems} == held
    else:
        assert not held


def words_of(value: Any) -> set[str]:
    """Every word in a record: keys and texts."""
    if isinstance(value, dict):
        return set(value) | set().union(*map(words_of, value.values()))
    if isinstance(value, list):
        return set().union(*map(words_of, value))
    return {value} if isinstance(value, str) else set()


def test_what_became_sensitive_after_printing_is_still_read(tmp_path: Path) -> None:
    infant = {"role": "infant", "contacts": [CONTACT | {"vaccines": [{"vaccine": "bcg", "dose": 1}]}]}
    record = Record.from_json({"language": "es", "people": [infant]})
    payload = codec.encode(as_card(record), NUMBERS)
    later = marked(tmp_path, "vaccines")
    part = codec.decode(payload, NAMES, later)
    assert part.record == record
    with pytest.raises(SensitiveContent):
        codec.encode(part, NUMBERS, later)
    assert codec.write(part, NUMBERS, later) == payload


# --- what a vocabulary does not know is kept -------------------------------------------------------------------------

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

# What a reader may lack; `lmp` goes only with `delivered`, whose day is counted from it: no edition has one without the other.
COMBINATIONS: dict[str, list[tuple[str, str]]] = {
    "nothing": [],
    "an observation of each role": [("observations", "weight")],
    "coded observations": [("observations", "malaria_test"), ("observations", "feeding")],
    "numbered observations": [("observations", "pain_score"), ("observations", "apgar_1_min"), ("observations", "stools_24h")],
    "findings": [("findings", "severe_headache"), ("findings", "diabetes_in_pregnancy")],
    "medicines": [("medicines", "paracetamol_500"), ("medicines", "iron_folic_acid")],
    "timings": [("timings", "once_daily"), ("timings", "four_times_daily")],
    "vaccines": [("vaccines", "td"), ("vaccines", "bcg")],
    "services": [("services", "food_water"), ("services", "antenatal_care")],
    "allergies": [("allergies", "penicillins")],
    "enumerations": [("enumerations", key) for key in ("ht", "O+", "lmp", "live_birth", "routine", "female", "day")],
    "profile numbers": [("profile", "age_years"), ("profile", "birth_weight_g"), ("profile", "gestation_weeks"), ("profile", "gravida")],
    "profile days": [("profile", "lmp"), ("profile", "delivered"), ("profile", "born")],
    "profile sets": [("profile", "allergies"), ("profile", "blood_group")],
    "every observation": [("observations", entry.key) for table in vocabulary.default().observations.values() for entry in table.entries],
}


def kept(part: Part, fewer: Vocabulary, names: dict[int, str]) -> Part:
    """What a reader of `fewer` and `names` reads of `part`, after everything it does with it came out as it went in."""
    payload = codec.write(part, NUMBERS)
    numbers = {name: number for number, name in names.items()}
    read = codec.decode(payload, names, fewer)
    assert codec.write(read, numbers, fewer) == payload
    again = Record.from_json(json.dumps(read.record.to_json()), fewer)  # kept in a file in between
    assert again == read.record
    reissued = Part(read.kind, read.id, read.continues, read.issued, again, read.refs, read.sealed)
    assert codec.write(reissued, numbers, fewer) == payload
    assert codec.decode(codec.write(read, numbers, fewer), NAMES) == part
    return read


@pytest.mark.parametrize("gone", COMBINATIONS.values(), ids=COMBINATIONS.keys())
def test_a_reader_keeps_what_it_does_not_know(gone: list[tuple[str, str]]) -> None:
    record = Record.from_json(RICH)
    read = kept(as_card(record), vocabulary.default().without(*gone), NAMES)
    lost = words_of(record.to_json()) - words_of(read.record.to_json())
    assert read.unknown == bool(gone)
    assert read.record == record if not gone else lost, "the reader still had a word for it"
    if gone:
        assert any(word.startswith("#") for word in words_of(read.record.to_json()))


def test_unknown_values_are_raw_integers() -> None:
    fewer = vocabulary.default().without(("observations", "weight"), ("observations", "pain_score"), ("profile", "age_years"))
    mother = kept(as_card(Record.from_json(RICH)), fewer, NAMES).record.people[0]
    assert mother.unknown == {"#0": 1}  # 27 years are 1 more than the usual 26
    observations = [contact.observations for contact in mother.contacts]
    assert sorted((o["#0"], o.get("#41")) for o in observations if o and "#0" in o) == [(-19, None), (-16, 3)]  # 58.1 kg, 58.4 kg


REMOVABLE = sorted(
    {(sheet, row["key"]) for sheet in vocabulary.SHEETS for row in vocabulary.read_csv(vocabulary.folder() / f"{sheet}.csv")}
    - {("profile", "lmp"), ("profile", "delivered"), ("profile", "born_precision")}
)


@given(parts(), st.lists(st.sampled_from(REMOVABLE), max_size=60), st.booleans(), st.sets(st.sampled_from(sorted(NAMES))))
@SLOW
def test_any_reader_keeps_what_it_does_not_know(part: Part, gone: list[tuple[str, str]], dates: bool, orgs: set[int]) -> None:
    names = {number: name for number, name in NAMES.items() if number not in orgs}
    if dates:
        gone = [*gone, ("profile", "lmp"), ("profile", "delivered")]
    kept(part, vocabulary.default().without(*gone), names)


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


def readings(world: World, text: str, known: Vocabulary) -> tuple[str, bool]:
    reading = card.read_part(text, world.bundle, TODAY, known)
    return reading.verdict, "unknown-code" in reading.notices


def test_the_notice_unknown_code_is_given_only_for_what_the_card_says(world: World) -> None:
    full = vocabulary.default()
    issued = world.issue(Record.from_json(RICH))
    assert readings(world, issued.text, full) == ("verified", False)
    assert readings(world, issued.text, full.without(("findings", "stiff_neck"), ("medicines", "zinc_20"))) == ("verified", False)
    for gone in COMBINATIONS.values():
        assert readings(world, issued.text, full.without(*gone)) == ("verified", bool(gone)), gone


@pytest.mark.parametrize("place", ["source", "history_source", "to"])
def test_an_organisation_that_the_bundle_does_not_name_is_kept_and_noticed(world: World, place: str) -> None:
    data = json.loads(json.dumps(RICH))
    mother = data["people"][0]
    if place == "history_source":
        mother["history_source"] = "#4711"
    elif place == "source":
        mother["contacts"][0]["source"] = "#4711"
    else:
        mother["contacts"][0]["referral"]["to"] = "#4711"
    issued = world.issue(Record.from_json(data))
    reading = card.read(issued.text, bundle=world.bundle, now=TODAY)
    assert (reading.verdict, reading.record) == ("verified", Record.from_json(data))
    assert "unknown-code" in reading.notices


def test_a_station_of_an_older_edition_issues_again_what_it_does_not_know(world: World) -> None:
    """Read with a reduced vocabulary, put on a new card by it, read with the full one: the record of the first card."""
    full = vocabulary.default()
    record = Record.from_json(RICH)
    for gone in COMBINATIONS.values():
        fewer = full.without(*gone)
        read = card.read(world.issue(record).text, bundle=world.bundle, now=TODAY, known=fewer)
        assert read.verdict == "verified" and read.record
        again = card.issue(read.record, world.station_signer, world.bundle, now=TODAY, known=fewer)
        assert card.read(again.text, bundle=world.bundle, now=TODAY, known=full).record == record


def test_unknown_events_keep_their_bytes(world: World) -> None:
    data = json.loads(json.dumps(RICH))
    arrays: list[Item] = [[-4], [-4, 1, None], [-77, [[b"\x00", [[]]]], -5], [-2147483647, 2147483647]]
    events = [cbor.dumps(event).hex() for event in arrays]
    data["people"][0]["contacts"][0]["unknown"] = events
    record = Record.from_json(data)
    issued = world.issue(record)
    reading = card.read(issued.text, bundle=world.bundle, now=TODAY)
    assert reading.record == record and "unknown-code" in reading.notices
    [contact] = (contact for contact in reading.record.people[0].contacts if contact.unknown)
    assert set(contact.unknown or ()) == set(events)
    assert codec.decode(codec.write(as_card(record), NUMBERS), NAMES).record == record


# --- values on and off their step ------------------------------------------------------------------------------------

NUMERIC = [
    (table, quantity)
    for table in ("observations", "profile")
    for entries in getattr(vocabulary.default(), table).values()
    for quantity in entries.entries
    if quantity.kind == "number"
]
each_number = pytest.mark.parametrize(("table", "quantity"), NUMERIC, ids=[f"{q.role}-{q.key}" for _, q in NUMERIC])


def step_of(quantity: Quantity) -> Decimal:
    return Decimal(quantity.row["step"] or "1")


def multiples(quantity: Quantity) -> range:
    """n of every n x step within the reject range."""
    low, high = (Decimal(quantity.row[f"reject_{side}"]) / step_of(quantity) for side in ("below", "above"))
    return range(math.ceil(low), math.floor(high) + 1)


def value_in_json(quantity: Quantity, n: int) -> Any:
    """n x step as JSON writes and reads it: through its decimal digits."""
    return json.loads(str(n * step_of(quantity)))


def placed(table: str, quantity: Quantity, values: Sequence[Any]) -> Record:
    """A record with these values: a contact or a person for each."""
    if table == "observations":
        days = [(EPOCH + timedelta(n)).isoformat() for n in range(len(values))]
        contacts = [{"date": day, "observations": {quantity.key: value}} for day, value in zip(days, values, strict=True)]
        return Record.from_json({"language": "es", "people": [{"role": quantity.role, "contacts": contacts}]})
    group, _, name = quantity.path.rpartition(".")
    people = [{"role": quantity.role} | ({group: {name: value}} if group else {name: value}) for value in values]
    return Record.from_json({"language": "es", "people": people})


def found(table: str, quantity: Quantity, record: Record) -> list[Any]:
    if table == "observations":
        return [contact.observations[quantity.key] for contact in record.people[0].contacts if contact.observations]
    return [codec_value(person, quantity) for person in record.people]


def codec_value(person: Any, quantity: Quantity) -> Any:
    for step in quantity.path.split("."):
        person = getattr(person, step)
    return person


@each_number
def test_every_multiple_of_the_step_is_exact_on_the_wire(table: str, quantity: Quantity) -> None:
    """All values that can be entered, through record, payload and back, against decimal arithmetic."""
    everything = list(multiples(quantity))
    assert len(everything) > 5
    for batch in batches(everything, 64 if table == "observations" else 8):
        values = [value_in_json(quantity, n) for n in batch]
        record = placed(table, quantity, values)
        assert [quantity.to_wire(value) for value in values] == [n - int(quantity.row["centre"] or 0) for n in batch]
        back = codec.decode(codec.encode(as_card(record), NUMBERS), NAMES).record
        assert found(table, quantity, back) == values
        assert [json.dumps(value) for value in found(table, quantity, back)] == [json.dumps(plain(value)) for value in values]


def plain(value: Any) -> Any:
    """A whole number is written without a point."""
    return int(value) if value == int(value) else value


def batches(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]


@each_number
def test_anything_between_two_multiples_is_refused(table: str, quantity: Quantity) -> None:
    everything = multiples(quantity)
    for n in {*everything[:: max(1, len(everything) // 25)], everything[-1]}:
        exact = Decimal(n) * step_of(quantity)
        between = [exact + step_of(quantity) * part for part in map(Decimal, ("0.5", "0.1", "0.01", "0.000001", "-0.25", "-0.001"))]
        nearest = [math.nextafter(float(exact), math.inf), math.nextafter(float(exact), -math.inf)]
        for value in [*map(float, between), *nearest]:
            with pytest.raises(RecordError) as refused:
                placed(table, quantity, [value])
            [fault] = refused.value.problems
            assert "off the step" in fault.message and fault.place.endswith(quantity.path or quantity.key)
            assert str(value) not in str(refused.value)


@each_number
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, 2.0**40, 2**40, True, "1", "#1", None, [], {}], ids=str)
def test_what_is_no_number_of_the_wire_is_refused(table: str, quantity: Quantity, value: Any) -> None:
    if value is None and table == "profile":
        return  # leaves the field out
    with pytest.raises(RecordError):
        placed(table, quantity, [value])


@pytest.mark.parametrize("key", [entry.key for entry in vocabulary.default().medicines.entries])
def test_every_amount_of_a_medicine_is_exact_and_nothing_between(key: str) -> None:
    known = vocabulary.default()
    entry = known.medicines.by_key[key]
    step = Decimal(entry.row["amount_step"])
    amounts = [json.loads(str(n * step)) for n in [*range(1, 100), 1000, 12_345, 100_000]]
    for batch in batches(amounts, 32):
        given_here = [{"medicine": key, "amount": amount} for amount in batch]
        record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": [CONTACT | {"medicines": given_here}]}]})
        back = codec.decode(codec.write(as_card(record), NUMBERS), NAMES).record
        assert [given.amount for given in back.people[0].contacts[0].medicines or ()] == batch
    for amount in (float(step / 2), float(step * 3 / 2), math.nextafter(float(step), 9), 0, -float(step)):
        given_here = [{"medicine": key, "amount": amount}]
        with pytest.raises(RecordError):
            Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": [CONTACT | {"medicines": given_here}]}]})


# --- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2020-01-01", "2024-02-29", "2199-06-06"])
def test_the_first_and_the_last_day_of_a_card_are_kept(day: str) -> None:
    record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": [{"date": day}]}]})
    assert codec.decode(codec.encode(as_card(record), NUMBERS), NAMES).record == record


def test_sixty_four_contacts_of_thirty_two_entries_are_kept() -> None:
    findings = [e.key for e in vocabulary.default().findings.entries if e.sensitivity < 2][:32]
    contacts = [{"date": (TODAY - timedelta(n)).isoformat(), "findings": findings} for n in range(64)]
    record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": contacts}]})
    payload = codec.encode(as_card(record), NUMBERS)
    assert codec.decode(payload, NAMES).record == record
    item: Any = cbor.loads(payload)
    *head, mother = item
    *_, last = mother
    for longer in ([*mother, [1, *last[1:]]], [*mother[:-1], [*last, 199]]):
        with pytest.raises(Unreadable, match="more"):
            codec.decode(cbor.dumps([*head, longer]), NAMES)


def test_every_quarter_hour_is_kept() -> None:
    quarters = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]
    assert len(quarters) == 96
    for batch in (quarters[:48], quarters[48:]):
        contacts = [{"date": "2026-07-01", "time": time} for time in batch]
        record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": contacts}]})
        assert codec.decode(codec.encode(as_card(record), NUMBERS), NAMES).record == record


@given(st.binary(max_size=200))
@example(b"")
@settings(max_examples=500)
def test_random_bytes_raise_nothing_but_card_errors(payload: bytes) -> None:
    try:
        part = codec.decode(payload, NAMES)
    except CardError:
        return
    assert codec.write(part, NUMBERS) == payload
