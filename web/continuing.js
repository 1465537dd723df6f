/**
 * A continuation: what was done at one contact, added to a card beside it (spec sections 5 and 10; healthcard/continuing.py, encoder.py).
 *
 *     const payload = continuation(held, { person: 0, contact }, { today, known });
 *
 * `held` is what `heldCard` says of the card of a reading; the contact is JSON as in a record, without a source: it is the signer's own.
 */

import { compare, dayOf } from "./bytes.js";
import { dumps } from "./cbor.js";
import { RecordError } from "./errors.js";
import { FIRST_NUMBERED } from "./vocabulary.js";

const ROLES = ["mother", "infant"];
const USUAL_PROFILE = { mother: 0x7f, infant: 0b1011 };
const USUAL_VALUES = { mother: 0x1ff, infant: 0x7f };
const SMALL_AMOUNTS = [1, 2, 4, 8];
const SMALL_TIMINGS = 6;
const CONTINUATION = 1;

/**
 * The card that a reading shows: its id, language and choices, and the roles of its people; null where only its stickers were scanned.
 *
 * What she agreed to is of a verified part, the latest; where there is none, nobody knows that she agreed to anything.
 */
export function heldCard({ shown }) {
  if (!shown || shown.best.part.kind !== "card") return null;
  const [{ part: latest, verdict }] = shown.parts; // verified ones stand first
  const choices = verdict === "verified" ? latest.choices : { import: false, count: false };
  return { id: shown.best.part.id, language: latest.language, choices, roles: shown.best.part.people.map(({ role }) => role) };
}

/** The payload of a continuation of `held` by one contact of one of its people, issued today. Raises RecordError. */
export function continuation(held, { person, contact }, { today, known }) {
  const day = dayOf(contact.date);
  if (day > dayOf(today)) throw new RecordError("a date after today");
  const role = held.roles[person];
  const holder = held.language * 4 + (held.choices.import ? 2 : 0) + (held.choices.count ? 1 : 0);
  const id = crypto.getRandomValues(new Uint8Array(8));
  const item = [2 * person + ROLES.indexOf(role), USUAL_PROFILE[role], [0, ...row(contact, role, known)]];
  return dumps([CONTINUATION, id, held.id, day, dayOf(today) - day, holder, new Uint8Array(0), item]);
}

/** Source, mask, values and events of a contact. */
function row(contact, role, known) {
  const table = known.observations[role];
  const measured = Object.entries(contact.observations || {}).map(([key, value]) => [table.number(key), wire(table.get(table.number(key)), value)]);
  measured.sort(([one], [other]) => one - other);
  const masked = measured.filter(([number]) => number < FIRST_NUMBERED);
  const mask = masked.reduce((bits, [number]) => bits ^ (1 << number), USUAL_VALUES[role]);
  const numbers = [
    ...sorted((contact.findings || []).map((word) => known.findings.number(word))),
    ...sorted((contact.services || []).map((word) => known.services.number(word))),
    ...sorted((contact.vaccines || []).map(({ vaccine, dose }) => -1 - ((known.vaccines.number(vaccine) - 1) * 8 + (dose === undefined ? 7 : dose)))).reverse(),
  ];
  const arrays = [
    ...measured.filter(([number]) => number >= FIRST_NUMBERED).map(([number, value]) => [-3, number, value]),
    ...(contact.medicines || []).map((given) => medicine(given, known)),
    ...(contact.time ? [[-2, quarter(contact.time)]] : []),
  ];
  arrays.sort((a, b) => compare(dumps(a), dumps(b)));
  return [0, mask, ...masked.map(([, value]) => value), ...numbers, ...arrays];
}

/** A value as it stands on the wire. Raises RecordError for one off its step, or a word that is not of its list. */
function wire(quantity, value) {
  if (quantity.kind === "coded") {
    const found = Object.entries(quantity.words).find(([, word]) => word === value);
    if (!found) throw new RecordError(`${quantity.key}: not a word of its list`);
    return Number(found[0]) - quantity.centre;
  }
  return steps(quantity, value) - quantity.centre;
}

function steps(quantity, value) {
  const count = Math.round((value * quantity.denominator) / quantity.numerator);
  if (!Number.isFinite(value) || (count * quantity.numerator) / quantity.denominator !== value) throw new RecordError(`${quantity.key}: off its step`);
  return count;
}

function medicine({ medicine: word, amount, timing, days }, known) {
  const number = known.medicines.number(word);
  const entry = known.medicines.get(number);
  const counted = steps(entry, amount) - entry.centre;
  if (counted < 1) throw new RecordError(`${word}: not an amount`);
  if (timing === undefined) return [number, counted];
  const taken = known.timings.number(timing);
  const small = SMALL_AMOUNTS.indexOf(counted);
  if (small >= 0 && taken <= SMALL_TIMINGS) return [number, -1 - (small * SMALL_TIMINGS + taken - 1), days];
  return [number, counted, taken, days];
}

function quarter(time) {
  const [hours, minutes] = time.split(":").map(Number);
  return hours * 4 + minutes / 15;
}

function sorted(numbers) {
  return [...numbers].sort((a, b) => a - b);
}
