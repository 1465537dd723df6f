/**
 * Thresholds and conflicts as data: the rules that a contact met (`fired`), the entries that raise a question (`conflicts`).
 *
 * A rule that fires is no diagnosis: it names its source, shows the values that met it, and doses nothing. What is not known never
 * fires; a value beyond what can be true meets its `implausible` row and no other.
 */

import { comparison, condition } from "./predicate.js";
import { ageDays, gestationDays, growth, isPregnant, lengthKey, possibleAges, postpartumDays } from "./states.js";

/** Rules with their tests, `{ rule, test }`, by role and observation; throws for a row that is not fully understood. */
export function readThresholds(rows, tables) {
  const read = { mother: new Map(), infant: new Map() };
  for (const rule of rows) {
    const ofRole = read[rule.role];
    if (!ofRole.has(rule.observation)) ofRole.set(rule.observation, []);
    ofRole.get(rule.observation).push({ rule, test: testOf(rule, tables) });
  }
  return read;
}

function testOf(rule, tables) {
  const when = condition(rule.when, rule.role, tables);
  if (rule.observation === tables.danger_sign) return when;
  const own = comparison(rule.observation, rule.op, rule.value, rule.role, tables);
  return (facts) => {
    const value = own(facts);
    const rest = value && when(facts);
    return rest && [...value, ...rest];
  };
}

/** Every rule met at one contact, in the order of the table: `{ rule, inputs }`, what met it, the rule's own value first. */
export function fired(person, contact, tables) {
  const rows = tables.thresholds[person.role];
  const facts = factsOf(person, contact, tables);
  const hit = ({ rule, test }) => ({ rule, inputs: test(facts) });
  const met = [];
  for (const key of facts.values.keys()) {
    const hits = (rows.get(key) || []).map(hit).filter(({ inputs }) => inputs);
    const implausible = hits.filter(({ rule }) => rule.level === "implausible");
    met.push(...(implausible.length ? implausible : hits));
  }
  const signs = dangerSigns(contact, tables.known);
  for (const { rule, inputs } of signs.length ? (rows.get(tables.danger_sign) || []).map(hit) : []) {
    if (inputs) met.push(...signs.map((word) => ({ rule, inputs: [["finding", word], ...inputs] })));
  }
  return met.sort((a, b) => a.rule.number - b.rule.number);
}

/** The findings of a contact that are danger signs. */
export function dangerSigns(contact, known) {
  return (contact.findings || []).filter((word) => known.findings.byKey.has(word) && known.findings.byKey.get(word).kind === "danger_sign");
}

/**
 * What a person was given in spite of an allergy, a condition or a pregnancy, `{ row, contact, entry }`; each once per contact, which
 * is null for an undated vaccine.
 */
export function conflicts(person, tables) {
  const { medicines, vaccines } = tables.known;
  const found = [...(person.conditions || []), ...[].concat(...person.contacts.map((contact) => contact.findings || []))];
  const lasting = [...(person.allergies || []).map((word) => `allergy ${word}`), ...found.map((word) => `condition ${word}`)];
  const asked = [];

  const ask = (table, entries, because, contact) => {
    for (const entry of new Set(entries)) {
      const { groups = [] } = table.byKey.get(entry) || {};
      const names = [entry, ...groups];
      const rows = tables.conflicts.filter((row) => names.includes(row.when_group_or_medicine));
      const held = rows.filter((row) => because.has(`${row.with_kind} ${row.with_key}`));
      asked.push(...held.map((row) => ({ row, contact, entry })));
    }
  };

  ask(vaccines, (person.vaccines_before || []).map((dose) => dose.vaccine), new Set(lasting), null);
  person.contacts.forEach((contact, number) => {
    if (!contact.medicines && !contact.vaccines) return;
    const because = new Set([...lasting, ...states(person, contact, tables).map((word) => `state ${word}`)]);
    ask(medicines, (contact.medicines || []).map((given) => given.medicine), because, number);
    ask(vaccines, (contact.vaccines || []).map((dose) => dose.vaccine), because, number);
  });
  return asked;
}

function factsOf(person, contact, tables) {
  const values = new Map(Object.entries(contact.observations || {}));
  const behind = {};
  const derive = (key, value) => value !== null && value !== undefined && values.set(key, value);
  if (person.role === "infant") {
    derive("age_days", ageDays(person, contact.date));
    derive("birth_weight_g", person.birth && person.birth.weight_g);
    const scores = growth(person, contact, tables);
    if (scores) {
      const length = lengthKey(person, contact, tables);
      for (const name of tables.growth.indicators) {
        derive(`${name}_z`, scores.z[name]);
        behind[`${name}_z`] = tables.measured[name].map((key) => (key === "length" ? length : key));
      }
    }
  } else {
    derive("gestation_days", gestationDays(person, contact.date, tables));
    derive("postpartum_days", postpartumDays(person, contact.date));
  }
  const ages = possibleAges(person, contact.date);
  return { values, behind, ages, findings: contact.findings || [], pregnant: isPregnant(person, contact, tables) };
}

function states(person, contact, tables) {
  const days = gestationDays(person, contact.date, tables);
  const late = days !== null && days >= tables.limits.twenty_weeks;
  return [...(isPregnant(person, contact, tables) ? ["pregnant"] : []), ...(late ? ["pregnant_from_20_weeks"] : [])];
}
