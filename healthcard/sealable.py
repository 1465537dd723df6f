"""Which entries of a record are to be sealed, and a contact or person without them (DP-07)."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from healthcard.record import Birth, Contact, Infant, Mother, Pregnancy, Record, Referral, has_history, profile_values, trusted
from healthcard.vocabulary import Quantity, Role, Vocabulary

# (table, word): what came from a sealed part although this vocabulary would leave it open. By word, not by place: what one reader
# of a later edition sealed is sensitive wherever it stands, and survives whatever happens to the contacts around it.
Kept: TypeAlias = frozenset[tuple[str, str]]
# Lists of a contact and of a person's history, with the table of their words; an unknown event is its own word.
ENTRIES = {name: name for name in ("findings", "services", "medicines", "vaccines", "unknown")}
HISTORY = {"conditions": "findings", "vaccines_before": "vaccines"}


class Sealable:
    """Entries of sensitivity 2 or more, and those of the words in `kept`.

    A referral goes as a whole where its service or its reason does; an observation or profile field with its value; a profile value
    that is a word of sensitivity 2 ("stillbirth") goes, another value of the field stays.
    """

    def __init__(self, known: Vocabulary, kept: Kept = frozenset()) -> None:
        self.known, self.kept, self.tables = known, kept, known.tables()

    def word(self, table: str, word: str) -> bool:
        """Whether entries of this word are to be sealed."""
        entry = self.tables[table].by_key.get(word) if table in self.tables else None
        return (entry is not None and entry.sensitivity >= 2) or (table, word) in self.kept

    def referral(self, referral: Referral) -> bool:
        named = self.word("services", referral.service) or (referral.reason is not None and self.word("findings", referral.reason))
        return named or ("referral", _referral_word(referral)) in self.kept

    def profile(self, role: Role, quantity: Quantity, value: Any) -> bool:
        return self.word(f"profile_{role}", quantity.key) or (quantity.kind == "coded" and self.word(quantity.row["list"], value))

    def contact(self, contact: Contact) -> tuple[Contact, Contact | None]:
        """A contact without its entries to be sealed, and those alone; None where there are none."""
        stay: dict[str, Any] = {}
        go: dict[str, Any] = {}
        self._divide_named(f"observations_{contact.role}", "observations", contact.observations, stay, go)
        self._divide_lists(contact, ENTRIES, stay, go)
        if contact.referral and self.referral(contact.referral):
            stay["referral"], go["referral"] = None, contact.referral
        if not go:
            return contact, None
        return contact.model_copy(update=stay), trusted(type(contact), {"date": contact.date, **go})

    def person(self, person: Mother | Infant) -> tuple[Mother | Infant, Mother | Infant | None]:
        """A person without the entries of profile and history to be sealed, and those alone or None; contacts are left as they are.

        The source of history goes along where all of it goes.
        """
        stay: dict[str, Any] = {}
        go: dict[str, Any] = {}
        self._divide_named(f"profile_{person.role}", "unknown", person.unknown, stay, go)
        self._divide_lists(person, HISTORY, stay, go)
        for quantity, value in profile_values(person, self.known):
            if not self.profile(person.role, quantity, value):
                continue
            group, name = quantity.place
            if group:
                go[group] = {**go.get(group, {}), name: value}
            else:
                stay[name], go[name] = None, value
        model: type[Pregnancy | Birth]
        for group, model in (("pregnancy", Pregnancy), ("birth", Birth)):
            if group in go:
                left = {name: value for name, value in getattr(person, group) if value is not None and name not in go[group]}
                stay[group], go[group] = trusted(model, left) if left else None, trusted(model, go[group])
        if not go:
            return person, None
        bare = person.model_copy(update=stay)
        if person.history_source and not has_history(bare):
            bare, go["history_source"] = bare.model_copy(update={"history_source": None}), person.history_source
        return bare, trusted(type(person), {"role": person.role, **go})

    def places(self, record: Record) -> list[str]:
        """Where a record has entries to be sealed: "people[0].contacts[1].findings"."""
        found: dict[str, Mother | Infant | Contact | None] = {}
        for at, person in enumerate(record.people):
            found[f"people[{at}]"] = self.person(person)[1]
            found |= {f"people[{at}].contacts[{n}]": self.contact(contact)[1] for n, contact in enumerate(person.contacts)}
        named = {place: go.model_dump(exclude_none=True).keys() - {"role", "date", "contacts"} for place, go in found.items() if go}
        return [f"{place}.{name}" for place, names in named.items() for name in sorted(names)]

    def left_open(self, role: Role, fields: Mapping[str, Any]) -> set[tuple[str, str]]:
        """The words of entries (of a contact, or of profile and history) that would not be sealed here: `kept`, for another time."""
        found = {(f"observations_{role}", key) for key in fields.get("observations", ())}
        for name, table in (ENTRIES | HISTORY).items():
            if name == "unknown" and isinstance(fields.get(name), dict):
                table = f"profile_{role}"
            found |= {(table, _word(entry)) for entry in fields.get(name, ())}
        found = {(table, word) for table, word in found if not self.word(table, word)}
        if (referral := fields.get("referral")) and not self.referral(referral):
            found.add(("referral", _referral_word(referral)))
        for quantity in self.known.profile[role].entries:
            group, name = quantity.place
            value = getattr(fields.get(group), name, None) if group else fields.get(name)
            if value is not None and not self.profile(role, quantity, value):
                found.add((quantity.row["list"], value) if quantity.kind == "coded" else (f"profile_{role}", quantity.key))
        return found

    def _divide_named(
        self, table: str, name: str, values: Mapping[str, Any] | None, stay: dict[str, Any], go: dict[str, Any]
    ) -> None:  # fmt: skip
        if goes := {key: value for key, value in (values or {}).items() if self.word(table, key)}:
            stay[name], go[name] = {key: value for key, value in (values or {}).items() if key not in goes} or None, goes

    def _divide_lists(self, owner: Any, lists: Mapping[str, str], stay: dict[str, Any], go: dict[str, Any]) -> None:
        for name, table in lists.items():
            entries: Iterable[Any] = getattr(owner, name) or ()
            if goes := tuple(entry for entry in entries if self.word(table, _word(entry))):
                stay[name], go[name] = tuple(entry for entry in entries if not self.word(table, _word(entry))) or None, goes


def _word(entry: Any) -> str:
    """The word that an entry of a list is known by."""
    word: str = getattr(entry, "medicine", None) or getattr(entry, "vaccine", None) or entry
    return word


def _referral_word(referral: Referral) -> str:
    return f"{referral.service} {referral.reason}"
