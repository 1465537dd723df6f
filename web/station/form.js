/**
 * What stands in the form, as it was typed, and the record or the change that it says. No page, no network: data in, data out.
 *
 * A place in the form is "people[1].now.observations.weight"; `now` is the contact that is entered, of today unless it has a `date`. In a
 * record it stands among those of the card by its day, in a change it is the only one, and a change leaves out people of whom nothing is
 * new: `recordPlace` and `formPlace` translate.
 */

import { addDays } from "../days.js";

const A_DAY = /^\d{4}-\d\d-\d\d$/;
const LISTS = ["findings", "medicines", "vaccines", "services"];

export function emptyForm(language) {
  return {
    language, choices: { import: null, count: null }, told: false, people: [newPerson("mother")], typedAgain: {},
    face: { template: "", language: "", text_light: false }, held: null, made: null,
  };
}

/** `number` is that of a person on the card that is continued; null for one who is new. */
export function newPerson(role, number = null) {
  const now = { date: "", told: false, time: "", observations: {}, findings: [], medicines: [], vaccines: [], services: [], referral: null };
  return { role, number, profile: {}, weeks: "", allergies: { state: "not_asked", words: [] }, now };
}

/** The form that continues a card: the same people, nothing new of them yet. `verified` choices stand, others are asked again. */
export function continuedForm(reading, texts) {
  const verified = reading.parts.some(({ verdict }) => verdict === "verified");
  const { language, choices, people } = reading.record;
  return {
    ...emptyForm(language), choices: verified ? { import: false, count: false, ...choices } : { import: null, count: null },
    people: people.map(({ role }, n) => newPerson(role, n)),
    held: { reading, texts, sticker: false, leaveOut: [], whose: {}, withholdSources: false, loseSealed: false },
  };
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

/** The record as it would be on a new card: what a continued card holds of other days stands before and after the contact entered now. */
export function recordOf(form, { today, issuer }) {
  const people = form.people.map((person) => {
    const day = dayOfContact(person, today);
    const said = { role: person.role, ...profileOf(person, day) };
    const contact = contactOf(person.now, day);
    const before = heldPerson(form, person);
    const contacts = before ? before.contacts.map((held) => sourced(held, form.held.reading.issuer, issuer)) : [];
    const [earlier, later] = [contacts.filter(({ date }) => date < day), contacts.filter(({ date }) => date > day)];
    return { ...without(before, "contacts"), ...merged(before, said), contacts: [...earlier, ...(contact ? [contact] : []), ...later] };
  });
  return { language: form.language, choices: { import: form.choices.import === true, count: form.choices.count === true }, people };
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
export function changeOf(form, today) {
  return { language: form.language, choices: form.choices, people: changedPeople(form).map((n) => {
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
    return !form.held.sticker || contactOf(person.now, "") || Object.keys(profileOf(person, "")).length > 0;
  });
}

/** Whether anything at all was entered of anybody. */
export function saysSomething(form) {
  return form.people.some((person) => person.number === null || contactOf(person.now, "") || Object.keys(profileOf(person, "")).length > 0);
}

/** A place of the record or change, as it stands in the form. */
export function formPlace(place, form, today, ofChange = false) {
  const found = /^people\[(\d+)\](.*)$/.exec(place);
  if (!found) return place;
  const n = ofChange ? changedPeople(form)[Number(found[1])] : Number(found[1]);
  const contact = `.contacts[${ofChange ? 0 : contactsBefore(form, n, today)}]`;
  const rest = found[2].startsWith(contact) ? `.now${found[2].slice(contact.length)}` : found[2];
  return `people[${n}]${rest}`;
}

/** A place of the form, as it stands in the record or, with `ofChange`, in the change. */
export function recordPlace(place, form, today, ofChange = false) {
  const found = /^people\[(\d+)\](.*)$/.exec(place);
  if (!found) return place;
  const n = Number(found[1]);
  const contact = `.contacts[${ofChange ? 0 : contactsBefore(form, n, today)}]`;
  return `people[${ofChange ? changedPeople(form).indexOf(n) : n}]${found[2].replace(/^\.now/, contact)}`;
}

function contactsBefore(form, n, today) {
  const before = heldPerson(form, form.people[n]);
  return before ? before.contacts.filter(({ date }) => date < dayOfContact(form.people[n], today)).length : 0;
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
  const weeks = numberOf(person.weeks);
  if (person.weeks.trim() !== "" && !(said.pregnancy && said.pregnancy.lmp)) {
    const lmp = typeof weeks === "number" && weeks > 0 && weeks < 45 && A_DAY.test(day) ? addDays(day, -Math.round(weeks * 7)) : person.weeks;
    said.pregnancy = { ...said.pregnancy, lmp };
  }
  if (said.born && said.born_precision === "month") said.born = `${said.born.slice(0, 8)}15`;
  if (person.allergies.state === "none") said.allergies = [];
  if (person.allergies.state === "listed" && person.allergies.words.length > 0) said.allergies = person.allergies.words;
  return said;
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

/** What the card holds of a person and what is new of her, where both name a group such as the pregnancy. */
function merged(before, said) {
  const groups = before ? ["pregnancy", "birth"].filter((group) => before[group] && said[group]) : [];
  return { ...said, ...Object.fromEntries(groups.map((group) => [group, { ...before[group], ...said[group] }])) };
}

/** A contact with the organisation that it is of, where that is not this one. */
function sourced(contact, issuer, own) {
  const source = contact.source || issuer || "holder";
  return source === own ? without(contact, "source") : { ...contact, source };
}

function without(object, key) {
  return Object.fromEntries(Object.entries(object || {}).filter(([name]) => name !== key));
}
