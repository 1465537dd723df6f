"""Writes docs/clinical.md, the sheet a clinician signs before a release.

    python tools/clinical_docs.py            write it (again: nothing changes)
    python tools/clinical_docs.py --check    exit 1 where a file would change

Every line comes from healthcard/vocabulary/ and from the limits of healthcard/questions.py; the questions to the clinician are those of
tools/clinical_doubts.py.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from clinical_doubts import DOUBTS

from healthcard import vocabulary
from healthcard.clinic.questions import ASKED, SLIPS_BY_KEY

ROOT = Path(__file__).parent.parent
STATES = ("read", "read (secondary)", "recalled", "draft")
Row = Mapping[str, str]


def rows(name: str) -> list[dict[str, str]]:
    """A table of the vocabulary."""
    folder = vocabulary.folder()
    for part in (*name.split("/")[:-1], f"{name.split('/')[-1]}.csv"):
        folder = folder / part
    return vocabulary.read_csv(folder)


def schedules() -> list[str]:
    return sorted(file.name.removesuffix(".csv") for file in (vocabulary.folder() / "schedules").iterdir() if file.name.endswith(".csv"))


def table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table; a cell that is a blank is left to be filled in by hand."""
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for line in lines:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
    yield ""


def state(text: str) -> str:
    """The review state that a cell of the tables tells; what tells none is a draft."""
    return "recalled" if "recalled" in text or "to be confirmed" in text else text if text in STATES else "read" if text else "draft"


def span(row: Row, name: str) -> str:
    return f"{row[f'{name}_below']} to {row[f'{name}_above']}" if row[f"{name}_below"] else ""


# --- the sections of docs/clinical.md: title, what to know, columns, lines with the state as their last cell -------

Section = tuple[str, str, Sequence[str], list[Sequence[str]]]


def rules() -> Section:
    found = [
        (
            r["number"], r["role"], f"`{r['observation']} {r['op']} {r['value']}`".replace(" `", "`"), r["when"] or "always",
            r["level"], r["meaning"], r["source"], state(r["confidence"]),
        )
        for r in rows("thresholds")
    ]  # fmt: skip
    about = (
        "A rule that is met is shown with its values and its source; it is no diagnosis and doses nothing. What is not known meets no"
        " rule. `when` is what has to hold besides. A value that is `implausible` meets no other rule."
    )
    return "Rules", about, ("no.", "of", "met when", "and when", "level", "what is said", "source"), found


def conflicts() -> Section:
    found = [
        (r["number"], r["when_group_or_medicine"], f"{r['with_kind']} {r['with_key']}", r["question_en"], r["source"],
         state(r["confidence"]))
        for r in rows("conflicts")
    ]  # fmt: skip
    about = "Two entries of one person that raise a question, never an order. The first column names a medicine, a vaccine or a group."
    return "Conflicts", about, ("no.", "given", "with", "question", "source"), found


def schedule(name: str) -> Section:
    found = [
        (r["key"], r["label_en"], r["for"], r["anchor"], r["due_days"], r["overdue_days"], r["condition"], r["satisfied_by"], r["source"],
         state(r["confidence"]))
        for r in rows(f"schedules/{name}")
    ]  # fmt: skip
    about = "Days count from the anchor; `overdue` is the day from which the item is shown as late."
    columns = ("item", "what", "for", "anchor", "due", "overdue", "condition", "done by", "source")
    return f"Schedule `{name}`", about, columns, found


def observations() -> Section:
    found = [
        (r["role"], r["key"], r["label_en"], r["unit"] or r["values"].replace("|", ", "), r["step"], span(r, "reject"), span(r, "warn"),
         r["loinc"] + (" (not checked)" if r["loinc"] and r["loinc_check"] != "seen_in_source" else ""), r["source"], r["notes"],
         state(r["source"]))
        for r in rows("observations")
    ]  # fmt: skip
    about = (
        "A value outside `possible` is refused at entry, outside `likely` it is typed a second time. The source is where the quantity"
        " was found; the tables do not say it of each limit, so please look at each limit."
    )
    columns = ("of", "key", "observation", "unit or words", "step", "possible", "likely", "LOINC", "source", "notes")
    return "Observations", about, columns, found


def profile() -> Section:
    found = [
        (r["role"], r["key"], r["label_en"], r["unit"], r["step"], span(r, "reject"), span(r, "warn"), r["notes"], "draft")
        for r in rows("profile")
    ]
    about = "What is known of a person. The table names no source."
    return "Profile", about, ("of", "key", "field", "unit", "step", "possible", "likely", "notes"), found


def entry_questions() -> Section:
    found = [(key, asked.kind, asked.limit, asked.source, asked.confidence) for key, asked in ASKED.items()]
    slips = "; ".join(f"{key}: {', '.join(unit for *_, unit in units)}" for key, units in SLIPS_BY_KEY.items())
    about = f"Asked at entry, without stopping anybody. Units that may have been meant instead: {slips}."
    return "Questions at entry", about, ("key", "kind", "asked when", "source"), found


def medicines() -> Section:
    found = [
        (r["number"], r["key"], r["inn"], r["form"], r["strength"], f"{r['amount_step']} {r['dose_unit']}", r["atc"], r["role"],
         r["sensitivity"], r["groups"], "draft")
        for r in rows("medicines")
    ]  # fmt: skip
    about = "One row for each strength; amounts are whole steps. Groups drive the conflicts. The table names no source."
    return "Medicines", about, ("no.", "key", "name", "form", "strength", "step", "ATC", "for", "sensitivity", "groups"), found


def vaccines() -> Section:
    found = [
        (r["number"], r["key"], r["label_en"], r["diseases"], f"{r['cvx']} {r['cvx_check']}".strip(), r["atc"],
         r["usual_schedule_recalled"], r["groups"], r["notes"], "read" if r["cvx_check"] == "checked" else "recalled")
        for r in rows("vaccines")
    ]  # fmt: skip
    about = "The state is that of the CVX code; usual schedules are recalled throughout."
    return "Vaccines", about, ("no.", "key", "vaccine", "against", "CVX", "ATC", "usual schedule", "groups", "notes"), found


def findings() -> Section:
    found = [
        (r["number"], r["key"], r["kind"], r["label_en"], r["role"], r["icd10"], r["icd10_title_checked"], r["sensitivity"],
         "; ".join(filter(None, (r["why"], r["notes"]))),
         state(r["icd10_title_checked"]) if r["icd10"] or "recalled" in r["icd10_title_checked"] else "draft")
        for r in rows("findings")
    ]  # fmt: skip
    about = "Every danger sign is red. The state is that of the ICD-10 code; sensitivity 2 and 3 never stand in the open part."
    columns = ("no.", "key", "kind", "finding", "of", "ICD-10", "title in ICD-10", "sensitivity", "notes")
    return "Findings", about, columns, found


def other_words() -> Section:
    hours = {r["key"]: f"every {r['hours']} h" if r["hours"] else "" for r in rows("timings")}
    found = [("timing", r["number"], r["key"], r["label_en"], hours[r["key"]], "draft") for r in rows("timings")]
    found += [
        ("allergy", r["number"], r["key"], r["label_en"], f"SNOMED {r['snomed_recalled']}" if r["snomed_recalled"] else "",
         "recalled" if r["snomed_recalled"] else "draft")
        for r in rows("allergies")
    ]  # fmt: skip
    found += [("service", r["number"], r["key"], r["label_en"], r["group"], "draft") for r in rows("services")]
    found += [(r["list"], r["number"], r["key"], r["label_en"], "", "draft") for r in rows("enumerations")]
    return "Timings, allergies, services, lists", "The tables name no source.", ("table", "no.", "key", "words", "notes"), found


def sections() -> list[Section]:
    before = [rules(), conflicts(), *(schedule(name) for name in schedules())]
    return [*before, observations(), profile(), entry_questions(), medicines(), vaccines(), findings(), other_words()]


INTRODUCTION = """\
<!-- Made by tools/clinical_docs.py. Change the tables in healthcard/vocabulary/, then make this file again. -->

# Clinical content: the sheet to sign before a release

Everything clinical in healthcard is data, and all of it stands here. A clinician reads it, answers the doubtful rows, writes initials
into the last column, and signs below. Until then what is recalled or a draft is for TEST cards only.

How far a row was checked:

- **read**: read in the source that is named.
- **read (secondary)**: read in a text that cites the source.
- **recalled**: from memory. It may warn, it is shown as not confirmed, it drives no dose.
- **draft**: no source is named.

Words in other languages are sheets of their own: [languages.md](languages.md).
"""

SIGNATURE = """\
## Signature

| | |
|---|---|
| Release (version and commit) | |
| Name and profession | |
| Registration | |
| Rows not agreed | |
| Date and signature | |
| Second reader: name, date and signature | |
"""


def clinical() -> str:
    found = sections()
    out = [INTRODUCTION]
    counts = [(title, Counter(line[-1] for line in lines)) for title, _, _, lines in found]
    totals = [(title, *(str(count[s]) for s in STATES), str(count.total())) for title, count in counts]
    totals.append(("**all**", *(str(sum(count[s] for _, count in counts)) for s in STATES), str(sum(c.total() for _, c in counts))))
    out += table(("rows", *STATES, "all"), totals)
    out += [SIGNATURE, "## Doubtful rows", "", "What our reviewers were not sure of, as questions to the clinician.", ""]
    out += table(("no.", "about", "question", "answer"), [(str(n), about, question, " ") for n, (about, question) in enumerate(DOUBTS, 1)])
    for title, about, columns, lines in found:
        out += [f"## {title}", "", about, ""]
        out += table((*columns, "state", "initials"), [(*line, " ") for line in lines])
    return "\n".join(out).rstrip() + "\n"


def write(files: Mapping[str, str]) -> int:
    """Writes what changed, or with --check says it; 1 where a checked file would change."""
    changed = 0
    for path, text in files.items():
        target = ROOT / path
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        changed += 1
        print(f"{path}: {'would change' if '--check' in sys.argv[1:] else 'written'}")
        if "--check" not in sys.argv[1:]:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return 1 if changed and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(write({"docs/clinical.md": clinical()}))
