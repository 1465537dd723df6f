"""The specification against the vectors and the code: every rule has a vector, every word is the same in both."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from healthcard import card, codec, errors
from healthcard.errors import HealthcardError, RecordError, SensitiveContent, TooLarge
from healthcard.record import Record
from healthcard.sign import SoftwareSigner
from healthcard.trust.bundle import TrustBundle, published_signer
from tests import test_sealed_cards
from tests.test_vectors import CARDS, FOLDER, bundle, load
from tests.test_vectors import card as vector

SPEC = Path(__file__).parent.parent / "spec" / "healthcard.md"
TEXT = SPEC.read_text(encoding="utf-8")
RULES = re.findall(r"\*\*(M\d+)\*\*", TEXT)  # in bold where they are defined
TODAY = date(2026, 7, 10)


def network() -> TrustBundle:
    return bundle("network.txt")


def station() -> SoftwareSigner:
    return published_signer(10)


def mother(**contact: object) -> dict[str, object]:
    return {"language": "es", "people": [{"role": "mother", "contacts": [{"date": "2026-07-09", **contact}]}]}


@pytest.mark.parametrize(
    "contact",
    [
        {"services": ["#64"]},
        {"findings": ["#200"]},
        {"findings": ["#0"]},
        {"vaccines": [{"vaccine": "#0", "dose": 1}]},
        {"vaccines": [{"vaccine": "#268435456"}]},
        {"medicines": [{"medicine": "#-1", "amount": 1}]},
        {"medicines": [{"medicine": "ors", "amount": 1, "timing": "#0", "days": 1}]},
        {"unknown": ["1840"]},
        {"unknown": ["8322182f01"]},
        {"unknown": ["822318ff00"]},
    ],
)
def test_an_unknown_number_keeps_to_the_range_of_its_own_table(contact: dict[str, object]) -> None:
    with pytest.raises(RecordError):
        Record.from_json(mother(**contact))


def test_a_writer_refuses_sensitive_entries_and_names_them() -> None:
    record = Record.from_json(mother(findings=["hiv"], observations={"syphilis_test": "negative"}))
    with pytest.raises(SensitiveContent) as refused:
        codec.encode(codec.Part("card", bytes(8), None, TODAY, record, (0,)), {})
    assert [problem.place for problem in refused.value.problems] == [
        "people[0].contacts[0].observations.syphilis_test",
        "people[0].contacts[0].findings[0]",
    ]


def test_a_writer_refuses_more_than_one_symbol_holds() -> None:
    days = [f"2026-{month:02}-{day:02}" for month in (5, 6) for day in range(1, 25)]
    contacts = [{"date": day, "observations": {"weight": 60, "pulse": 90, "glucose_random": 9.9}} for day in days]
    record = Record.from_json({"language": "es", "people": [{"role": "mother", "contacts": contacts}]})
    with pytest.raises(TooLarge, match="540"):
        card.issue(record, station(), network(), now=TODAY)


def test_an_issued_id_is_random() -> None:
    record = Record.from_json(mother())
    ids = {card.issue(record, station(), network(), now=TODAY).id for _ in range(3)}
    assert len(ids) == 3


# What no reader can see: the rules that bind writers alone, each with the test that shows it.
WRITERS_ONLY: dict[str, Callable[..., None]] = {
    "M54": test_an_unknown_number_keeps_to_the_range_of_its_own_table,
    "M55": test_a_writer_refuses_sensitive_entries_and_names_them,
    "M56": test_a_writer_refuses_more_than_one_symbol_holds,
    "M101": test_sealed_cards.test_every_card_of_a_sealing_network_is_as_long_whatever_it_seals,
    "M102": test_sealed_cards.test_a_new_card_carries_sealed_entries_on_with_the_key_and_is_refused_without,
}


def covered() -> set[str]:
    heads = [vector(name).head for name in CARDS]
    heads += [load(path).head for folder in ("bundles", "symbols", "sealed", "merged") for path in (FOLDER / folder).glob("*.txt")]
    return {must for head in heads for must in head["musts"].split()}


def test_every_rule_has_a_vector_or_binds_writers_alone() -> None:
    assert set(RULES) - covered() == WRITERS_ONLY.keys()


def test_vectors_name_rules_of_the_spec_only() -> None:
    assert covered() <= set(RULES)


def test_rules_are_defined_once_and_numbered_without_a_gap() -> None:
    assert sorted(int(rule[1:]) for rule in RULES) == list(range(1, len(RULES) + 1))


def test_rules_that_are_cited_exist() -> None:
    assert set(re.findall(r"\bM\d+\b", TEXT)) == set(RULES)


def test_the_spec_stays_short() -> None:
    assert len(TEXT.splitlines()) <= 500


def leaves(root: type[HealthcardError]) -> Iterator[type[HealthcardError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from leaves(kind)


def table_words(section: str) -> list[str]:
    """The words in the first column of the tables of a section, in order."""
    part = TEXT.split(f"\n## {section}. ")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return [word for cell in cells for word in re.findall(r"`([a-z-]+)`", cell)]


def test_words_are_the_same_in_spec_and_code() -> None:
    words = table_words("8")
    ours = [kind for kind in leaves(HealthcardError) if kind.__module__ == errors.__name__ and not issubclass(kind, errors.ServiceError)]
    codes = {kind.code for kind in ours if kind is not errors.CardError}
    assert set(words) == codes - {"error"} | {"verified"} | set(card.NOTICES)
    assert len(words) == len(set(words))


def test_verdicts_and_notices_stand_in_the_order_of_the_code() -> None:
    words = table_words("8")
    assert tuple(words[: len(card.PRECEDENCE)]) == card.PRECEDENCE
    assert tuple(word for word in words if word in card.NOTICES) == card.NOTICES


def test_the_example_on_the_first_screen_is_the_vector() -> None:
    lines = [line.strip() for line in TEXT.splitlines()]
    start = next(n for n, line in enumerate(lines) if line.startswith("MCT1:"))
    text = lines[start] + lines[start + 1].split("  ")[0]
    assert text == vector("good_muac_only").body


def test_citations_of_sections_point_at_sections() -> None:
    sections = set(re.findall(r"^##+ (\d+(?:\.\d)?)", TEXT, re.MULTILINE))
    folder = SPEC.parent.parent
    cited = {
        number
        for path in [*folder.glob("healthcard/*.py"), *folder.glob("tools/*.py"), *folder.glob("tests/*.py")]
        for group in re.findall(r"spec sections? ([\d., and]+)", path.read_text(encoding="utf-8"))
        for number in re.findall(r"\d+(?:\.\d)?", group)
    }
    assert cited and cited <= sections


def test_writing_the_vectors_again_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "tools/vectors.py", "--check"], cwd=SPEC.parent.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
