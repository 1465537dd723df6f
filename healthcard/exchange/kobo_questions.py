"""The questions of the Kobo form, made from the vocabulary: one tree for the form, for what comes back, and for an export.

Every name is there once in the whole form, so that a question is found again wherever a partner moves it to. Expressions are XPath of
XLSForm; choices are closed lists throughout, for a card has no free text (DP-02), and nothing asks who she is (DP-01).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal, TypeAlias

from healthcard import vocabulary
from healthcard.exchange.words import entry_label, form_label
from healthcard.record import EPOCH, LONGEST_SUPPLY, OLDEST
from healthcard.vocabulary import ROLES, Quantity, Role, Vocabulary
from healthcard.words.labels import Label, joined, label

Words: TypeAlias = Callable[[str], Label]  # by language
Kind = Literal["word", "words", "number", "date", "yes"]
NONE = "none"  # the choice for "asked, and there are none"
PAST = f". >= date('{OLDEST}') and . <= today()"
PAST_2020 = f". >= date('{EPOCH}') and . <= today()"
STEPS = "instance('medicines')/root/item[name = ${medicine}]/steps"  # of a medicine in one of its units


@dataclass(frozen=True)
class Question:
    """One question; `path` is where its answer stands in the object that its repeat is of, `choices` the list it chooses from."""

    name: str
    kind: Kind
    path: tuple[str, ...]
    label: Words
    choices: str = ""
    whole: bool = True  # of a number
    hint: Words | None = None
    constraint: str = ""
    message: Words | None = None
    relevant: str = ""
    required: bool = False
    sensitivity: int = 0


@dataclass(frozen=True)
class Group:
    """Questions under one heading; with a role, of such people only."""

    name: str
    label: Words
    inside: tuple["Node", ...]
    role: Role | None = None


@dataclass(frozen=True)
class Repeat:
    """What may be there several times: the objects of the list `path`."""

    name: str
    label: Words
    path: str
    inside: tuple["Node", ...]


Node: TypeAlias = Question | Group | Repeat


def own(key: str, **parts: object) -> Words:
    """Words that only the form has."""
    return lambda language: form_label(key, language, **parts)


def common(kind: str, key: str) -> Words:
    """Words that cards have too."""
    return partial(label, kind, key)


@cache
def questions(known: Vocabulary) -> tuple[Node, ...]:
    """The whole form; what a network leaves out is left out when it is written (kobo_form.py)."""
    return (
        Group("card", own("card"), (
            Question("card_language", "word", ("language",), own("card_language"), "language", required=True),
            Question("card_import", "yes", ("choices", "import"), own("card_import"), "yes_no", required=True),
            Question("card_count", "yes", ("choices", "count"), own("card_count"), "yes_no", required=True),
        )),
        Repeat("person", own("person"), "people", (
            Question("person_role", "word", ("role",), own("person_role"), "role", required=True),
            *(_profile(known, role) for role in ROLES),
            _history(),
            _contact(known),
        )),
    )  # fmt: skip


def _profile(known: Vocabulary, role: Role) -> Group:
    groups: dict[str, list[Node]] = {"": []}
    for quantity in known.profile[role].entries:
        groups.setdefault(quantity.place[0], []).append(_field(quantity))
    inner = tuple(Group(name, own(name), tuple(inside)) for name, inside in groups.items() if name)
    return Group(role, common("ui", "mother" if role == "mother" else "child"), (*groups[""], *inner), role)


def _field(quantity: Quantity) -> Question:
    """The question for a field of the profile."""
    name, path = f"{quantity.role}_{quantity.key}", tuple(quantity.path.split("."))
    words = partial(entry_label, f"profile_{quantity.role}", quantity.key)
    if quantity.kind == "set":
        alone = f"not(selected(., '{NONE}') and count-selected(.) > 1)"
        return Question(name, "words", path, words, "allergies", constraint=alone, message=own("none_alone"))
    if quantity.kind == "coded":
        constraint, message = "", None
        if quantity.key == "born_precision":
            constraint, message = ". != 'month' or format-date(${infant_born}, '%d') = '15'", own("month_day_15")
        return Question(name, "word", path, words, quantity.row["list"], constraint=constraint, message=message)
    if quantity.kind == "number":
        return _number(name, path, words, quantity)
    return Question(name, "date", path, words, constraint=PAST, message=own("past"))


def _number(name: str, path: tuple[str, ...], words: Words, quantity: Quantity) -> Question:
    """A number within what can be, in its steps; what is usual stands in the hint."""
    scale, reject, warn = quantity.scale, quantity.range.reject, quantity.range.warn
    terms = [f". >= {reject[0]:g} and . <= {reject[1]:g}"] if reject else []
    if scale.denominator > 1:  # the same arithmetic as Scale.to_wire: one rounding, then one division
        scaled = f"round(. * {scale.denominator} div {scale.numerator})"
        terms.append(f"{scaled} * {scale.numerator} div {scale.denominator} = .")
    elif scale.numerator > 1:
        terms.append(f". mod {scale.numerator} = 0")

    def message(language: str) -> Label:
        limits = form_label("between", language, low=f"{reject[0]:g}", high=f"{reject[1]:g}") if reject else None
        return joined(", ", limits, form_label("steps", language, step=scale.step))

    def hint(language: str) -> Label:
        unit = label("unit", quantity.unit, language) if quantity.unit and quantity.unit != "1" else None
        usual = form_label("usual", language, low=f"{warn[0]:g}", high=f"{warn[1]:g}") if warn else None
        sealed = form_label("sensitive", language) if quantity.sensitivity >= 2 else None
        return joined("; ", unit, usual, sealed)

    return Question(
        name, "number", path, words, whole=scale.denominator == 1, hint=hint, constraint=" and ".join(terms),
        message=message if terms else None, sensitivity=quantity.sensitivity,
    )  # fmt: skip


def _history() -> Group:
    return Group("history", own("history"), (
        Question("conditions", "words", ("conditions",), own("conditions"), "conditions"),
        _doses("vaccines_before", "vaccine_before", own("vaccines_before")),
        Question("history_source", "word", ("history_source",), own("history_source"), "sources"),
    ))  # fmt: skip


def _doses(path: str, name: str, words: Words) -> Repeat:
    return Repeat(path, words, path, (
        Question(name, "word", ("vaccine",), own("vaccine"), "vaccines"),
        Question(
            f"{name}_dose", "number", ("dose",), own("vaccine_dose"), relevant=f"${{{name}}} != ''",
            constraint=". >= 0 and . <= 6", message=own("between", low=0, high=6),
        ),
    ))  # fmt: skip


def _contact(known: Vocabulary) -> Repeat:
    return Repeat("contact", own("contact"), "contacts", (
        Question("contact_date", "date", ("date",), own("contact_date"), constraint=PAST_2020, message=own("past_2020"), required=True),
        Question("contact_time", "word", ("time",), own("contact_time"), "quarter_hours"),
        Question("contact_source", "word", ("source",), own("contact_source"), "sources"),
        Question("services", "words", ("services",), own("services"), "services"),
        Question("findings", "words", ("findings",), own("findings"), "findings"),
        *(Group(f"{role}_observations", own("observations"), tuple(map(_observation, known.observations[role].entries)), role)
          for role in ROLES),
        Repeat("medicines", common("section", "medicines"), "medicines", (
            Question("medicine", "word", ("medicine",), own("medicine"), "medicines"),
            Question(
                "medicine_amount", "number", ("amount",), own("medicine_amount"), whole=False, relevant="${medicine} != ''", required=True,
                constraint=f". > 0 and round(. * {STEPS}) div {STEPS} = .", message=own("more_than_0"),
            ),
            Question("medicine_timing", "word", ("timing",), own("medicine_timing"), "timings", relevant="${medicine} != ''"),
            Question(
                "medicine_days", "number", ("days",), own("medicine_days"), relevant="${medicine_timing} != ''", required=True,
                constraint=f". >= 1 and . <= {LONGEST_SUPPLY}", message=own("between", low=1, high=LONGEST_SUPPLY),
            ),
        )),
        _doses("vaccines", "vaccine", common("section", "vaccines")),
        Group("referral", own("referral"), (
            Question("referral_service", "word", ("referral", "service"), own("referral_service"), "services"),
            Question(
                "referral_urgency", "word", ("referral", "urgency"), own("referral_urgency"), "urgency", required=True,
                relevant="${referral_service} != ''",
            ),
            Question(
                "referral_reason", "word", ("referral", "reason"), own("referral_reason"), "findings", relevant="${referral_service} != ''"
            ),
            Question(
                "referral_to", "word", ("referral", "to"), own("referral_to"), "organisations", relevant="${referral_service} != ''"
            ),
        )),
    ))  # fmt: skip


def _observation(quantity: Quantity) -> Question:
    name, path = f"{quantity.role}_{quantity.key}", ("observations", quantity.key)
    words = partial(entry_label, f"observations_{quantity.role}", quantity.key)
    if quantity.kind == "number":
        return _number(name, path, words, quantity)
    sealed = own("sensitive") if quantity.sensitivity >= 2 else None
    return Question(name, "word", path, words, f"{quantity.key}_values", hint=sealed, sensitivity=quantity.sensitivity)


def usual() -> tuple[Node, ...]:
    """The questions of the vocabulary that ships with the package."""
    return questions(vocabulary.default())


def names(nodes: tuple[Node, ...]) -> Mapping[str, Node]:
    """Every question, group and repeat by its name, at any depth."""
    found: dict[str, Node] = {}
    for node in nodes:
        found[node.name] = node
        if not isinstance(node, Question):
            found |= names(node.inside)
    return found
