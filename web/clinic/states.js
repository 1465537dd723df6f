/** What a person is on a day: how old, how far pregnant, how long after birth, how grown; null wherever it is not known. */

import { daysBetween, lastOfMonth } from "../days.js";

/** Age by the day of birth as written (day 15 stands for a month); null before birth, for a mother, or where not known. */
export function ageDays(person, day) {
  const ages = possibleAges(person, day);
  return ages.length ? ages[1] : null;
}

/** Days since the last menstrual period while she is pregnant by it: no birth by that day, no undated outcome. */
export function gestationDays(person, day, { limits }) {
  const pregnancy = pregnancyOf(person);
  if (!pregnancy.lmp || postpartumDays(person, day) !== null) return null;
  if (pregnancy.outcome && !pregnancy.delivered) return null;
  const days = daysBetween(pregnancy.lmp, day);
  return days >= 0 && days <= limits.longest_pregnancy ? days : null;
}

/** Days since she gave birth; null before it, or where no birth is recorded. */
export function postpartumDays(person, day) {
  const { delivered } = pregnancyOf(person);
  return delivered && delivered <= day ? daysBetween(delivered, day) : null;
}

/** True by the finding `pregnant` of this contact or by her dates, false once she gave birth, null where not known. */
export function isPregnant(person, contact, tables) {
  if (person.role !== "mother") return null;
  if ((contact.findings || []).includes("pregnant") || gestationDays(person, contact.date, tables) !== null) return true;
  return postpartumDays(person, contact.date) !== null ? false : null;
}

/** The z-scores of a child at one contact; null without any measurement. Born only to the year, it has none by age. */
export function growth(person, contact, tables) {
  const observations = contact.observations || {};
  if (!tables.measurements.some((key) => key in observations)) return null;
  const length = lengthKey(person, contact, tables);
  return tables.growth.zScores({
    sex: person.sex,
    ageDays: ageForScores(person, contact.date),
    weightKg: observations.weight,
    lengthCm: observations[length],
    position: length === "height" ? "standing" : "lying",
    headCm: observations.head_circumference,
    muacMm: observations.muac,
    oedema: tables.oedema.includes(observations.oedema) || (contact.findings || []).includes("bilateral_oedema"),
  });
}

/** The observation that the scores take for the length: of two, the height from the day on that a child is measured standing. */
export function lengthKey(person, contact, tables) {
  const observations = contact.observations || {};
  if ("length" in observations && "height" in observations) {
    const age = ageForScores(person, contact.date);
    return age !== null && age >= tables.growth.limits.standing_from_day ? "height" : "length";
  }
  return "height" in observations ? "height" : "length";
}

/** The youngest age in days that the precision of the day of birth allows, the age as written, and the oldest; or nothing. */
export function possibleAges(person, day) {
  if (person.role !== "infant" || !person.born) return [];
  const born = person.born;
  let [first, last] = [born, born];
  if (person.born_precision === "month") [first, last] = [`${born.slice(0, 8)}01`, lastOfMonth(born)];
  else if (person.born_precision === "year") [first, last] = [`${born.slice(0, 4)}-01-01`, `${born.slice(0, 4)}-12-31`];
  return first <= day ? [last, born, first].map((other) => Math.max(daysBetween(other, day), 0)) : [];
}

function ageForScores(person, day) {
  return person.born_precision === "year" ? null : ageDays(person, day);
}

function pregnancyOf(person) {
  return (person.role === "mother" && person.pregnancy) || {};
}
