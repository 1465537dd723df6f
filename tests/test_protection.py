"""docs/threat-model.md and docs/protection: the tests they name are there, and what is a draft says so."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted((DOCS / "protection").glob("*.md"))
ROW = re.compile(r"^\| (?!who )([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|$", re.M)


def rows() -> list[tuple[str, ...]]:
    text = (DOCS / "threat-model.md").read_text(encoding="utf-8")
    return [tuple(cell.strip() for cell in row) for row in ROW.findall(text) if not set(row[0]) <= set("- ")]


def test_each_threat_has_an_answer_a_test_and_what_remains() -> None:
    assert len(rows()) >= 8
    for who, _, answer, shown, remains in rows():
        tests = re.findall(r"test_[a-z_]+", shown)
        assert answer and remains and tests, who
        assert [name for name in tests if not (Path(__file__).parent / f"{name}.py").exists()] == [], who


def test_the_four_pages_on_protection_are_there() -> None:
    names = {"dpia-template", "information-sharing-annex", "when-authorities-ask", "beside-the-card"}
    assert {page.stem for page in PAGES} == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_on_protection_says_that_it_is_a_draft_and_is_short(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.split("\n")[2].startswith("> **Draft"), "on the first screen"
    assert "*" in text.replace("**", ""), "it leaves room for what only the organisation knows"
    assert len(text.split()) < 700
