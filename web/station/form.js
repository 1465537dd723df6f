/**
 * What stands in the form, as it was typed, and the record or the change that it says. No page, no network: data in, data out.
 *
 * A place in the form is "people[1].now.observations.weight"; `now` is the contact that is entered, of today unless it has a `date`. In a
 * record and in a change it is the only one, and a change leaves out people of whom nothing is new: `sentPlace` and `formPlace` translate.
 */

import { addDays } from "../days.js";

const A_DAY = /^\d{4}-\d\d-\d\d$/;
const LISTS = ["findings", "medicines", "vaccines", "services"];

/** `day` is the one on which the form was begun. */
export function emptyForm(language, day) {
  return {
    day, language, choices: { import: null, count: null }, told: false, people: [newPerson("mother")], typedAgain: {},
    face: { template: "", language: "", text_light: false }, held: null, made: null,
  };
}

/** `number` is that of a person on the card that is continued; null for one who is new. */
export function newPerson(role, number = null) {
  const now = { date: "", told: false, time: "", observations: {}, findings: [], medicines: [], vaccines: [], services: [], referral: null };
  return { role, number, profile: {}, weeks: "", allergies: { state: "not_asked", words: [] }, now };
}

/** The form that continues a card: the same people, nothing new of them yet. `verified` choices stand, others are asked again. */
export function continuedForm(reading, texts, day) {
  const verified = reading.parts.some(({ verdict }) => verdict === "verified");
  const { language, choices, people } = reading.record;
  return {
    ...emptyForm(language, day), choices: verified ? { import: false, count: false, ...choices } : { import: null, count: null },
    people: people.map(({ role }, n) => newPerson(role, n)),
    held: { reading, texts, sticker: false, leaveOut: [], whose: {}, withholdSources: false, loseSealed: false },
  };
}

/** A form that was begun on another day, as it is today: what was entered then stays of then. */
export function onDay(form, today) {
  if (form.day === today) return form;
  const people = form.people.map((person) => ({ ...person, now: { ...person.now, date: person.now.date || (entered(person) ? form.day : "") } }));
  return { ...form, day: today, people };
}

/** The day of the contact that is entered: today, unless another was given. */
function dayOfContact({ now }, today) {
  return now.date || today;
}

/** The number that was typed, with comma or point; what is no number stays as it is, for the station to refuse at its place. */
export function numberOf(text) {
  const number = Number(text.trim().replace(",", "."));
  return text.trim() === "" || !Number.isFinite(number) ? text.trim() : number;
}

/** What the station is asked to look at and at last to sign: the record of a new card, or how one is continued. */
export function askedOf(form, today) {
  if (!form.held) return { record: recordOf(form, today) };
  const { texts, sticker, leaveOut, whose, withholdSources } = form.held;
  const change = sticker && !saysSomething(form) ? null : changeOf(form, today);
  return { texts, change, sticker, ...(sticker ? {} : { leave_out: leaveOut, whose, withhold_sources: withholdSources }) };
}

function recordOf(form, today) {
  const people = form.people.map((person) => {
    const day = dayOfContact(person, today);
    const contact = contactOf(person.now, day);
    return { role: person.role, ...profileOf(person, day), contacts: contact ? [contact] : [] };
  });
  return { language: form.language, choices: choicesOf(form), people };
}

/** Her answers; a question that is not yet answered is not yet a yes. */
function choicesOf({ choices }) {
  return { import: choices.import === true, count: choices.count === true };
}

/**
 * The form without medicines and referrals that are not yet finished, so that all the rest can be checked meanwhile: `form`, what they
 * lack as `problems`, and `place`, which gives a place of the whole form for one of this.
 */
export function checkable(form) {
  const problems = [];
  const kept = form.people.map(({ now }, n) => [...now.medicines.keys()].filter((at) => {
    const { amount, timing, days } = now.medicines[at];
    const [lacking] = [[amount, "amount", "not an amount"], [timing === "" || days, "days", "timing and days go together"]].filter(([given]) => given === "");
    if (lacking) problems.push({ place: `people[${n}].now.medicines[${at}].${lacking[1]}`, message: lacking[2], hint: "" });
    return !lacking;
  }));
  const people = form.people.map((person, n) => {
    const { now } = person;
    const referred = now.referral && now.referral.urgency === "" ? null : now.referral;
    if (referred !== now.referral) problems.push({ place: `people[${n}].now.referral.urgency`, message: "missing", hint: "" });
    return { ...person, now: { ...now, medicines: kept[n].map((at) => now.medicines[at]), referral: referred } };
  });
  const place = (text) => text.replace(/^people\[(\d+)\]\.now\.medicines\[(\d+)\]/, (_, n, at) => `people[${n}].now.medicines[${kept[n][at]}]`);
  return { form: { ...form, people }, problems, place };
}

/** What is new of a continued card: the people of whom something is said, each with the number on the card. */
function changeOf(form, today) {
  return { language: form.language, choices: choicesOf(form), people: changedPeople(form).map((n) => {
    const person = form.people[n];
    const day = dayOfContact(person, today);
    const contact = contactOf(person.now, day);
    const who = person.number === null ? { role: person.role } : { person: person.number };
    return { ...who, ...profileOf(person, day), ...(contact ? { contacts: [contact] } : {}) };
  }) };
}

/** Numbers in the form of the people that a change names: on a sticker those of whom something is new, on a new card all that stay. */
function changedPeople(form) {
  const gone = new Set([...form.held.leaveOut, ...Object.keys(form.held.whose).map((number) => `people[${number}]`)]);
  return [...form.people.keys()].filter((n) => {
    const person = form.people[n];
    if (gone.has(`people[${person.number}]`)) return false;
    return !form.held.sticker || person.number === null || entered(person);
  });
}

/** Whether anything at all was entered of anybody, for a sticker: a new person too. */
function saysSomething(form) {
  return form.people.some((person) => person.number === null || entered(person));
}

function entered(person) {
  return contactOf(person.now, "") !== null || Object.keys(profileOf(person, "")).length > 0;
}

/** Whether somebody would lose her form, or a card that she did not get yet, if another was begun. */
export function begun(form) {
  return form.made !== null || form.held !== null || form.people.length > 1 || form.people.some(entered);
}

/** A place of what was sent, as it stands in the form. */
export function formPlace(place, form) {
  const found = /^people\[(\d+)\](.*)$/.exec(place);
  if (!found) return place;
  const n = form.held ? changedPeople(form)[Number(found[1])] : Number(found[1]);
  if (found[2] === ".pregnancy.lmp" && form.people[n] && byWeeks(form.people[n])) return `people[${n}].weeks`;
  return `people[${n}]${found[2].replace(/^\.contacts\[0\]/, ".now")}`;
}

/** A place of the form, as it stands in what is sent. */
export function sentPlace(place, form) {
  const found = /^people\[(\d+)\](.*)$/.exec(place);
  if (!found) return place;
  const n = Number(found[1]);
  return `people[${form.held ? changedPeople(form).indexOf(n) : n}]${found[2].replace(/^\.now/, ".contacts[0]")}`;
}

/** The person on the card that is continued, with the contacts that were said to be this one's; null for one who is new. */
export function heldPerson(form, { number }) {
  if (!form.held || number === null) return null;
  const { reading: { record: { people } }, whose } = form.held;
  const said = Object.keys(whose).filter((other) => whose[other] === number);
  if (number in whose || said.length === 0) return number in whose ? { ...people[number], contacts: [] } : people[number];
  const contacts = [number, ...said].flatMap((one) => people[one].contacts);
  const once = new Map(contacts.map((contact) => [JSON.stringify(contact), contact]));
  return { ...people[number], contacts: Array.from(once.values()).sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0)) };
}

/** Numbers on the card of those whose contacts may be any of several children's, "which child?": nothing new is entered of them. */
export function unclear({ held }) {
  return (held && held.reading.which_child) || [];
}

/** Of those the ones who have to be told apart before a new card is made, and are not yet. */
export function undecided(form) {
  if (form.held && form.held.sticker) return [];
  return unclear(form).filter((number) => !(number in form.held.whose) && !form.held.leaveOut.includes(`people[${number}]`));
}

/** The latest contact of a person with a value of this observation, as `{ value, date }`; null where there is none. */
export function lastValue(before, key) {
  const contacts = before ? before.contacts.filter(({ observations }) => observations && key in observations) : [];
  const last = contacts[contacts.length - 1];
  return last ? { value: last.observations[key], date: last.date } : null;
}

/** What was entered of her beside the contact; weeks of pregnancy are those of the contact's `day`. */
function profileOf(person, day) {
  const said = {};
  for (const [path, text] of Object.entries(person.profile)) {
    if (text === "") continue;
    const [group, name] = path.includes(".") ? path.split(".") : [null, path];
    const owner = group ? (said[group] = said[group] || {}) : said;
    owner[name] = A_DAY.test(text) ? text : numberOf(text);
  }
  if (byWeeks(person)) {
    const days = pregnancyDays(person.weeks);
    said.pregnancy = { ...said.pregnancy, lmp: days !== null && A_DAY.test(day) ? addDays(day, -days) : person.weeks };
  }
  if (said.born && said.born_precision === "month") said.born = `${said.born.slice(0, 8)}15`;
  if (person.allergies.state === "none") said.allergies = [];
  if (person.allergies.state === "listed" && person.allergies.words.length > 0) said.allergies = person.allergies.words;
  return said;
}

/** Whether the last menstrual period is told by the weeks since. */
function byWeeks({ weeks, profile }) {
  return weeks.trim() !== "" && !profile["pregnancy.lmp"];
}

/** Days of "31", "31,5" or "31+3" weeks; null where it is none of these or no pregnancy. */
function pregnancyDays(text) {
  const [, weeks, days] = /^([\d.,]+)(?:\s*\+\s*([0-6]))?$/.exec(text.trim()) || [];
  const all = weeks === undefined ? NaN : Math.round(numberOf(weeks) * 7) + Number(days || 0);
  return all > 0 && all < 45 * 7 ? all : null;
}

/** The contact that is entered; null where nothing was. */
function contactOf(now, date) {
  const contact = { date };
  const observations = Object.entries(now.observations).filter(([, text]) => text.trim() !== "");
  if (observations.length > 0) contact.observations = Object.fromEntries(observations.map(([key, text]) => [key, numberOf(text)]));
  for (const list of LISTS) if (now[list].length > 0) contact[list] = now[list].map(entryOf);
  if (now.referral && now.referral.service) contact.referral = filled(now.referral);
  if (Object.keys(contact).length === 1) return null;
  if (now.told) contact.source = "holder";
  return now.time ? { ...contact, time: now.time } : contact;
}

function entryOf(entry) {
  if (typeof entry === "string") return entry;
  const out = filled(entry);
  for (const name of ["amount", "days", "dose"]) if (name in out) out[name] = numberOf(out[name]);
  return "medicine" in entry ? { amount: "", ...out } : out;
}

function filled(entry) {
  return Object.fromEntries(Object.entries(entry).filter(([, text]) => text !== ""));
}
