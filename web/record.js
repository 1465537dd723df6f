/**
 * A part in words: the record as JSON (spec section 6). What the vocabulary does not know is kept as "#77".
 *
 * A `Speller` puts the wire forms of one part into words and notes what is to be noticed of them.
 */

import { hex, isoDate } from "./bytes.js";
import { dumps } from "./cbor.js";
import { dose, isHistory, isMedicine, need, OBSERVATION, REFERRAL, TIME } from "./codec.js";
import { unknown } from "./vocabulary.js";

const FIRST_DAY = -25567; // 1950-01-01
const LAST_DAY = 65535;
const SOURCES = { 1: "holder", 2: "withheld" };
const NO_DOSE = 7;

export class Speller {
  /** `organisationName` gives the short name of an organisation's number, undefined where it has none. */
  constructor(organisationName, known) {
    this.organisationName = organisationName;
    this.known = known;
    this.unknownCode = false;
    this.implausible = false;
  }

  /** The record of a part. Raises Unreadable for days and values that can't be. */
  record(part) {
    const language = this.word(this.known.languages, part.language);
    return { language, choices: part.choices, people: part.people.map((person) => this.person(person)) };
  }

  /** What came sealed counts its days for itself: an `lmp` counts for `delivered` only where both stand in one place (M97). */
  person({ role, anchor, profile, sealedProfile, history, rows }) {
    const fields = { ...this.profile(profile, role, anchor), ...this.profile(sealedProfile, role, anchor) };
    need(fields.born_precision !== "month" || !fields.born || fields.born.endsWith("-15"), "a month is written as its 15th");
    const contacts = rows.map((row) => this.contact(row, role));
    return person(role, fields, history ? this.history(history) : {}, contacts);
  }

  /** Profile values by path, those without a word as "#12" under `unknown`. */
  profile(values, role, anchor) {
    const fields = {};
    const table = this.known.profile[role];
    const lmp = table.number("lmp");
    const lmpDay = values.has(lmp) ? anchor - values.get(lmp) - table.get(lmp).centre : null;
    for (const [bit, wire] of values) {
      const field = table.get(bit);
      if (!field) {
        this.unknownCode = true;
        fields[unknown(bit)] = wire;
      } else if (field.kind === "day_before") fields[field.path] = day(anchor - wire - field.centre);
      else if (field.kind === "day_after_lmp") fields[field.path] = day(lmpDay === null ? anchor + wire : lmpDay + wire + field.centre);
      else if (field.kind === "set") fields[field.path] = this.set(wire);
      else fields[field.path] = this.value(field, wire);
    }
    return fields;
  }

  set(wire) {
    need(wire >= 0, "a set below 0");
    const bits = Array.from({ length: 31 }, (_, bit) => bit).filter((bit) => wire & (1 << bit));
    return bits.map((bit) => this.word(this.known.allergies, bit + 1));
  }

  value(quantity, wire) {
    if (quantity.kind === "coded") {
      const word = quantity.word(wire);
      if (word === undefined) this.unknownCode = true;
      return word === undefined ? unknown(wire + quantity.centre) : word;
    }
    if (quantity.implausible(wire)) this.implausible = true;
    return quantity.scaled(wire);
  }

  history({ source, events }) {
    need(events.every((event) => event < 0 || this.isCondition(event)), "a history holds conditions");
    return {
      ...nonEmpty("conditions", events.filter((event) => event > 0).map((event) => this.word(this.known.findings, event))),
      ...nonEmpty("vaccines_before", events.filter((event) => event < 0).map((event) => this.vaccine(event))),
      ...this.source("history_source", source),
    };
  }

  isCondition(number) {
    const finding = this.known.findings.get(number);
    return !finding || finding.kind === "condition";
  }

  source(name, number) {
    if (number === 0) return {};
    return { [name]: SOURCES[number] || this.organisation(number) };
  }

  organisation(number) {
    const name = this.organisationName(number);
    if (name === undefined) this.unknownCode = true;
    return name === undefined ? unknown(number) : name;
  }

  contact({ day: dayNumber, source, values, events }, role) {
    const arrays = events.filter((event) => Array.isArray(event));
    const numbers = events.filter((event) => !Array.isArray(event));
    const findings = numbers.filter((event) => event > 0 && isHistory(event));
    const [time] = arrays.filter(([first]) => first === TIME);
    const [referral] = arrays.filter(([first]) => first === REFERRAL);
    const numbered = arrays.filter(([first]) => first === OBSERVATION).map(([, number, wire]) => [number, wire]);
    const measured = [...values, ...numbered].sort(([one], [other]) => one - other);
    const observations = measured.map(([number, wire]) => this.observation(number, wire, role));
    const kept = arrays.filter(([first]) => first < OBSERVATION);
    if (kept.length > 0) this.unknownCode = true;
    return {
      date: isoDate(dayNumber),
      ...(time ? { time: clock(time[1]) } : {}),
      ...this.source("source", source),
      ...(observations.length > 0 ? { observations: Object.fromEntries(observations) } : {}),
      ...nonEmpty("findings", findings.map((event) => this.word(this.known.findings, event))),
      ...nonEmpty("medicines", this.medicines(arrays.filter(isMedicine))),
      ...nonEmpty("vaccines", numbers.filter((event) => event < 0).map((event) => this.vaccine(event))),
      ...nonEmpty("services", numbers.filter((event) => !isHistory(event)).map((event) => this.word(this.known.services, event))),
      ...(referral ? { referral: this.referral(referral) } : {}),
      ...nonEmpty("unknown", kept.map((event) => hex(dumps(event))).sort()),
    };
  }

  observation(number, wire, role) {
    const quantity = this.known.observations[role].get(number);
    if (quantity) return [quantity.key, this.value(quantity, wire)];
    this.unknownCode = true;
    return [unknown(number), wire];
  }

  vaccine(event) {
    const value = -1 - event;
    const vaccine = this.word(this.known.vaccines, Math.floor(value / 8) + 1);
    return value % 8 === NO_DOSE ? { vaccine } : { vaccine, dose: value % 8 };
  }

  /** By number, then timing, days and amount. */
  medicines(events) {
    const given = events.map(dose).sort((a, b) => a.number - b.number || a.timing - b.timing || a.days - b.days || a.steps - b.steps);
    return given.map(({ number, steps, timing, days }) => {
      const entry = this.known.medicines.get(number);
      const medicine = { medicine: this.word(this.known.medicines, number), amount: entry ? entry.scaled(steps) : steps };
      return timing === 0 ? medicine : { ...medicine, timing: this.word(this.known.timings, timing), days };
    });
  }

  referral([, service, urgency, reason, to]) {
    return {
      service: this.word(this.known.services, service),
      urgency: this.word(this.known.urgencies, urgency),
      ...(reason === 0 ? {} : { reason: this.word(this.known.findings, reason) }),
      ...(to === undefined ? {} : { to: this.organisation(to) }),
    };
  }

  word(table, number) {
    if (!table.get(number)) this.unknownCode = true;
    return table.word(number);
  }
}

/** A person's JSON; `fields` by path. */
export function person(role, fields, history, contacts) {
  const out = { role, ...history };
  for (const [path, value] of Object.entries(fields)) {
    const [group, name] = path.split(".");
    if (path.startsWith("#")) out.unknown = { ...out.unknown, [path]: value };
    else if (name) out[group] = { ...out[group], [name]: value };
    else out[path] = value;
  }
  return { ...out, contacts: sortedContacts(contacts) };
}

/** The fields of a person's profile by path, those without a word by "#12". */
export function profileFields(json) {
  const fields = { ...json.unknown };
  for (const [name, value] of Object.entries(json)) {
    if (["pregnancy", "birth"].includes(name)) {
      for (const [inner, one] of Object.entries(value)) fields[`${name}.${inner}`] = one;
    } else if (![...HISTORY, "role", "unknown", "contacts"].includes(name)) fields[name] = value;
  }
  return fields;
}

export const HISTORY = ["conditions", "vaccines_before", "history_source"];

/** By date, then time, then their JSON. */
export function sortedContacts(contacts) {
  const keyed = contacts.map((contact) => [`${contact.date} ${contact.time || ""} ${canonical(contact)}`, contact]);
  return keyed.sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, contact]) => contact);
}

/** JSON with sorted keys, no blanks, in ASCII: equal for what is equal. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(",")}}`;
}

function nonEmpty(name, items) {
  return items.length > 0 ? { [name]: items } : {};
}

function day(number) {
  need(number >= FIRST_DAY && number <= LAST_DAY, "a day before 1950 or after 2199");
  return isoDate(number);
}

function clock(quarter) {
  return `${String(Math.floor(quarter / 4)).padStart(2, "0")}:${String((quarter % 4) * 15).padStart(2, "0")}`;
}
