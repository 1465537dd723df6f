"""The sheet that a clinician signs: current, complete, and no more certain than the tables."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from healthcard.clinic.questions import ASKED

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "healthcard" / "vocabulary"
CLINICAL = (ROOT / "docs" / "clinical.md").read_text(encoding="utf-8")
STATES = {"read", "read (secondary)", "recalled", "draft"}
SCHEDULES = sorted(path.stem for path in (TABLES / "schedules").glob("*.csv"))
# Each section with its table and the columns whose texts have to stand in the line of the row.
SECTIONS = {
    "Rules": ("thresholds", "number role value when level meaning source confidence"),
    "Conflicts": ("conflicts", "number when_group_or_medicine with_key question_en source confidence"),
    **{f"Schedule `{name}`": (f"schedules/{name}", "key label_en anchor due_days overdue_days condition source satisfied_by confidence")
       for name in SCHEDULES},
    "Observations": ("observations", "role key label_en unit step reject_below reject_above warn_below warn_above loinc source notes"),
    "Profile": ("profile", "role key label_en unit step reject_below reject_above warn_below warn_above notes"),
    "Medicines": ("medicines", "number key inn form strength dose_unit amount_step atc role sensitivity groups"),
    "Vaccines": ("vaccines", "number key label_en diseases cvx atc usual_schedule_recalled groups notes"),
    "Findings": ("findings", "number key kind label_en role icd10 icd10_title_checked sensitivity why notes"),
}  # fmt: skip


def table(name: str) -> list[dict[str, str]]:
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cells(section: str, text: str = CLINICAL) -> list[list[str]]:
    """The lines of the table under a heading, without its head."""
    found = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in found.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_generated_file_is_current() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "clinical_docs.py", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_of_a_table_stands_in_its_section_with_every_number(section: str) -> None:
    name, columns = SECTIONS[section]
    rows, lines = table(name), cells(section)
    assert len(lines) == len(rows) > 0
    for row, line in zip(rows, lines, strict=True):
        text = " ".join(line)
        assert [column for column in columns.split() if row[column] not in text] == [], line


@pytest.mark.parametrize("name", ["timings", "allergies", "services", "enumerations"])
def test_every_other_word_is_listed(name: str) -> None:
    listed = {(line[1], line[2], line[3]) for line in cells("Timings, allergies, services, lists")}
    assert {(row["number"], row["key"], row["label_en"]) for row in table(name)} <= listed


@pytest.mark.parametrize("section", [*SECTIONS, "Questions at entry", "Timings, allergies, services, lists"])
def test_every_line_has_one_of_four_states_and_a_place_for_initials(section: str) -> None:
    lines = cells(section)
    assert lines
    assert {line[-2] for line in lines} <= STATES
    assert {line[-1] for line in lines} == {""}


def test_no_row_is_called_read_that_its_table_calls_recalled() -> None:
    for section, column in (("Rules", "confidence"), ("Conflicts", "confidence"), ("Observations", "source")):
        for row, line in zip(table(SECTIONS[section][0]), cells(section), strict=True):
            assert (line[-2] == "recalled") == ("recalled" in row[column]), line
    for section in ("Medicines", "Profile"):
        assert {line[-2] for line in cells(section)} == {"draft"}
    for row, line in zip(table("vaccines"), cells("Vaccines"), strict=True):
        assert (line[-2] == "read") == (row["cvx_check"] == "checked")


def test_the_counts_are_those_of_the_sections() -> None:
    head = CLINICAL.split("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in head.splitlines() if line.startswith("|")][2:]
    *sections, total = rows
    assert ["Signature", "Doubtful rows", *(row[0] for row in sections)] == re.findall(r"^## (.+)$", CLINICAL, re.M)
    for title, *counts in sections:
        states = [line[-2] for line in cells(title)]
        assert counts == [*(str(states.count(state)) for state in ("read", "read (secondary)", "recalled", "draft")), str(len(states))]
    assert total[1:] == [str(sum(int(row[n]) for row in sections)) for n in range(1, 6)]


def test_every_question_at_entry_is_listed_with_its_limit() -> None:
    assert [line[:5] for line in cells("Questions at entry")] == [[key, *asked] for key, asked in ASKED.items()]


def test_doubtful_rows_are_questions_about_rows_that_exist() -> None:
    known = {row["number"] for row in table("thresholds")}
    lines = cells("Doubtful rows")
    assert [line[0] for line in lines] == [str(n) for n in range(1, len(lines) + 1)]
    for _, about, question, answer in lines:
        assert "?" in question and answer == ""
        if re.match(r"Rules? \d", about):
            assert set(re.findall(r"\d+", about)) <= known
    assert {"20", "36", "37", "44", "46", "62", "63", "71", "72"} <= set(re.findall(r"\d+", " ".join(line[1] for line in lines)))


def test_the_sheet_has_a_place_to_sign() -> None:
    assert {line[0] for line in cells("Signature")} >= {"Name and profession", "Date and signature", "Release (version and commit)"}
