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

const CONTACT = "people[0].contacts[0]"; // where the one contact of a change stands, as the library names places

const ROLES = ["mother", "infant"];
const USUAL_PROFILE = { mother: 0x7f, infant: 0b1011 };
const USUAL_VALUES = { mother: 0x1ff, infant: 0x7f };
const SMALL_AMOUNTS = [1, 2, 4, 8];
const SMALL_TIMINGS = 6;
const HIGHEST_DOSE = 6;
const NO_DOSE = 7;
const LONGEST_SUPPLY = 3660; // days
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

/** The payload of a continuation of `held` by one contact of one of its people, issued today. Raises RecordError, which names the place. */
export function continuation(held, { person, contact }, { today, known }) {
  const role = held.roles[person];
  if (!role) throw new RecordError("people[0].person: no such person on the card");
  const day = whole(dayOf(contact.date), 0, dayOf(today), `${CONTACT}.date`);
  const holder = held.language * 4 + (held.choices.import ? 2 : 0) + (held.choices.count ? 1 : 0);
  const id = crypto.getRandomValues(new Uint8Array(8));
  const item = [2 * person + ROLES.indexOf(role), USUAL_PROFILE[role], [0, ...row(contact, role, known)]];
  return dumps([CONTINUATION, id, held.id, day, dayOf(today) - day, holder, new Uint8Array(0), item]);
}

/** Source, mask, values and events of a contact. */
function row({ observations = {}, findings = [], services = [], vaccines = [], medicines = [], time }, role, known) {
  const measured = Object.entries(observations).map(([key, value]) => {
    const place = `${CONTACT}.observations.${key}`;
    const number = numbered(known.observations[role], key, place);
    return [number, wire(known.observations[role].get(number), value, place)];
  });
  measured.sort(([one], [other]) => one - other);
  const masked = measured.filter(([number]) => number < FIRST_NUMBERED);
  const mask = masked.reduce((bits, [number]) => bits ^ (1 << number), USUAL_VALUES[role]);
  const numbers = [
    ...sorted(findings.map((word, n) => numbered(known.findings, word, `${CONTACT}.findings[${n}]`))),
    ...sorted(services.map((word, n) => numbered(known.services, word, `${CONTACT}.services[${n}]`))),
    ...sorted(vaccines.map((given, n) => vaccine(given, `${CONTACT}.vaccines[${n}]`, known))).reverse(),
  ];
  const arrays = [
    ...measured.filter(([number]) => number >= FIRST_NUMBERED).map(([number, value]) => [-3, number, value]),
    ...medicines.map((given, n) => medicine(given, `${CONTACT}.medicines[${n}]`, known)),
    ...(time ? [[-2, quarter(time)]] : []),
  ];
  arrays.sort((a, b) => compare(dumps(a), dumps(b)));
  return [0, mask, ...masked.map(([, value]) => value), ...numbers, ...arrays];
}

/** The number of a word that stands in `table`; what has none here is never signed. */
function numbered(table, word, place) {
  if (!table.numbers.has(word)) throw new RecordError(`${place}: not a word of this table`);
  return table.numbers.get(word);
}

function whole(number, low, high, place) {
  if (!Number.isInteger(number) || number < low || number > high) throw new RecordError(`${place}: not a whole number in its range`);
  return number;
}

/** A value as it stands on the wire. */
function wire(quantity, value, place) {
  if (quantity.kind === "coded") {
    const found = Object.entries(quantity.words).find(([, word]) => word === value);
    if (!found) throw new RecordError(`${place}: not a word of its list`);
    return Number(found[0]) - quantity.centre;
  }
  return steps(quantity, value, place) - quantity.centre;
}

function steps(quantity, value, place) {
  const count = Math.round((value * quantity.denominator) / quantity.numerator);
  const exact = Number.isFinite(value) && (count * quantity.numerator) / quantity.denominator === value;
  if (!exact) throw new RecordError(`${place}: off its step`);
  return count;
}

function vaccine({ vaccine: word, dose }, place, known) {
  const number = numbered(known.vaccines, word, `${place}.vaccine`);
  return -1 - ((number - 1) * 8 + (dose === undefined ? NO_DOSE : whole(dose, 0, HIGHEST_DOSE, `${place}.dose`)));
}

function medicine({ medicine: word, amount, timing, days }, place, known) {
  const number = numbered(known.medicines, word, `${place}.medicine`);
  const entry = known.medicines.get(number);
  const counted = steps(entry, amount, `${place}.amount`) - entry.centre;
  if (counted < 1) throw new RecordError(`${place}.amount: not an amount`);
  if (timing === undefined && days === undefined) return [number, counted];
  const taken = numbered(known.timings, timing, `${place}.timing`);
  whole(days, 1, LONGEST_SUPPLY, `${place}.days`);
  const small = SMALL_AMOUNTS.indexOf(counted);
  if (small >= 0 && taken <= SMALL_TIMINGS) return [number, -1 - (small * SMALL_TIMINGS + taken - 1), days];
  return [number, counted, taken, days];
}

function quarter(time) {
  const [hours, minutes] = time.split(":").map(Number);
  return whole(hours * 4 + minutes / 15, 0, 95, `${CONTACT}.time`);
}

function sorted(numbers) {
  return [...numbers].sort((a, b) => a - b);
}
