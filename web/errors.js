/**
 * Every failure of the pages, in the tree of healthcard/errors.py; `code` is the word that spec, vectors, service and library use too.
 *
 * No message holds a field value of a record: messages name places and rules.
 */

export class HealthcardError extends Error {
  static code = "error";

  get code() {
    return this.constructor.code;
  }
}

/** A part of a card that is not `verified`; its word is its verdict. */
export class CardError extends HealthcardError {}
export class Unreadable extends CardError {
  static code = "unreadable";
}
export class NewerVersion extends CardError {
  static code = "newer-version";
}
export class UnknownIssuer extends CardError {
  static code = "unknown-issuer";
}
export class Altered extends CardError {
  static code = "altered";
}
export class NotAuthorised extends CardError {
  static code = "not-authorised";
}
export class Withdrawn extends CardError {
  static code = "withdrawn";
}

/** A record that can't be. */
export class RecordError extends HealthcardError {
  static code = "invalid-record";
}
export class SensitiveContent extends RecordError {
  static code = "sensitive-content";
}
export class ConfirmationNeeded extends RecordError {
  static code = "confirmation-needed";
}
export class SealedContentLost extends RecordError {
  static code = "sealed-content-lost";
}

/** More than one symbol holds. */
export class TooLarge extends HealthcardError {
  static code = "too-large";
}

/** A sealed part that can't be opened or read; the open part stands as before. */
export class SealError extends HealthcardError {
  static code = "sealed";
}
export class NoSealingKey extends SealError {
  static code = "no-sealing-key";
}
export class SealTooLarge extends SealError {
  static code = "seal-too-large";
}

/** Not a picture that can be opened, or larger than we look at. */
export class PictureError extends HealthcardError {
  static code = "bad-picture";
}
export class NoCode extends PictureError {
  static code = "no-code";
}

/** A key file that can't be used. */
export class KeyFileError extends HealthcardError {
  static code = "bad-key-file";
}
export class UnsafeKeyFile extends KeyFileError {
  static code = "unsafe-key-file";
}
export class WrongPassphrase extends KeyFileError {
  static code = "wrong-passphrase";
}

/** A trust bundle that can't be believed. */
export class TrustError extends HealthcardError {
  static code = "bad-bundle";
}
export class Rollback extends TrustError {
  static code = "rollback";
}

/** The card could not be laid out or did not read back. */
export class PrintError extends HealthcardError {
  static code = "print-failed";
}
