/** What the form offers of the vocabulary: the usual measurements first, danger signs, and everything else by typing. */

import { fits } from "../scanner/tables.js";
import { Words } from "../words/wording.js";

export const OPEN = 1; // the highest sensitivity that stands on a card in the open
const SEALED = 2; // offered where the station seals; what is above is on no card
const USUAL = { mother: 10, infant: 7 }; // the first of the table, which is in order of use
const TABLES = { finding: "findings", medicine: "medicines", vaccine: "vaccines", service: "services" };

export class Offered {
  constructor(tables, language, sealing) {
    Object.assign(this, { known: tables.known, language, most: sealing ? SEALED : OPEN });
    this.words = new Words(null, language, tables.known);
  }

  /** Observations that have a field of their own. */
  usual(role) {
    return this.allowed(this.known.observations[role]).slice(0, USUAL[role]);
  }

  /** Danger signs of her or of a child, as [key, text]. */
  signs(role) {
    return this.allowed(this.known.findings).filter((entry) => entry.kind === "danger_sign" && fits(entry, role)).map(({ key }) => [key, this.text("finding", key, role)]);
  }

  /** Everything that can be added by typing, as options of a chooser. */
  further(role, page) {
    const usual = new Set(this.usual(role).map(({ key }) => key));
    const observations = this.allowed(this.known.observations[role]).filter(({ key }) => !usual.has(key));
    const listed = [...observations.map((entry) => ["observation", entry])];
    for (const [kind, table] of Object.entries(TABLES)) listed.push(...this.allowed(this.known[table]).filter((entry) => fits(entry, role)).map((entry) => [kind, entry]));
    return listed.map(([kind, entry]) => {
      const sealed = entry.sensitivity > OPEN ? ` · ${page.say("desk_sealed")}` : "";
      return { kind, entry, text: this.text(kind, entry.key, role), note: page.say(`desk_kind_${kind}`) + sealed };
    });
  }

  allowed(table) {
    return Array.from(table.byKey.values()).filter(({ sensitivity }) => sensitivity <= this.most);
  }

  /** The words for an entry; a medicine with its strength. */
  text(kind, key, role) {
    return (kind === "medicine" ? this.words.medicine(key) : this.language.label(kind, key, role)).text;
  }

  unit(entry) {
    return entry.unit ? this.language.label("unit", entry.unit).text : "";
  }

  /** Values of a coded observation or field of the profile, as [word, text]. */
  values(entry) {
    return Object.values(entry.words).map((word) => [word, this.valueText(entry.key, word)]);
  }

  valueText(key, value) {
    if (typeof value === "number") return this.language.number(value);
    return this.language.has("enumeration", `${key}.${value}`) ? this.language.label("enumeration", `${key}.${value}`).text : this.language.value(key, value).text;
  }

  /** Words of an enumeration or a table, as [key, text]. */
  list(kind, table) {
    return this.allowed(this.known[table]).map(({ key }) => [key, this.language.label(kind, key).text]);
  }
}
