/**
 * What is due next for one person: the items of the schedule against a record, on a day.
 *
 * Late starts. A missed dose is due now, and the next one no sooner after it than the schedule's own interval. Of numbered items only
 * the first one missing is listed; of visits only the one whose time it is, because a visit missed can't be made up. What is not on
 * the card was not given, as far as anyone knows: "overdue" asks, it does not accuse.
 */

import { addDays, daysBetween, latest } from "../days.js";
import { ageDays, gestationDays, postpartumDays } from "./states.js";

const STATES = ["overdue", "due", "upcoming"];

/** What `person`, the one of that `index`, needs on `today` and next, the overdue first; nothing for a child who died. */
export function due(person, index, today, tables) {
  const facts = new Facts(person, today, tables);
  if (facts.died) return [];
  const found = [];
  for (const item of tables.schedule) {
    if (!item.roles.includes(person.role) || (item.pregnant && !facts.pregnant)) continue;
    const start = facts.anchor(item);
    const days = start !== null && start <= today ? daysOf(item, start, facts) : null;
    if (days === null) continue;
    const { on, late } = days;
    found.push({
      key: item.key,
      schedule: item.schedule,
      person: index,
      due: on,
      overdue: late,
      state: late !== null && today > late ? "overdue" : today >= on ? "due" : "upcoming",
      source: item.source,
      confidence: item.confidence,
      label_en: item.label_en,
      anchor: item.anchor,
      start,
      approximate: facts.approximate && item.anchor === "birth",
      sensitivity: item.pregnant || item.anchor === "gestation" ? 1 : 0,
      confirmed: item.confidence.startsWith("read"),
    });
  }
  const order = (line) => [STATES.indexOf(line.state), line.due, line.schedule, line.key];
  return found.sort((a, b) => compare(order(a), order(b)));
}

/** Whether she is pregnant today, by her dates or by a finding `pregnant` not longer ago than a pregnancy; null where not known. */
export function pregnantOn(person, today, tables) {
  if (person.role !== "mother") return null;
  if (gestationDays(person, today, tables) !== null) return true;
  if (person.pregnancy && (person.pregnancy.outcome || postpartumDays(person, today) !== null)) return false;
  const told = latest(person.contacts.filter((contact) => (contact.findings || []).includes("pregnant")).map((contact) => contact.date));
  const ago = told === null ? -1 : daysBetween(told, today);
  return ago >= 0 && ago <= tables.limits.longest_pregnancy ? true : null;
}

/** What the items ask about one person, gathered in one walk over the contacts. */
class Facts {
  constructor(person, today, tables) {
    this.today = today;
    this.early = tables.limits.early;
    this.contacts = person.contacts;
    this.doses = new Map(); // by vaccine: [number or undefined, day or null]
    this.medicines = new Map(); // by medicine: days
    this.observations = new Map();
    this.died = false;
    for (const dose of person.vaccines_before || []) add(this.doses, dose.vaccine, [dose.dose, null]);
    for (const contact of person.contacts) {
      const day = contact.date;
      for (const dose of contact.vaccines || []) add(this.doses, dose.vaccine, [dose.dose, day]);
      for (const given of contact.medicines || []) add(this.medicines, given.medicine, day);
      for (const key of Object.keys(contact.observations || {})) add(this.observations, key, day);
      this.died = this.died || (contact.findings || []).includes("infant_died");
    }
    const mother = person.role === "mother";
    const pregnancy = (mother && person.pregnancy) || {};
    this.pregnant = mother && pregnantOn(person, today, tables) === true;
    this.birth = (mother ? pregnancy.delivered : person.born) || null;
    this.approximate = !mother && Boolean(person.born_precision) && person.born_precision !== "day";
    this.weighedAtBirth = !mother && Boolean(person.birth) && person.birth.weight_g !== undefined;
    this.age = ageDays(person, today);
    this.rhNegative = (person.blood_group || "").endsWith("-");
    const first = person.contacts.length ? person.contacts[0].date : null;
    this.anchors = { gestation: (this.pregnant && pregnancy.lmp) || null, birth: this.birth, first_contact: first };
  }

  anchor(item) {
    if (item.anchor in this.anchors) return this.anchors[item.anchor];
    const [kind, rest] = item.anchor.split(":");
    if (kind === "last") return latest(this.medicines.get(rest) || []);
    if (kind === "last_weight") {
      const weighed = latest(this.observations.get("weight") || []);
      // Never weighed: that is due today.
      return weighed || (this.weighedAtBirth ? this.birth : addDays(this.today, -item.due_days));
    }
    return this.lastDose(item.vaccines) || this.anchors.first_contact;
  }

  /** The days of doses of these interchangeable vaccines; a zero dose does not count. */
  dated(vaccines) {
    const doses = this.dosesOf(vaccines).filter(([number, day]) => day !== null && number !== 0);
    return new Set(doses.map(([, day]) => day));
  }

  lastDose(vaccines) {
    return latest([...this.dated(vaccines)]);
  }

  /** How many doses of these interchangeable vaccines she or he surely had. */
  count(vaccines) {
    const numbers = this.dosesOf(vaccines).map(([number]) => (number === undefined ? 1 : number));
    return Math.max(this.dated(vaccines).size, ...numbers);
  }

  dosesOf(vaccines) {
    return [].concat(...vaccines.map((vaccine) => this.doses.get(vaccine) || []));
  }
}

/** When an item is due and from when on overdue, `{ on, late }`; null where it does not apply or is done. */
function daysOf(item, start, facts) {
  if (item.rh_negative && !facts.rhNegative) return null;
  if ("youngest" in item && (facts.age === null || facts.age < item.youngest)) return null;
  if ("oldest" in item && (facts.age === null || facts.age >= item.oldest)) return null;
  let on = addDays(start, item.due_days);

  if ("dose" in item) {
    if (facts.count(item.vaccines) !== item.dose - 1) return null; // given, or the dose before it comes first
    const last = facts.lastDose(item.vaccines);
    if (last !== null && item.dose > 1) on = latest([on, addDays(last, item.interval)]);
  } else if ("vaccines" in item) {
    if (item.vaccines.some((vaccine) => facts.doses.has(vaccine))) return null;
  } else if (item.contact) {
    if (!isTheNextVisit(item, start, facts)) return null;
  } else {
    const done = [].concat(
      ...(item.medicines || []).map((key) => facts.medicines.get(key) || []),
      ...(item.observations || []).map((key) => facts.observations.get(key) || []),
    );
    if ("every" in item) on = latest([on, ...done.filter((day) => day >= start).map((day) => addDays(day, item.every))]);
    else if (done.some((day) => day > start && day >= addDays(on, -facts.early))) return null;
  }
  if ("until" in item && latest([on, facts.today]) > addDays(start, item.until)) return null;
  return { on, late: "overdue_days" in item ? addDays(on, item.overdue_days - item.due_days) : null };
}

function isTheNextVisit(item, start, facts) {
  const now = daysBetween(start, facts.today);
  if (now >= item.closes) return false;
  const days = facts.contacts.map((contact) => daysBetween(start, contact.date));
  if (now >= item.opens) return !days.some((day) => day >= item.opens && day < item.closes);
  return "before" in item && now >= item.before && days.some((day) => day >= item.before && day < item.opens);
}

function add(lists, key, entry) {
  lists.set(key, [...(lists.get(key) || []), entry]);
}

function compare(a, b) {
  const n = a.findIndex((part, i) => part !== b[i]);
  return n < 0 ? 0 : a[n] < b[n] ? -1 : 1;
}
