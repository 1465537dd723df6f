/**
 * The content of one token as it stands on the wire: part, persons, rows, events (spec section 5). record.js puts it into words.
 *
 * `decode` gives `{ kind, id, continues, issued, language, choices, sealed, payload, people }`; a person is
 * `{ ref, index, role, anchor, profile, sealedProfile, history, rows }` and a row `{ day, source, values, events }`. `profile` and
 * `values` are Maps from bit to wire, `events` the events as they stand.
 */

import { ascending, compare } from "./bytes.js";
import { CborError, dumps, loads } from "./cbor.js";
import { NewerVersion, Unreadable } from "./errors.js";
import { FIRST_NUMBERED } from "./vocabulary.js";

const LAST_DAY = 65535;
const LARGEST = 2 ** 31 - 1;
const ID_SIZE = 8;
const MOST_PEOPLE = 8;
export const MOST_ROWS = 64;
export const MOST_EVENTS = 32;
export const SOURCES = [0, 999_999];
const KINDS = ["card", "continuation"];
const ROLES = ["mother", "infant"];
const USUAL_PROFILE = { mother: 0x7f, infant: 0b1011 };
const USUAL_VALUES = { mother: 0x1ff, infant: 0x7f };
const SMALL_AMOUNTS = [1, 2, 4, 8];
const SMALL_TIMINGS = 6;
export const REFERRAL = -1;
export const TIME = -2;
export const OBSERVATION = -3;

/** The part that `payload` is. Raises Unreadable, and NewerVersion for a later major version of the format. */
export function decode(payload) {
  let item;
  try {
    item = loads(payload);
  } catch (error) {
    if (error instanceof CborError) throw new Unreadable(error.message);
    throw error;
  }
  need(Array.isArray(item) && item.length > 0, "not a part");
  const head = integer(item[0], 0, LARGEST);
  if (head > 1) throw new NewerVersion(`format version ${head >> 1}`);
  need(item.length >= 8 && item.length <= 7 + MOST_PEOPLE, "a part of another length");
  const [, id, continues, first, issued, holder, sealed, ...persons] = item;
  const kind = KINDS[head];
  bytes(id, ID_SIZE);
  if (kind === "card") need(continues === null, "a card continues no other");
  else bytes(continues, ID_SIZE);
  integer(first, 0, LAST_DAY);
  integer(issued, 0, LAST_DAY);
  integer(holder, 4, LARGEST);
  need(sealed instanceof Uint8Array && (kind === "card" || sealed.length === 0), "a sealed part of another form");

  const people = persons.map((person) => readPerson(person, first));
  need(kind === "continuation" || people.every(({ index }, n) => index === n), "people out of order");
  need(ascending(people, (a, b) => a.index - b.index), "people out of order, or twice");
  const rows = people.flatMap((person) => person.rows);
  const histories = people.filter((person) => person.history);
  need(rows.length + histories.length <= MOST_ROWS, "more than 64 rows");
  const days = rows.map((row) => row.day);
  if (rows.length > 0) need(Math.min(...days) === first, "the first day is not that of the first row");
  else need(issued === 0, "a day of issue after rows that are not there");
  const latest = Math.max(first, ...days);
  need(latest + issued <= LAST_DAY, "a day above 65535");

  const choices = { import: (holder & 2) !== 0, count: (holder & 1) !== 0 };
  return { kind, id, continues, issued: latest + issued, language: holder >> 2, choices, sealed, payload, people };
}

function readPerson(item, first) {
  need(Array.isArray(item), "a person is an array");
  const ref = integer(item[0], 0, 15);
  const role = ROLES[ref & 1];
  const profile = readMasked(item, 1, USUAL_PROFILE[role]);
  let items = item.slice(2 + profile.size);
  need(items.every(Array.isArray), "more values than the mask has bits");
  let history = null;
  if (items.length > 0 && items[0][0] === null) {
    const [, source, ...events] = items[0];
    integer(source, ...SOURCES);
    need(events.length > 0, "a history without an event");
    checkEvents(events);
    need(events.every(isHistory), "neither a vaccine nor a finding in the history");
    history = { source, events };
    items = items.slice(1);
  }
  const rows = readRows(items, first, role);
  const anchor = rows.length > 0 ? rows[0].day : first;
  return { ref, index: ref >> 1, role, anchor, profile, sealedProfile: new Map(), history, rows };
}

function readRows(items, first, role) {
  const rows = [];
  let day = first;
  let before = null;
  for (const item of items) {
    const step = integer(item[0], 0, LAST_DAY);
    day += step;
    need(day <= LAST_DAY, "a day above 65535");
    const encoded = dumps(item.slice(1));
    need(step > 0 || before === null || compare(before, encoded) < 0, "rows of one day out of order");
    before = encoded;
    const source = integer(item[1], ...SOURCES);
    const values = readMasked(item, 2, USUAL_VALUES[role]);
    const events = item.slice(3 + values.size);
    checkEvents(events);
    rows.push({ day, source, values, events });
  }
  return rows;
}

/** The values by bit of the mask that stands at `at`, written exclusive-or the usual one. */
function readMasked(item, at, usual) {
  const mask = integer(item[at], 0, LARGEST) ^ usual;
  const values = new Map();
  for (let bit = 0; bit < 31; bit += 1) {
    if (mask & (1 << bit)) values.set(bit, integer(item[at + 1 + values.size], -LARGEST, LARGEST));
  }
  return values;
}

/** Raises Unreadable where the events of a row break a rule of section 5.4. */
export function checkEvents(events, most = MOST_EVENTS, anyObservation = false) {
  need(events.length <= most, "more than 32 events");
  events.forEach((event) => checkEvent(event, anyObservation));
  const encoded = events.map(dumps);
  const order = encoded.slice(1).map((event, n) => compare(encoded[n], event));
  need(order.every((step, n) => step < 0 || (step === 0 && isMedicine(events[n]))), "events out of order, or twice");
  need(events.filter((event) => event[0] === REFERRAL).length <= 1, "two referrals");
  need(events.filter((event) => event[0] === TIME).length <= 1, "two times");
  const numbers = events.filter((event) => event[0] === OBSERVATION).map(([, number]) => number);
  need(new Set(numbers).size === numbers.length, "an observation twice");
}

function checkEvent(event, anyObservation) {
  if (typeof event === "number") {
    need(event !== 0 && event >= -8 * (2 ** 28 - 1), "no event");
    return;
  }
  need(Array.isArray(event) && typeof event[0] === "number", "no event");
  const [first, ...rest] = event;
  if (first >= 0) checkMedicine(event);
  else if (first === REFERRAL) {
    need(rest.length === 3 || rest.length === 4, "a referral of another form");
    const [service, urgency, reason, to = SOURCES[1]] = rest;
    integer(service, 200, LARGEST);
    integer(urgency, 1, LARGEST);
    integer(reason, 0, 199);
    integer(to, 3, SOURCES[1]);
  } else if (first === TIME) {
    need(rest.length === 1, "a time of another form");
    integer(rest[0], 0, 95);
  } else if (first === OBSERVATION) {
    need(rest.length === 2, "an observation of another form");
    integer(rest[0], anyObservation ? 0 : FIRST_NUMBERED, LARGEST);
    integer(rest[1], -LARGEST, LARGEST);
  }
}

function checkMedicine(event) {
  need(event.length >= 2 && event.length <= 4, "a medicine of another form");
  integer(event[0], 1, LARGEST);
  if (event.length === 3) {
    integer(event[1], -SMALL_AMOUNTS.length * SMALL_TIMINGS, -1);
  } else {
    integer(event[1], 1, LARGEST);
    if (event.length === 4) {
      const timing = integer(event[2], 1, LARGEST);
      need(!SMALL_AMOUNTS.includes(event[1]) || timing > SMALL_TIMINGS, "a small dose in the long form");
    }
  }
  if (event.length > 2) integer(event[event.length - 1], 1, 3660);
}

/** `{ number, steps, timing, days }` of a medicine, the amount in its steps; timing and days are 0 for what was given once. */
export function dose([number, ...rest]) {
  if (rest.length === 1) return { number, steps: rest[0], timing: 0, days: 0 };
  if (rest.length === 3) return { number, steps: rest[0], timing: rest[1], days: rest[2] };
  const small = -1 - rest[0];
  return { number, steps: SMALL_AMOUNTS[Math.floor(small / SMALL_TIMINGS)], timing: (small % SMALL_TIMINGS) + 1, days: rest[1] };
}

export function isMedicine(event) {
  return Array.isArray(event) && event[0] >= 0;
}

/** Whether an event may stand in undated history: a vaccine or a finding. */
export function isHistory(event) {
  return typeof event === "number" && event < 200;
}

export function integer(item, low, high) {
  need(typeof item === "number" && low <= item && item <= high, "a number out of range");
  return item;
}

function bytes(item, size) {
  need(item instanceof Uint8Array && item.length === size, "bytes of another length");
}

/** Raises Unreadable with `message` where `condition` is not true. */
export function need(condition, message) {
  if (!condition) throw new Unreadable(message);
}
