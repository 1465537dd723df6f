"""What goes to no other system, and what goes with a mark, whatever a card holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from healthcard import vocabulary
from healthcard.card import PartReading, VerifiedReading
from healthcard.exchange import fhir_terms, kobo, long_form
from healthcard.exchange.targets import export
from healthcard.merge import Source, merge
from healthcard.part import Part
from healthcard.record import HOLDER, Choices
from tests import builders, exchanged
from tests.command import healthcard
from tests.route import Route
from tests.test_long_form import rows


@pytest.mark.parametrize("target", ["fhir", "csv", "kobo"])
def test_what_may_be_on_no_card_goes_nowhere_from_one_that_has_it(target: str) -> None:
    """A card of another vocabulary may hold what ours puts at level 3."""
    contact = builders.contact(services=["clinical_management_of_rape", "antenatal_care"], observations={"weight": 60})
    record = builders.mother(contacts=[contact]).model_copy(update={"choices": Choices.model_validate({"import": True})})
    part = Part("card", bytes(8), None, builders.DAY, record, (0,))
    [merged] = merge([Source(part, "verified", "mx-rc")], vocabulary.default())
    reading = VerifiedReading((PartReading("verified", (), "", "mx-rc", part),), (), 0, builders.DAY, record, (merged,))
    written = export(reading, target)
    assert "rape" not in written and "antenatal_care" in written


# --- which child? ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def route() -> Route:
    return Route.build(builders.DAY)


@pytest.fixture(scope="module")
def texts(route: Route) -> list[str]:
    return exchanged.which_child(route)


def test_each_form_marks_what_may_be_another_childs_as_not_verified(route: Route, texts: list[str]) -> None:
    reading = route.read(*texts)
    assert isinstance(reading, VerifiedReading) and reading.cards[0].ambiguous == {3}
    lines = rows(export(reading, "csv"))
    assert {row["verdict"] for row in lines if row["person"] == "3"} == {"unverified"} and any(row["key"] == "muac" for row in lines)
    assert {row["verdict"] for row in lines if row["person"] != "3"} == {"verified"}
    documents = [entry["resource"] for entry in json.loads(export(reading, "fhir"))["entry"]]
    marked = [{tag["code"] for tag in _tags(document)} for document in documents]
    assert marked == [set(), set(), set(), {"unverified"}]
    assert [document["entry"][0]["resource"]["status"] for document in documents] == ["final"] * 3 + ["preliminary"]
    people = kobo.from_submission(json.loads(export(reading, "kobo"))["submission"]).people
    sources = [{contact.source for contact in person.contacts} for person in people]
    assert sources[3] == {HOLDER} and set.union(*sources[:3]) == {"pa-rc", "hn-rc", "gt-rc"}
    [back] = long_form.from_csv(export(reading, "csv"))
    assert back == reading.record


def _tags(document: dict[str, Any]) -> list[dict[str, str]]:
    resources = [entry["resource"] for entry in document["entry"]]
    return [tag for one in resources for tag in one.get("meta", {}).get("tag", ()) if tag["system"] == fhir_terms.VERDICTS]


def test_the_command_names_who_may_be_another(route: Route, texts: list[str], tmp_path: Path) -> None:
    route.bundle.save(tmp_path / "trust.bundle")
    cards = [tmp_path / f"{n}.txt" for n in range(len(texts))]
    for path, text in zip(cards, texts, strict=True):
        path.write_text(text)
    done = healthcard("export", *cards, "--bundle", tmp_path / "trust.bundle", "--to", "csv")
    assert (done.code, done.err) == (0, "which child? people[3] may be another: exported as not verified\n")
