/** What was sealed: its content, and the part with it (spec section 11, M94 to M98). */

import { ascending, compare, hex } from "./bytes.js";
import { CborError, dumps, loads } from "./cbor.js";
import {
  checkEvents, integer, isHistory, isMedicine, MOST_EVENTS, MOST_ROWS, need, OBSERVATION, REFERRAL, SOURCES, TIME,
} from "./codec.js";
import { SealError, Unreadable } from "./errors.js";
import { FIRST_NUMBERED } from "./vocabulary.js";

const PROFILE_ROW = -1;
const PROFILE_VALUE = -4;
const HISTORY_SOURCE = -5;

/**
 * `{ previous, part }` of an opened content: the id of the card before, null where none is named, and `part` with its entries.
 *
 * Raises SealError.
 */
export function join(part, content) {
  try {
    const items = loads(content, 1);
    need(Array.isArray(items), "content of another form");
    const previous = items[0] instanceof Uint8Array ? items[0] : null;
    need(previous === null || previous.length === 8, "an id of another length");
    const rows = (previous ? items.slice(1) : items).map(readRow);
    need(ascending(rows, (a, b) => a.ref - b.ref || a.number - b.number), "sealed rows out of order");
    need(rows.every(({ ref }) => part.people.some((person) => person.ref === ref)), "a person that the part has not");
    const people = part.people.map((person) => joinPerson(person, rows.filter(({ ref }) => ref === person.ref)));
    const histories = people.filter(({ history }) => history).length;
    need(histories + people.reduce((count, person) => count + person.rows.length, 0) <= MOST_ROWS, "more than 64 rows");
    return { previous, part: { ...part, people } };
  } catch (error) {
    if (error instanceof CborError || error instanceof Unreadable) throw new SealError(error.message);
    throw error;
  }
}

function readRow(item) {
  need(Array.isArray(item) && item.length > 2, "a sealed row of another form");
  const [ref, number, ...events] = item;
  integer(ref, 0, 15);
  integer(number, PROFILE_ROW, MOST_ROWS);
  return { ref, number, events };
}

function joinPerson(person, sealedRows) {
  const rows = person.rows.slice();
  let extra = { profile: new Map(), history: null };
  for (const { number, events } of sealedRows) {
    if (number === PROFILE_ROW) extra = readProfileRow(events, person);
    else {
      need(number < rows.length, "a row that the part has not");
      rows[number] = joinRow(rows[number], events);
    }
  }
  const history = extra.history ? joinHistory(person.history, extra.history) : person.history;
  return { ...person, rows, history, sealedProfile: extra.profile };
}

function joinRow(row, events) {
  checkEvents(events, events.length, true);
  need(!events.some((event) => event[0] === TIME), "a time in the sealed part");
  const open = [...Array.from(row.values.keys(), (number) => [OBSERVATION, number]), ...row.events].map(once);
  need(events.every((event) => isMedicine(event) || !open.includes(once(event))), "an entry that the open part has");
  const all = inOrder([...row.events, ...events]);
  const counted = all.filter((event) => !(event[0] === OBSERVATION && event[1] < FIRST_NUMBERED));
  need(counted.length <= MOST_EVENTS, "more than 32 events");
  return { ...row, events: all };
}

/** What of an event there is only one in a row. */
function once(event) {
  if (event[0] === REFERRAL) return "referral";
  return event[0] === OBSERVATION ? `observation ${event[1]}` : hex(dumps(event));
}

function readProfileRow(events, person) {
  need(ascending(events.map(dumps)), "events out of order, or twice");
  const profile = new Map();
  const sources = [];
  for (const event of events) {
    if (Array.isArray(event) && event[0] === PROFILE_VALUE) {
      need(event.length === 3, "a profile value of another form");
      const bit = integer(event[1], 0, FIRST_NUMBERED - 1);
      need(!profile.has(bit) && !person.profile.has(bit), "a profile value twice");
      profile.set(bit, integer(event[2], -(2 ** 31 - 1), 2 ** 31 - 1));
    } else if (Array.isArray(event)) {
      need(event[0] === HISTORY_SOURCE && event.length === 2, "no event of a history");
      sources.push(integer(event[1], 1, SOURCES[1]));
    }
  }
  const entries = events.filter((event) => !Array.isArray(event));
  checkEvents(entries);
  need(entries.every(isHistory), "neither a vaccine nor a finding in the history");
  need(sources.length === 0 || (sources.length === 1 && entries.length > 0 && !person.history), "a source without a history of its own");
  return { profile, history: entries.length > 0 ? { source: sources[0] || 0, events: entries } : null };
}

function joinHistory(open, sealed) {
  if (!open) return sealed;
  const events = inOrder([...open.events, ...sealed.events]);
  need(events.length <= MOST_EVENTS && ascending(events.map(dumps)), "more than 32 events, or one twice");
  return { source: open.source, events };
}

function inOrder(events) {
  const keyed = events.map((event) => [dumps(event), event]);
  return keyed.sort(([a], [b]) => compare(a, b)).map(([, event]) => event);
}
