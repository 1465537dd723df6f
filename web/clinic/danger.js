/** Danger signs and values that met a rule, one line for each: blood pressure is one value with two parts. */

import { groupOf, isOld } from "./measured.js";
import { dangerSigns, fired } from "./rules.js";

/** What is red, then what is amber, in the contacts of one person's last day, `elapsed` days ago: `{ red, amber }`. */
export function dangers(person, last, elapsed, tables) {
  const red = [];
  const amber = [];
  for (const { contact, origin } of last) {
    const signs = new Map(dangerSigns(contact, tables.known).map((word) => [word, []]));
    const met = new Map();
    for (const hit of fired(person, contact, tables)) {
      const { observation, level } = hit.rule;
      if (observation === tables.danger_sign) {
        for (const [key, value] of hit.inputs) if (key === "finding" && signs.has(value)) signs.get(value).push(hit);
      } else if (tables.danger_levels.includes(level)) {
        const key = groupOf(observation, tables) || observation;
        met.set(key, [...(met.get(key) || []), hit]);
      }
    }
    for (const [word, hits] of signs) {
      const { sensitivity } = tables.known.findings.byKey.get(word);
      const line = { origin, sensitivity, kind: "finding", key: word, level: "red", values: [], unit: "" };
      red.push({ ...line, rules: said(hits), inputs: [["finding", word]], old: false });
    }
    for (const [key, hits] of met) {
      const line = valueLine(key, hits, contact, origin, elapsed, tables);
      (line.level === "red" ? red : amber).push(line);
    }
  }
  return { red, amber };
}

function valueLine(key, hits, contact, origin, elapsed, tables) {
  const { known, parts, tells_pregnancy } = tables;
  const level = hits.some(({ rule }) => rule.level === "red") ? "red" : "amber";
  const shown = hits.filter(({ rule }) => rule.level === level);
  const names = parts[key] || [key];
  const observations = contact.observations || {};
  const inputs = once([].concat(...hits.map((hit) => hit.inputs)));
  const measured = names.filter((name) => name in observations).map((name) => [name, observations[name]]);
  const values = measured.length ? measured : inputs.filter(([name]) => names.includes(name));
  const { unit, sensitivity } = known.observations[origin.role].byKey.get(names[0]) ||
    known.profile[origin.role].byKey.get(names[0]) || { unit: "", sensitivity: 0 };
  const tells = shown.some(({ rule }) => tells_pregnancy.some((word) => `${rule.when} ${key}`.includes(word)));
  return {
    origin,
    sensitivity: tells ? Math.max(sensitivity, 1) : sensitivity,
    kind: "value",
    key,
    level,
    values,
    unit,
    rules: said(shown),
    inputs,
    old: isOld(key, elapsed, tables),
  };
}

/** Pairs of a name and a value, each once. */
function once(pairs) {
  return [...new Map(pairs.map((pair) => [JSON.stringify(pair), pair])).values()];
}

/** The rules met, less those that say a weaker thing on the same terms: of two limits the later row is the stricter. */
function said(hits) {
  const kept = new Map(hits.map(({ rule }) => [JSON.stringify([rule.observation, rule.op, rule.when]), rule]));
  return [...kept.values()].map(({ number, level, meaning, source, confirmed }) => ({ number, level, meaning, source, confirmed }));
}
