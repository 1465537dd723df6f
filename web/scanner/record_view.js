/** Every open field of a record in words (DP-19: whoever looks over her shoulder sees what the card says, and so does she). */

import { h, isolated } from "./dom.js";
import { Words } from "../words/wording.js";

const PLACES = ["pregnancy", "birth"];
const NOT_FIELDS = ["role", "contacts", "allergies", "conditions", "vaccines_before", "history_source", "unknown", ...PLACES];

/** A section for each person: what holds for her, then her contacts, the latest first. */
export function record({ reading, language, tables, personName }) {
  return reading.record.people.map((person, n) =>
    h("section", { className: "record" }, h("h2", {}, personName(n)), h("dl", {}, profile(person, language, tables)), contacts(person, language, tables)),
  );
}

function profile(person, language, tables) {
  const fields = Object.entries(person).filter(([key]) => !NOT_FIELDS.includes(key));
  for (const place of PLACES) fields.push(...Object.entries(person[place] || {}).map(([key, value]) => [`${place}.${key}`, value]));
  const keys = new Map(Array.from(tables.known.profile[person.role].byKey.values(), ({ key, path }) => [path, key]));
  const lists = [["allergies", "allergy"], ["conditions", "finding"]].filter(([key]) => person[key] && person[key].length > 0);
  return [
    fields.map(([path, value]) => {
      const key = keys.get(path) || path;
      return pair(language.label("observation", key, person.role).text, valueText(key, value, person.role, language, tables));
    }),
    lists.map(([key, kind]) => pair(language.has("observation", key) ? language.label("observation", key).text : language.label("section", "who").text, person[key].map((word) => language.label(kind, word).text).join(", "))),
    person.vaccines_before && pair(language.label("section", "vaccines").text, person.vaccines_before.map((dose) => vaccine(dose, language)).join(", ")),
  ];
}

function contacts(person, language, tables) {
  return [...person.contacts].reverse().map((contact) => {
    const { role } = person;
    const observations = Object.entries(contact.observations || {}).map(([key, value]) => [language.label("observation", key, role).text, valueText(key, value, role, language, tables)]);
    const words = [
      ...(contact.findings || []).map((word) => language.label("finding", word).text),
      ...(contact.medicines || []).map((given) => medicine(given, language, tables)),
      ...(contact.vaccines || []).map((dose) => vaccine(dose, language)),
      ...(contact.services || []).map((word) => language.label("service", word).text),
      ...(contact.referral ? [referral(contact.referral, language)] : []),
    ];
    const when = [language.day(contact.date), contact.time, contact.source && language.organisation(contact.source).text].filter(Boolean).join(" · ");
    return [h("h3", {}, isolated(when)), h("dl", {}, observations.map(([name, value]) => pair(name, value))), h("ul", {}, words.map((word) => h("li", {}, isolated(word))))];
  });
}

function pair(name, value) {
  return [h("dt", {}, name), h("dd", {}, isolated(value))];
}

function valueText(key, value, role, language, tables) {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value)) return language.day(value);
  if (typeof value === "string") return language.has("enumeration", `${key}.${value}`) ? language.label("enumeration", `${key}.${value}`).text : language.value(key, value).text;
  const quantity = [tables.known.observations[role], tables.known.profile[role]].map(({ byKey }) => byKey.get(key)).find(Boolean);
  const unit = quantity && quantity.unit && language.has("unit", quantity.unit) ? ` ${language.label("unit", quantity.unit).text}` : "";
  return language.number(value) + unit;
}

function medicine({ medicine: word, amount, timing, days }, language, { known }) {
  const entry = known.medicines.byKey.get(word);
  const dose = entry ? language.amount(amount, entry.unit).text : String(amount);
  const taken = timing ? language.counted("to_take", days, "days", { amount: dose, timing: language.label("timing", timing).text }).text : dose;
  return `${new Words(null, language, known).medicine(word).text}: ${taken}`;
}

function vaccine({ vaccine: word, dose }, language) {
  return language.label("vaccine", word).text + (dose === undefined ? "" : ` ${dose}`);
}

function referral({ service, urgency, reason, to }, language) {
  const said = [language.label("service", service), language.enumeration("urgency", urgency), reason && language.label("finding", reason), to && language.organisation(to)];
  return said.filter(Boolean).map(({ text }) => text).join(", ");
}
