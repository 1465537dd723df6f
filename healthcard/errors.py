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
    `-- PrintError               print-failed

No message holds a field value of a record: messages name places ("people[0].contacts[1].observations.weight") and rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class HealthcardError(Exception):
    """Root of the tree; `code` is the stable word of the failure."""

    code: ClassVar[str] = "error"


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


class PrintError(HealthcardError):
    """The card could not be laid out or did not read back."""

    code = "print-failed"
