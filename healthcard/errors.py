"""Every failure that healthcard reports, in one tree; each leaf has the word that spec, vectors, API and web use for it.

    HealthcardError
    |-- CardError                what a reader says about a part that is not `verified` (spec section 8)
    |   |-- Unreadable           unreadable
    |   |-- NewerVersion         newer-version
    |   |-- UnknownIssuer        unknown-issuer
    |   |-- Altered              altered
    |   |-- NotAuthorised        not-authorised
    |   `-- Withdrawn            withdrawn
    |-- RecordError              invalid-record: what a record can't be; all problems at once
    |   |-- SensitiveContent     sensitive-content: an entry that must not stand in the open part
    |   |-- ConfirmationNeeded   confirmation-needed: unlikely values that must be typed again
    |   `-- SealedContentLost    sealed-content-lost: a new card without the sealed entries of the old one
    |-- TooLarge                 too-large: more than one symbol holds
    |-- SealError                sealed: a sealed part that can't be opened or read
    |   |-- NoSealingKey         no-sealing-key: sealed to another key than those held
    |   `-- SealTooLarge         seal-too-large: more sealed entries than the one size of all cards holds
    |-- PictureError             bad-picture: not a picture, or more than we look at
    |   `-- NoCode               no-code: a picture without a code of ours
    |-- KeyFileError             bad-key-file
    |   |-- UnsafeKeyFile        unsafe-key-file: others can read it
    |   `-- WrongPassphrase      wrong-passphrase
    |-- TrustError               bad-bundle: the trust bundle, or what is done with it
    |   `-- Rollback             rollback: older than the bundle held
    |-- ServiceError             what a service or a batch can't do or be; no word of the format
    |   |-- ImportNotAllowed     import-not-allowed: the holder did not say yes, and no vital interest was stated
    |   |-- JournalError         bad-journal: of another key, damaged, in use, or on a full disk
    |   |-- Locked               locked: the desk wants its passphrase first
    |   |-- NoSuchCard           not-found: a card that the desk has handed over or forgotten
    |   |-- NoAnswer             no-answer: it can't be reached, or what answers is not it
    |   |-- Refused              refused: it did not do what was asked; `code` is its own word for why
    |   |-- SettingError         bad-setting: a setting that is missing, wrong or not safe
    |   `-- StoreError           bad-store: its database can't be used
    |       |-- StoreFull        store-full: its disk is full
    |       `-- Superseded       superseded-upload: older than what is held
    `-- PrintError               print-failed

No message holds a field value of a record: messages name places ("people[0].contacts[1].observations.weight") and rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class HealthcardError(Exception):
    """Root of the tree; `code` is the stable word of the failure."""

    code: str = "error"


class CardError(HealthcardError):
    """A part of a card that is not `verified`; `code` is its verdict."""


class Unreadable(CardError):
    """Not one of our cards, or bytes that no honest writer makes."""

    code = "unreadable"


class NewerVersion(CardError):
    """A later major version of the format."""

    code = "newer-version"


class UnknownIssuer(CardError):
    """No such key in the trust bundle held."""

    code = "unknown-issuer"


class Altered(CardError):
    """The bytes do not match the signature."""

    code = "altered"


class NotAuthorised(CardError):
    """The signature is right, but the key's scope or window does not cover this part."""

    code = "not-authorised"


class Withdrawn(CardError):
    """The card, its key or its organisation was withdrawn."""

    code = "withdrawn"


@dataclass(frozen=True)
class Problem:
    """One fault of a record: where, what, and how to mend it; never the value itself."""

    place: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class RecordError(HealthcardError):
    """A record that can't be; `problems` lists every fault found, in the record's order."""

    code = "invalid-record"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class SensitiveContent(RecordError):
    """Entries of sensitivity 2 or 3 that must not stand in the open part (DP-07)."""

    code = "sensitive-content"


class ConfirmationNeeded(RecordError):
    """Unlikely values that must be typed again before a card is signed (scenario P2)."""

    code = "confirmation-needed"


class SealedContentLost(RecordError):
    """A re-issue that would lose the sealed entries of the card: open them first, or she agrees to the loss."""

    code = "sealed-content-lost"


class TooLarge(HealthcardError):
    """More than one symbol of the size asked for holds."""

    code = "too-large"


class SealError(HealthcardError):
    """A sealed part that can't be opened, or whose content no honest writer makes; the open part stands as before."""

    code = "sealed"


class NoSealingKey(SealError):
    """Sealed to another epoch's key than those held, or to one that was destroyed since."""

    code = "no-sealing-key"


class SealTooLarge(SealError):
    """Sealed entries that need more than the usual size, which would show that there are many: the writer confirms it first."""

    code = "seal-too-large"


class PictureError(HealthcardError):
    """Not a picture that can be opened, or larger than we look at."""

    code = "bad-picture"


class NoCode(PictureError):
    """A picture without a code of ours."""

    code = "no-code"


class KeyFileError(HealthcardError):
    """A key file that can't be used."""

    code = "bad-key-file"


class UnsafeKeyFile(KeyFileError):
    """A key file that others on this machine can read."""

    code = "unsafe-key-file"


class WrongPassphrase(KeyFileError):
    """The passphrase does not open the key file."""

    code = "wrong-passphrase"


class TrustError(HealthcardError):
    """A trust bundle that can't be believed, or a change to it that can't be made."""

    code = "bad-bundle"


class Rollback(TrustError):
    """A trust bundle older than the one held."""

    code = "rollback"


class ServiceError(HealthcardError):
    """What a service or a batch can't be or do; its words are none of the format (spec section 8)."""


class Locked(ServiceError):
    """A desk that is locked: nothing is done before its passphrase is given."""

    code = "locked"


class NoSuchCard(ServiceError):
    """A card that was handed over or forgotten, or never made at this desk."""

    code = "not-found"


class NoAnswer(ServiceError):
    """A service that can't be reached, is too slow, or answers what no verifier of this release does."""

    code = "no-answer"


class Refused(ServiceError):
    """A service that refused: `code` is the word of its problem, `status` that of HTTP, `retry_after` seconds where it named any."""

    code = "refused"

    def __init__(self, code: str, message: str, status: int, retry_after: int | None) -> None:
        self.code, self.status, self.retry_after = code, status, retry_after
        super().__init__(message)


class SettingError(ServiceError):
    """A setting of a service that is missing, of another form, or not safe."""

    code = "bad-setting"


class StoreError(ServiceError):
    """The database of a service that can't be opened, read or written; nothing of the failed change is in it."""

    code = "bad-store"


class StoreFull(StoreError):
    """No room for a change in the database; what it holds already stands."""

    code = "store-full"


class Superseded(StoreError):
    """An upload that one of a higher or the same number has taken the place of."""

    code = "superseded-upload"


class ImportNotAllowed(ServiceError):
    """A record that may not go into another system; `reason` is a word: holder-said-no, not-verified or unknown-reason."""

    code = "import-not-allowed"

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class JournalError(ServiceError):
    """The journal of a batch that is of another key, damaged, used by another batch, or that can't be written."""

    code = "bad-journal"


class PrintError(HealthcardError):
    """The card could not be laid out or did not read back."""

    code = "print-failed"
