"""The Kobo form as an XLSForm workbook: questions, choices and settings, in as many languages as asked for.

Entries of sensitivity 2 are left out unless a network wants them, then they say that they are sealed; those of 3 are never asked for.
"""

import hashlib
import importlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from healthcard import vocabulary
from healthcard.errors import HealthcardError
from healthcard.exchange.kobo_questions import NONE, Group, Node, Question, Words, common, own, questions
from healthcard.exchange.words import coded_label, entry_label, form_label
from healthcard.record import HOLDER, WITHHELD
from healthcard.vocabulary import ROLES, Entry, Medicine, Vocabulary
from healthcard.words.labels import LANGUAGES, Label, joined, label

FORM_ID = "healthcard"
LEAST_SEALED, NEVER = 2, 3  # levels of sensitivity
LONG_LIST = 12  # choices from which on a list is searched by typing
QUARTER_HOURS = tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45))
Row = dict[str, str]
Sheets = dict[str, list[Row]]
Choice = tuple[str, Words, Row]  # a word, its labels, what expressions look up


def xlsform(
    languages: Sequence[str] = LANGUAGES, *, organisations: Sequence[str] = (), sensitive: bool = False, known: Vocabulary | None = None
) -> bytes:
    """The workbook; the first language is the form's own. Raises HealthcardError where openpyxl is not installed.

    `organisations` are those that a contact may come from and a referral may go to: the short names of the trust bundle.
    """
    try:
        openpyxl = importlib.import_module("openpyxl")
    except ModuleNotFoundError:
        raise HealthcardError("a Kobo form needs openpyxl: pip install 'healthcard[exchange]'") from None
    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets(languages, organisations=organisations, sensitive=sensitive, known=known).items():
        sheet = book.create_sheet(name)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(column, "") for column in columns])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheets(
    languages: Sequence[str] = LANGUAGES, *, organisations: Sequence[str] = (), sensitive: bool = False, known: Vocabulary | None = None
) -> Sheets:
    """The three sheets of the workbook, each row by the names of its columns."""
    known = known or vocabulary.default()
    form = _Form(known, languages, organisations, NEVER if sensitive else LEAST_SEALED)
    survey = [form.note("notice", common("notice_text", "privacy")), form.note("no_names", own("no_names"))]
    for node in questions(known):
        survey += form.rows(node)
    choices = [row for name in dict.fromkeys(form.asked) for row in form.choices(name)]
    version = hashlib.sha256(json.dumps([survey, choices]).encode()).hexdigest()[:12]
    settings = {
        "form_title": form_label("title", languages[0]).text, "form_id": FORM_ID, "version": version,
        "default_language": column_language(languages[0]),
    }  # fmt: skip
    return {"survey": survey, "choices": choices, "settings": [settings]}


def column_language(language: str) -> str:
    """A language as the columns of an XLSForm name it: "Haitian Creole (ht)"."""
    return f"{label('enumeration', f'language.{language}', 'en').text} ({language})"


class _Form:
    """One form: its languages, its organisations, and the sensitivity from which on nothing is asked for."""

    def __init__(self, known: Vocabulary, languages: Sequence[str], organisations: Sequence[str], level: int) -> None:
        self.known, self.languages, self.organisations, self.level = known, languages, organisations, level
        self.asked: list[str] = []  # names of the lists that questions choose from
        self.lists = self._lists()

    # --- questions ---------------------------------------------------------------------------------------------------

    def note(self, name: str, words: Words) -> Row:
        return {"type": "note", "name": name} | self._in_languages("label", words)

    def rows(self, node: Node) -> Iterator[Row]:
        """The rows of a question, or of a group with all in it."""
        if isinstance(node, Question):
            if node.sensitivity < self.level and (not node.choices or self.lists[node.choices]):
                yield self._question(node)
            return
        kind = "group" if isinstance(node, Group) else "repeat"
        head = {"type": f"begin_{kind}", "name": node.name} | self._in_languages("label", node.label)
        if isinstance(node, Group) and node.role:
            head["relevant"] = f"${{person_role}} = '{node.role}'"
        yield head
        for inner in node.inside:
            yield from self.rows(inner)
        yield {"type": f"end_{kind}", "name": node.name}

    def _question(self, question: Question) -> Row:
        row = {"type": self._type(question), "name": question.name} | self._in_languages("label", question.label)
        if question.hint:
            row |= self._in_languages("hint", question.hint)
        if question.required:
            row["required"] = "yes"
        if question.relevant:
            row["relevant"] = question.relevant
        if question.constraint:
            row["constraint"] = question.constraint
        if question.message:
            row |= self._in_languages("constraint_message", question.message)
        if question.choices:
            self.asked.append(question.choices)
            entries = self.lists[question.choices]
            if len(entries) > LONG_LIST:
                row["appearance"] = "autocomplete"
            if any("role" in columns for _, _, columns in entries):
                row["choice_filter"] = "role = 'both' or role = ${person_role}"
        return row

    def _type(self, question: Question) -> str:
        if question.kind == "number":
            return "integer" if question.whole else "decimal"
        if question.kind == "date":
            return "date"
        return f"select_{'multiple' if question.kind == 'words' else 'one'} {question.choices}"

    def _in_languages(self, column: str, words: Words) -> Row:
        return {f"{column}::{column_language(language)}": words(language).text for language in self.languages}

    # --- choices -----------------------------------------------------------------------------------------------------

    def choices(self, name: str) -> Iterator[Row]:
        for word, words, columns in self.lists[name]:
            yield {"list_name": name, "name": word} | self._in_languages("label", words) | columns

    def _lists(self) -> Mapping[str, list[Choice]]:
        """Every list of choices by its name."""
        known = self.known
        lists = {table: self._entries(table, entries.entries) for table, entries in known.tables().items() if table not in PER_ROLE}
        for role in ROLES:
            for quantity in known.observations[role].entries:
                lists[f"{quantity.key}_values"] = [
                    (word, partial(coded_label, f"observations_{role}", quantity.key, word), {}) for word in quantity.words.values()
                ]
        for table in ("findings", "medicines"):
            lists[table] = [(word, words, self._looked_up(table, word)) for word, words, _ in lists[table]]
        conditions = {entry.key for entry in known.findings.entries if entry.row["kind"] == "condition"}
        lists["conditions"] = [choice for choice in lists["findings"] if choice[0] in conditions]
        lists["allergies"].insert(0, (NONE, common("ui", "allergies_none_asked"), {}))
        lists["role"] = [("mother", common("ui", "mother"), {}), ("infant", common("ui", "child"), {})]
        lists["yes_no"] = [(word, own(word), {}) for word in ("yes", "no")]
        lists["quarter_hours"] = [(time, _as_it_is(time), {}) for time in QUARTER_HOURS]
        lists["organisations"] = [(name, _as_it_is(name), {}) for name in self.organisations]
        told: list[Choice] = [(HOLDER, common("ui", "told_by_holder"), {}), (WITHHELD, own("withheld"), {})]
        lists["sources"] = [*told, *lists["organisations"]]
        return lists

    def _entries(self, table: str, entries: Sequence[Entry]) -> list[Choice]:
        return [(entry.key, self._words(table, entry), {}) for entry in entries if entry.sensitivity < self.level]

    def _words(self, table: str, entry: Entry) -> Words:
        def words(language: str) -> Label:
            unit = joined("", "(", label("unit", entry.unit, language), ")") if isinstance(entry, Medicine) else None
            sealed = joined("", "(", form_label("sensitive", language), ")") if entry.sensitivity >= LEAST_SEALED else None
            return joined(" ", entry_label(table, entry.key, language), unit, sealed)

        return words

    def _looked_up(self, table: str, word: str) -> Row:
        if table == "medicines":
            return {"steps": str(self.known.medicines.by_key[word].scale.denominator)}
        return {"role": self.known.findings.by_key[word].row["role"]}


PER_ROLE = frozenset(f"{sheet}_{role}" for sheet in ("observations", "profile") for role in ROLES)


def _as_it_is(text: str) -> Callable[[str], Label]:
    return lambda language: Label(text, False)
