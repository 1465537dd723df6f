/**
 * Several parts of one card -> one record (spec section 10). The result is the same in any order of reading.
 *
 * A source is `{ part, record, verdict, issuer }`: a part with its record as JSON; `issuer` is null where its signature fits nobody.
 */

import { compare, hex, isoDate } from "./bytes.js";
import { canonical, person, profileFields, sortedContacts } from "./record.js";

/**
 * One entry for each card at hand, the one to show first: `{ best, record, issuer, issued, parts, unverified, whichChild }`;
 * `best` is the part that the record's own entries are of.
 *
 * `unverified` lists the [person, contact] that no verified part has (contact -1: undated history), `whichChild` the people whose
 * contacts may be another's.
 */
export function merge(sources, known) {
  const groups = new Map();
  for (const source of sources) {
    const card = hex(source.part.continues || source.part.id);
    groups.set(card, [...(groups.get(card) || []), source]);
  }
  const isCard = ({ best }) => Number(best.part.kind === "card");
  const merged = Array.from(groups.values(), (group) => mergeCard(group, known));
  return merged.sort((a, b) => isCard(b) - isCard(a) || rank(a.best, b.best));
}

/** Parts equal in content and issuer once, and no copy that fits no signature beside one that fits (M83); the first in rank first. */
function distinct(sources) {
  const kept = new Map();
  for (const source of sources.slice().sort(rank)) {
    const key = `${content(source)} ${source.issuer}`;
    if (!kept.has(key)) kept.set(key, source);
  }
  const fitting = new Set(sources.filter(({ issuer }) => issuer !== null).map(content));
  return Array.from(kept.values()).filter((source) => source.issuer !== null || !fitting.has(content(source)));
}

/** Below zero where `a` is believed before `b`: verified, the latest issued, a continuation before its card, the greater id. */
function rank(a, b) {
  return (
    Number(b.verdict === "verified") - Number(a.verdict === "verified") ||
    b.part.issued - a.part.issued ||
    Number(b.part.kind === "continuation") - Number(a.part.kind === "continuation") ||
    compare(b.part.id, a.part.id) ||
    byText(content(b), content(a)) ||
    byText(b.issuer || "", a.issuer || "") ||
    byText(b.verdict, a.verdict)
  );
}

/** All that a part says. */
function content({ part, record }) {
  return canonical([part.kind, hex(part.id), isoDate(part.issued), part.people.map(({ index }) => index), hex(part.sealed), record]);
}

function byText(a, b) {
  return a < b ? -1 : Number(a > b);
}

function mergeCard(sources, known) {
  const parts = distinct(sources);
  const best = parts.find(({ part }) => part.kind === "card") || parts[0];
  const merged = { best, parts, issuer: best.issuer, issued: best.part.issued, unverified: [], whichChild: [] };
  if (parts.length === 1) return { ...merged, record: best.record, unverified: best.verdict === "verified" ? [] : everyEntry(best.record) };
  const people = personGroups(parts, best);
  const resolve = sourceResolver(parts, best);
  const mergedPeople = people.map(({ role, said }) => mergePerson(role, said, resolve, known));
  const { language, choices } = parts[0].record;
  return {
    ...merged,
    record: { language, choices, people: mergedPeople.map(({ json }) => json) },
    unverified: mergedPeople.flatMap(({ unverified }, n) => unverified.map((contact) => [n, contact])),
    whichChild: people.flatMap(({ ambiguous }, n) => (ambiguous ? [n] : [])),
  };
}

/** All [person, contact] of a record, its undated histories included. */
function everyEntry(record) {
  return record.people.flatMap(({ contacts, conditions, vaccines_before }, n) => {
    return [...(conditions || vaccines_before ? [[n, -1]] : []), ...contacts.map((_, contact) => [n, contact])];
  });
}

/** The persons of all parts, each with what every part says of her, in rank order (M88). */
function personGroups(parts, best) {
  const said = parts.flatMap((source) =>
    source.part.people.map(({ index, role }, n) => ({ index, role, source, json: source.record.people[n] })),
  );
  const onCard = (one) => (best.part.kind === "card" ? best.part.people.some((person) => same(person, one)) : one.index === 0);
  const first = said.filter((one, n) => said.findIndex((other) => same(one, other)) === n);
  const ordered = first.sort((a, b) => Number(onCard(b)) - Number(onCard(a)) || a.index - b.index || byText(a.role, b.role));
  return ordered.flatMap((one) => {
    const { role } = one;
    const ofOne = said.filter((other) => same(one, other));
    const bringers = onCard(one) ? [] : bringing(ofOne);
    if (bringers.length < 2) return [{ role, said: ofOne, ambiguous: false }];
    const by = (id) => ofOne.filter(({ source }) => hex(source.part.id) === id);
    const rest = ofOne.filter(({ source }) => !bringers.includes(hex(source.part.id)));
    const people = bringers.map((id) => ({ role, said: by(id), ambiguous: false }));
    return rest.length > 0 ? [...people, { role, said: rest, ambiguous: true }] : people;
  });
}

function same(a, b) {
  return a.index === b.index && a.role === b.role;
}

/** The ids of the parts that bring a person, by day of issue and id. */
function bringing(said) {
  const issued = new Map();
  for (const { source, json } of said) {
    const id = hex(source.part.id);
    const brings = Object.keys(json).some((name) => name !== "role" && name !== "contacts");
    if (brings && !issued.has(id)) issued.set(id, source.part.issued);
  }
  return Array.from(issued.keys()).sort((a, b) => issued.get(a) - issued.get(b) || byText(a, b));
}

/** Who vouches for an entry with or without a source of its own (M85); undefined where that is the issuer of the record. */
function sourceResolver(parts, best) {
  const speakers = new Map([[hex(best.part.id), best.issuer]]);
  for (const { part, issuer } of parts.slice().reverse()) {
    if (issuer !== null) speakers.set(hex(part.id), issuer);
  }
  return ({ part, issuer }, named) => {
    const id = hex(part.id);
    const name = named || issuer || (speakers.has(id) ? speakers.get(id) : "holder");
    return name === best.issuer ? undefined : name;
  };
}

function mergePerson(role, said, resolve, known) {
  const contacts = new Map();
  for (const { source, json } of said) {
    for (const contact of json.contacts) {
      const { date, time, source: named, ...rest } = contact;
      const from = resolve(source, named);
      const resolved = { date, ...(time ? { time } : {}), ...(from === undefined ? {} : { source: from }), ...rest };
      const key = canonical(resolved);
      const before = contacts.get(key);
      contacts.set(key, { contact: resolved, verified: (before && before.verified) || source.verdict === "verified" });
    }
  }
  const sorted = sortedContacts(Array.from(contacts.values(), ({ contact }) => contact));
  const unverified = sorted.flatMap((contact, n) => (contacts.get(canonical(contact)).verified ? [] : [n]));
  const history = mergeHistory(said, resolve, known);
  const json = person(role, mergeProfile(said, known), history.fields, sorted);
  return { json, unverified: history.unverified ? [-1, ...unverified] : unverified };
}

/** Each field from the first part that has it, where it does not belong to another's (M86). */
function mergeProfile(said, known) {
  const fields = said.map(({ json }) => profileFields(json));
  const from = new Map();
  fields.forEach((ofPart, n) => Object.keys(ofPart).forEach((path) => from.has(path) || from.set(path, n)));
  follow(from, fields, "born", "born_precision");
  follow(from, fields, "pregnancy.lmp", "pregnancy.dating");
  const [lmp, delivered] = [from.get("pregnancy.lmp"), from.get("pregnancy.delivered")];
  if (lmp < delivered && fields[lmp]["pregnancy.lmp"] > fields[delivered]["pregnancy.delivered"]) {
    from.delete("pregnancy.delivered");
    if (from.get("pregnancy.outcome") > lmp) from.delete("pregnancy.outcome");
  }
  const merged = Object.fromEntries(Array.from(from, ([path, n]) => [path, fields[n][path]]));
  if (merged.allergies) merged.allergies = united(fields.flatMap((ofPart) => ofPart.allergies || []), known.allergies);
  return merged;
}

/** `path` comes from the part that gives `leader`, or from none. */
function follow(from, fields, leader, path) {
  if (!from.has(leader)) return;
  const n = from.get(leader);
  if (path in fields[n]) from.set(path, n);
  else from.delete(path);
}

/** Undated history (M87): that of the verified parts; all of it, marked, where others add to it. */
function mergeHistory(said, resolve, known) {
  const having = said.filter(({ json }) => json.conditions || json.vaccines_before);
  const verified = having.filter(({ source }) => source.verdict === "verified");
  const [all, trusted] = [historyEntries(having, known), historyEntries(verified, known)];
  const unverified = canonical(all) !== canonical(trusted);
  const contributing = unverified ? having : verified;
  if (contributing.length === 0) return { fields: {}, unverified: false };
  const sources = new Set(contributing.map(({ source, json }) => resolve(source, json.history_source)));
  const [agreed] = sources.size === 1 ? sources : ["holder"];
  return { fields: { ...all, ...(agreed === undefined ? {} : { history_source: agreed }) }, unverified };
}

function historyEntries(said, known) {
  const conditions = united(said.flatMap(({ json }) => json.conditions || []), known.findings);
  const given = new Map(said.flatMap(({ json }) => json.vaccines_before || []).map((one) => [canonical(one), one]));
  const order = ({ vaccine, dose = 7 }) => known.vaccines.number(vaccine) * 8 + dose;
  const vaccines = Array.from(given.values()).sort((a, b) => order(a) - order(b));
  return { ...(conditions.length > 0 ? { conditions } : {}), ...(vaccines.length > 0 ? { vaccines_before: vaccines } : {}) };
}

function united(words, table) {
  return Array.from(new Set(words)).sort((a, b) => table.number(a) - table.number(b));
}
