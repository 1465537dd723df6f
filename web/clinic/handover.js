/**
 * The thirty-second handover: a record and a day -> the one-screen summary that the next station reads first.
 *
 * The same sections, lines and field names as the JSON of healthcard/clinic/handover.py; holds words of the vocabulary, never text.
 * Nothing stands here that nobody measured, told or gave; what is missing is said to be missing or left out, never shown as normal.
 */

import { addDays, daysBetween, latest, parts } from "../days.js";
import { dangers } from "./danger.js";
import { groupOf, growth, isOld, notMeasured, series } from "./measured.js";
import { conflicts } from "./rules.js";
import { due, pregnantOn } from "./schedule.js";
import { gestationDays, postpartumDays } from "./states.js";

/**
 * The summary of a record on `today`. The context is the record in its JSON form and what its reader knows of it: `unverified` lists
 * the [person, contact] of parts that are not verified; without such a list it is all or none of them, by the verdict.
 */
export function handover({ record, verdict = null, issuer = null, unverified = null }, today, tables) {
  const believed = verdict === null || verdict === "verified";
  const doubted = unverified && new Set(unverified.map(String));
  const isVerified = (person, contact) => (contact === null || !doubted ? believed : !doubted.has(`${person},${contact}`));
  const context = { issuer, isVerified };
  const people = record.people.map((person, index) => new Person(person, index, context, today, tables));
  const last = latest([].concat(...people.map(({ contacts }) => contacts.map((contact) => contact.date))));
  const every = (name) => [].concat(...people.map((person) => person[name]));
  const running = ({ state }) => (state === "running" ? 0 : 1);
  return {
    today,
    people: people.map(({ role }) => role),
    standing: { verdict, issuer, last_entry: last, last_entry_days: last !== null && last <= today ? daysBetween(last, today) : null },
    danger: every("danger"),
    watch: every("watch"),
    time_critical: every("timeCritical").sort(newestFirst),
    allergies: people.map((person) => person.allergies()),
    who: people.map((person) => person.who()),
    values: every("series"),
    not_measured: every("notMeasured"),
    growth: every("growth"),
    medicines: every("medicines").sort((a, b) => running(a) - running(b) || Math.abs(a.days_left) - Math.abs(b.days_left)),
    questions: [].concat(...people.map((person) => person.questions())),
    vaccines: every("vaccines"),
    due: [].concat(...people.map((person) => person.due())),
    referrals: every("referrals"),
    unknown_codes: every("unknown"),
    more: true,
  };
}

/** The age of a child born on `born`; null before birth. */
export function age(born, today, approximate = false) {
  const count = daysBetween(born, today);
  if (count < 0) return null;
  if (count < 28) return { count, unit: "days", approximate };
  if (count < 13 * 7) return { count: Math.floor(count / 7), unit: "weeks", approximate };
  const [[year, month, day], [thisYear, thisMonth, thisDay]] = [parts(born), parts(today)];
  const months = (thisYear - year) * 12 + thisMonth - month - (thisDay < day ? 1 : 0);
  return months < 60 ? { count: months, unit: "months", approximate } : { count: Math.floor(months / 12), unit: "years", approximate };
}

/** The lines of one person, gathered in one walk over the contacts. */
class Person {
  constructor(person, index, context, today, tables) {
    Object.assign(this, { person, index, context, today, tables, known: tables.known });
    this.role = person.role;
    this.contacts = person.contacts;
    this.elapsed = (day) => Math.max(daysBetween(day, today), 0);
    this.profile = this.origin({}, null);
    this.history = person.history_source ? this.origin({ source: person.history_source }, null) : this.profile;
    this.origins = this.contacts.map((contact, n) => this.origin(contact, n));
    const examined = this.contacts.filter((contact) => contact.observations || contact.findings);
    this.lastDay = latest((examined.length ? examined : this.contacts).map((contact) => contact.date));
    this.pregnant = pregnantOn(person, today, tables);

    this.timeCritical = [];
    this.medicines = [];
    this.vaccines = [];
    this.referrals = [];
    this.unknown = [];
    this.points = Object.fromEntries(Object.keys(tables.parts).map((key) => [key, []]));
    this.conditions = new Map();
    this.feeding = null;

    this.addHistory();
    this.contacts.forEach((contact, n) => this.addContact(contact, this.origins[n]));
    this.referrals = this.referrals.filter((line, n) => line.state === "to_do" || n === this.referrals.length - 1);
    const every = this.contacts.map((contact, n) => ({ contact, origin: this.origins[n] }));
    const last = every.filter(({ contact }) => contact.date === this.lastDay);
    const { red, amber } = dangers(person, last, this.lastDay ? this.elapsed(this.lastDay) : 0, tables);
    this.danger = red;
    this.watch = amber;
    this.series = series(this.points, index, this.role, tables);
    this.growth = growth(person, this.origins, this.elapsed, tables);
    this.notMeasured = notMeasured(person, last, this.profile, this.pregnant === true, today, tables);
  }

  /** Where a line comes from: a contact by its number, or the profile (null). */
  origin({ date = null, time = null, source = null }, contact) {
    const verified = this.context.isVerified(this.index, contact);
    return { person: this.index, role: this.role, contact, date, time, source, told_by_holder: source === "holder", verified };
  }

  /** Whether `word` is a number without a word; it then gets a line of its own. */
  code(table, word, origin) {
    if (word[0] !== "#") return false;
    this.unknown.push({ origin, sensitivity: 1, table, code: word });
    return true;
  }

  sensitivity(table, word) {
    const entry = this.known[table].byKey.get(word);
    return entry ? entry.sensitivity : 1;
  }

  addHistory() {
    const person = this.person;
    for (const word of person.conditions || []) {
      if (!this.code("finding", word, this.history)) this.addCondition(word, this.history, this.sensitivity("findings", word));
    }
    for (const dose of person.vaccines_before || []) this.addDose(dose, this.history);
    for (const word of person.allergies || []) this.code("allergy", word, this.profile);
    for (const key of Object.keys(person.unknown || {})) this.code("profile", key, this.profile);
    const pregnancy = person.pregnancy || {};
    const coded =
      this.role === "infant"
        ? { sex: person.sex, born_precision: person.born_precision }
        : { dating: pregnancy.dating, outcome: pregnancy.outcome };
    for (const [name, word] of Object.entries({ blood_group: person.blood_group, ...coded })) {
      if (word) this.code(name, word, this.profile);
    }
  }

  addContact(contact, origin) {
    this.addObservations(contact, origin);
    this.addFindings(contact, origin);
    for (const given of contact.medicines || []) this.addMedicine(given, contact, origin);
    for (const dose of contact.vaccines || []) this.addDose(dose, origin);
    if (contact.referral) this.addReferral(contact, origin);
    for (const service of contact.services || []) this.code("service", service, origin);
    for (const code of contact.unknown || []) this.unknown.push({ origin, sensitivity: 1, table: "entry", code });
  }

  addObservations(contact, origin) {
    const readings = new Map();
    for (const [key, value] of Object.entries(contact.observations || {})) {
      const group = groupOf(key, this.tables);
      if (key[0] === "#") this.code("observation", key, origin);
      else if (typeof value === "string" && this.code(key, value, origin)) continue;
      else if (group) readings.set(group, [...(readings.get(group) || []), [key, value]]);
      else if (key === "feeding") this.feeding = { origin, sensitivity: 0, word: value };
    }
    for (const [group, values] of readings) {
      this.points[group].push({ origin, values, old: isOld(group, this.elapsed(contact.date), this.tables) });
    }
  }

  addFindings(contact, origin) {
    for (const word of contact.findings || []) {
      const entry = this.known.findings.byKey.get(word);
      if (!entry) this.code("finding", word, origin);
      else if (entry.kind === "condition" || (entry.kind === "status" && contact.date === this.lastDay)) {
        this.addCondition(word, origin, entry.sensitivity);
      }
    }
  }

  addCondition(finding, origin, sensitivity) {
    this.conditions.set(finding, { origin, sensitivity, finding });
  }

  addMedicine({ medicine, amount, timing = null, days = null }, contact, origin) {
    const entry = this.known.medicines.byKey.get(medicine);
    if (!entry) {
      this.code("medicine", medicine, origin); // its amount is in steps that nobody here knows
      return;
    }
    if (timing) this.code("timing", timing, origin);
    const { limits } = this.tables;
    const { unit, sensitivity, groups = [] } = entry;
    const elapsed = this.elapsed(contact.date);
    if (groups.includes("time_critical")) {
      this.timeCritical.push({ origin, sensitivity, medicine, amount, unit, timing, days, old: elapsed > limits.treatment_old_after });
    }
    if (timing && days && days - elapsed >= -limits.finished_shown) {
      const left = days - elapsed;
      const state = left > 0 ? "running" : "finished";
      this.medicines.push({ origin, sensitivity, medicine, amount, unit, timing, days, days_left: left, state });
    }
  }

  addDose({ vaccine, dose = null }, origin) {
    if (!this.code("vaccine", vaccine, origin)) {
      this.vaccines.push({ origin, sensitivity: this.sensitivity("vaccines", vaccine), vaccine, dose });
    }
  }

  addReferral(contact, origin) {
    const { service, urgency, reason = null, to = null } = contact.referral;
    for (const [table, word] of Object.entries({ service, urgency, finding: reason })) if (word) this.code(table, word, origin);
    const { issuer } = this.context;
    const when = ({ date, time = "" }) => `${date} ${time}`;
    const from = (one) => one.source || issuer;
    // Only a named organisation, another than the one that referred, is known to have seen her after it.
    const nobody = [from(contact), "holder", "withheld"];
    const seen = this.contacts.some((other) => when(other) > when(contact) && !nobody.includes(from(other)));
    const sensitivity = Math.max(this.sensitivity("services", service), reason ? this.sensitivity("findings", reason) : 0);
    this.referrals.push({ origin, sensitivity, service, urgency, reason, to, state: seen ? "sent" : "to_do" });
  }

  allergies() {
    const words = this.person.allergies;
    const state = !words ? "not_asked" : words.length ? "listed" : "none_asked";
    return { origin: this.profile, sensitivity: 0, state, words: words || [] };
  }

  who() {
    const { person, today } = this;
    const { pregnancy = {}, birth = {} } = person;
    const mother = this.role === "mother";
    const group = known(person.blood_group);
    const days = gestationDays(person, today, this.tables);
    const exact = !person.born_precision || person.born_precision === "day";
    return {
      origin: this.profile,
      sensitivity: mother ? 1 : 0,
      conditions: [...this.conditions.values()],
      blood_group: group,
      rhesus: group && (group.endsWith("-") ? "negative" : "positive"),
      age_years: orNull(person.age_years),
      pregnant: this.pregnant,
      gestation: days === null ? null : [Math.floor(days / 7), days % 7],
      dating: known(pregnancy.dating),
      expected: days === null ? null : addDays(pregnancy.lmp, this.tables.limits.pregnancy),
      postpartum_days: postpartumDays(person, today),
      gravida: orNull(pregnancy.gravida),
      parity: orNull(pregnancy.parity),
      caesareans: orNull(pregnancy.caesareans),
      fetuses: orNull(pregnancy.fetuses),
      age: person.born ? age(person.born, today, !exact) : null,
      sex: known(person.sex),
      birth_weight_g: orNull(birth.weight_g),
      gestation_at_birth: orNull(birth.gestation_weeks),
      feeding: mother ? null : this.feeding,
    };
  }

  questions() {
    const { medicines, findings } = this.known;
    const newest = new Map();
    for (const { row, contact, entry } of conflicts(this.person, this.tables)) {
      const because = row.with_key;
      const ofEntry = this.sensitivity(medicines.byKey.has(entry) ? "medicines" : "vaccines", entry);
      const ofReason = findings.byKey.has(because) ? this.sensitivity("findings", because) : Number(because.includes("pregnant"));
      newest.set(`${row.number} ${entry}`, {
        origin: contact === null ? this.history : this.origins[contact],
        sensitivity: Math.max(ofEntry, ofReason),
        number: row.number,
        question: row.question,
        source: row.source,
        confirmed: row.confirmed,
        entry,
        because,
      });
    }
    return [...newest.values()];
  }

  due() {
    const found = due(this.person, this.index, this.today, this.tables);
    const until = addDays(this.today, this.tables.limits.upcoming_shown);
    const soon = found.filter((line) => line.state !== "upcoming" || line.due <= until);
    return soon.length ? soon : found.slice(0, 1);
  }
}

/** A coded value, unless this vocabulary has no word for it. */
function known(word) {
  return !word || word.startsWith("#") ? null : word;
}

function orNull(value) {
  return value === undefined ? null : value;
}

function newestFirst(a, b) {
  const key = ({ origin }) => `${origin.date} ${origin.time || ""}`;
  return key(a) === key(b) ? a.origin.person - b.origin.person : key(a) < key(b) ? 1 : -1;
}
