"""One list of verdicts and notices: errors, specification, vectors, labels, documents, command line and service all have the same words.

Each verdict comes with a line on how to go on with care, in every language of the interface; none accuses anybody.
"""

import json
import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from api import documents
from healthcard import card
from healthcard.errors import CardError
from healthcard.trust.bundle import TrustBundle
from healthcard.words import text
from healthcard.words.labels import LANGUAGES
from tests.command import healthcard
from tests.test_labels import ACCUSING, LABELS
from tests.test_spec import table_words
from tests.test_vectors import CARDS, FOLDER, load
from tests.test_vectors import card as vector
from tests.test_verifier import running

VERDICTS, NOTICES = set(card.PRECEDENCE), set(card.NOTICES)
DOCS = Path(__file__).parent.parent / "docs"
TODAY = date(2026, 7, 10)
EXAMPLES = {vector(name).head["expect"]: name for name in reversed(CARDS) if vector(name).head["bundle"] == "network.txt"}
CARE_GOES_ON = {
    "en": "Continue care", "es": "Siga la atención", "fr": "Continuez les soins", "pt": "Continue o atendimento", "ht": "Kontinye swen",
}  # fmt: skip
RESERVED = {"superseded"}  # the notice that no vector shows yet


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("words") / "trust.bundle"
    TrustBundle.load(bytes.fromhex(load(FOLDER / "bundles" / "network.txt").body)).save(path)
    return path


def test_the_words_of_verdicts_are_the_same_everywhere() -> None:
    assert {kind.code for kind in CardError.__subclasses__()} | {"verified"} == VERDICTS
    assert set(table_words("8")) & VERDICTS == VERDICTS
    assert {vector(name).head["expect"] for name in CARDS} == VERDICTS
    assert {row["key"].split(".")[0] for row in LABELS if row["kind"] == "verdict"} == VERDICTS
    explained = re.findall(r"^\| `([a-z-]+)`", (DOCS / "errors.md").read_text(encoding="utf-8"), re.M)
    assert set(explained) >= VERDICTS - {"verified"}
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", documents.DESCRIPTION)) == set(get_args(documents.Word)) == VERDICTS


def test_the_words_of_notices_are_the_same_everywhere() -> None:
    assert {word for word in table_words("8") if word in NOTICES} == NOTICES
    assert {row["key"] for row in LABELS if row["kind"] == "notice"} == NOTICES
    assert {word for name in CARDS for word in vector(name).head.get("notices", "").split()} >= NOTICES - RESERVED


@pytest.mark.parametrize("verdict", card.PRECEDENCE)
def test_command_line_and_service_say_the_word_of_the_vector(verdict: str, bundle: Path) -> None:
    shown = vector(EXAMPLES[verdict]).body
    (path := bundle.with_name("card.txt")).write_bytes(shown.encode() + b"\n")
    done = healthcard("read", path, "--bundle", bundle, "--json")
    said = json.loads(done.out)
    assert (said["verdict"], done.code) == (verdict, 0 if verdict == "verified" else 3)
    with running(bundle, TODAY) as client:
        answer = client.post("/v1/verify", json={"texts": [shown]})
    assert (answer.status_code, answer.json()["verdict"]) == (200, verdict)
    assert {word for part in (said, answer.json()) for word in part["notices"]} <= NOTICES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", card.PRECEDENCE)
def test_every_verdict_says_how_care_goes_on_in_every_language(verdict: str, language: str, bundle: Path) -> None:
    title, meaning, care = text.verdict_lines(verdict, (), language)
    assert care.startswith(CARE_GOES_ON[language])
    assert not re.search(rf"\b({ACCUSING[language]})\b", " ".join((title, meaning, care)), re.IGNORECASE)
    (path := bundle.with_name("card.txt")).write_bytes(vector(EXAMPLES[verdict]).body.encode() + b"\n")
    assert care in healthcard("read", path, "--bundle", bundle, "--language", language).out
