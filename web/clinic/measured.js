/** What was measured: the last values with their trend, a child's z-scores, and what the last contact left out. */

import { ageDays, growth as scoresOf } from "./states.js";

/** The quantity that an observation is a part of: systolic and diastolic are the two of blood pressure. */
export function groupOf(key, { parts }) {
  return Object.keys(parts).find((group) => parts[group].includes(key));
}

/** Whether a value of `elapsed` days ago is greyed. */
export function isOld(key, elapsed, { limits, slow }) {
  return key !== "birth_weight_g" && elapsed > (slow.includes(key) ? limits.weight_old_after : limits.vitals_old_after);
}

/** The last three points of each quantity that has any, newest first. */
export function series(points, person, role, tables) {
  const found = Object.entries(points).filter(([, measured]) => measured.length);
  return found.map(([key, measured]) => {
    const newest = measured.slice(-tables.limits.points_shown).reverse();
    const { sensitivity, unit } = tables.known.observations[role].byKey.get(tables.parts[key][0]);
    return { person, role, sensitivity, key, unit, points: newest, trend: trend(newest) };
  });
}

/** Plain arithmetic on the last two: one word for all parts, null where parts disagree or nobody knows which came first. */
function trend([newer, older]) {
  if (!older) return null;
  const [a, b] = [newer.origin, older.origin];
  if (a.date === b.date && (!a.time || !b.time || a.time === b.time)) return null;
  const before = new Map(older.values);
  const signs = new Set(newer.values.filter(([key]) => before.has(key)).map(([key, value]) => Math.sign(value - before.get(key))));
  if (!signs.size || (signs.has(1) && signs.has(-1))) return null;
  return signs.has(1) ? "rising" : signs.has(-1) ? "falling" : "steady";
}

/** A child's z-scores at the last contact that allowed any; nothing for a mother. */
export function growth(person, origins, elapsed, tables) {
  if (person.role !== "infant") return [];
  for (let n = person.contacts.length - 1; n >= 0; n -= 1) {
    const contact = person.contacts[n];
    const standards = tables.growth;
    const scores = scoresOf(person, contact, tables);
    const days = ageDays(person, contact.date);
    const words = scores ? standards.classify(scores, days) : {};
    const found = standards.indicators
      .filter((indicator) => scores && indicator in scores.z)
      .map((indicator) => {
        const implausible = scores.flags.has(indicator);
        return { indicator, z: scores.z[indicator], word: implausible ? null : words[indicator] || null, implausible };
      });
    if (found.length) {
      const inputs = Object.entries(contact.observations).filter(([key]) => tables.growth_inputs.includes(key));
      const old = isOld("weight", elapsed(contact.date), tables);
      return [{ origin: origins[n], sensitivity: 0, age_days: days, inputs, scores: found, old }];
    }
  }
  return [];
}

/** What the contacts of the last day should have measured: blood pressure in pregnancy, weight and length of a child. */
export function notMeasured(person, last, profile, pregnant, today, tables) {
  const origin = last.length ? last[last.length - 1].origin : profile;
  const seen = new Set([].concat(...last.map(({ contact }) => Object.keys(contact.observations || {}))));
  const missing = [];
  if (pregnant && !(seen.has("systolic") && seen.has("diastolic"))) missing.push({ origin, sensitivity: 1, key: "blood_pressure" });
  const died = person.contacts.some((contact) => (contact.findings || []).includes("infant_died"));
  if (person.role === "infant" && last.length && !died) {
    const days = ageDays(person, today);
    const standing = days !== null && days >= tables.growth.limits.standing_from_day;
    if (!seen.has("weight")) missing.push({ origin, sensitivity: 0, key: "weight" });
    if (!seen.has("length") && !seen.has("height")) missing.push({ origin, sensitivity: 0, key: standing ? "height" : "length" });
  }
  return missing;
}
