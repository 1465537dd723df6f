"""Writes api/examples.json, the examples of the verifier's OpenAPI document.

    python -m tests.service_examples             write the file (again: nothing changes)
    python -m tests.service_examples --check     exit with 1 where the file holds anything else

Cards of the test network, signed with its published keys; test_verifier.py makes them again and sends each to the service.
"""

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from api import verifier
from healthcard import card as cards
from healthcard import resources, vocabulary
from healthcard.record import Record
from healthcard.trust.bundle import ISSUE
from tests.world import World

FILE = Path(verifier.__file__).with_name("examples.json")
TODAY = date(2026, 7, 2)
CARD_ID = bytes.fromhex("5f0c9a3be1d27486")  # fixed, for the examples to be the same each time


def card_text(world: World) -> str:
    """The card of a child whose arm was measured, its id fixed."""
    issued = world.issue(Record.from_json(resources.example("muac_only.json")))
    match = cards.authorised(world.bundle, world.station_signer, ISSUE, world.today)
    part = replace(issued.part, id=CARD_ID)
    return cards.signed(part, world.station_signer, world.bundle, match, vocabulary.default(), cards.Sealing()).text


def build() -> dict[str, Any]:
    """Requests and answers by operation and name, on TODAY."""
    world = World.build(TODAY)
    text = card_text(world)
    altered = text[:-1] + ("0" if text[-1] != "0" else "1")
    reading = cards.read(text, bundle=world.bundle, now=TODAY)

    def verify(*texts: str) -> dict[str, Any]:
        answer = verifier.verdict_json(cards.read(*texts, bundle=world.bundle, now=TODAY))
        return {"request": {"texts": list(texts)}, "answer": answer}

    decoded = reading.to_json() | {"import_allowed": verifier.import_allowed(reading)}
    return {
        "POST /v1/verify": {"verified": verify(text), "altered": verify(altered), "unreadable": verify("not the text of a card")},
        "POST /v1/decode": {"verified": {"request": {"texts": [text]}, "answer": decoded}},
        "GET /v1/vocabulary": {"one-table-of-many": {"answer": {"urgency": verifier.vocabulary_json()["urgency"]}}},
        "GET /healthz": {"ok": {"answer": verifier.health_json(world.bundle, TODAY)}},
    }


def main() -> int:
    wanted = json.dumps(build(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        return int(FILE.read_text(encoding="utf-8") != wanted)
    FILE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
