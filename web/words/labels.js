/**
 * Words, numbers, dates and counts in one language, from data/labels.json.
 *
 * A label is `{ text, draft }`: a draft is one that no speaker has checked. The languages of the interface have a column each, those of
 * face and notice a file of their own; what that lacks is shown in English, as a draft. A missing row is a fault of the data and throws.
 */

import { parts } from "../days.js";
import { unknownNumber } from "../vocabulary.js";

export class Language {
  /** `data` is the content of data/labels.json; `own` that of data/labels.CODE.json, for a language that has no column. */
  constructor(data, code, own = { labels: [] }) {
    this.data = data;
    this.code = code;
    const column = data.languages.indexOf(code);
    this.rows = new Map(
      data.labels.map(([kind, key, role, drafts, ...texts]) => {
        const draft = column < 0 || drafts.split(" ").includes(code);
        return [place(kind, key, role), { text: texts[Math.max(column, 0)], draft }];
      }),
    );
    for (const [kind, key, role, drafts, text] of own.labels) {
      this.rows.set(place(kind, key, role), { text, draft: drafts.split(" ").includes(code) });
    }
  }

  /** The words for one coded entry; for an unknown one ("#77") the neutral "code 77". */
  label(kind, key, role = "") {
    const number = unknownNumber(key);
    if (number !== null && kind !== "ui") return this.ui("code", { n: number });
    const found = this.rows.get(place(kind, key, role)) || this.rows.get(place(kind, key));
    if (!found) throw new Error(`no label ${kind}/${key}`);
    return found;
  }

  /** Whether the table has words for an entry: an organisation's own schedule has none. */
  has(kind, key) {
    return this.rows.has(place(kind, key));
  }

  /** A phrase of the interface with its placeholders filled in; a draft as soon as one part is. */
  ui(key, phraseParts = {}) {
    return filled(this.label("ui", key), phraseParts);
  }

  /** The words for a word of an enumeration: "urgency", "urgent". */
  enumeration(name, word) {
    return this.label("enumeration", unknownNumber(word) === null ? `${name}.${word}` : word);
  }

  /** The words for who gave or said something: an organisation's own name, or the holder. */
  organisation(source) {
    if (source === "holder") return this.ui("told_by_holder");
    if (source === "withheld") return this.ui("withheld_organisation");
    return unknownNumber(source) === null ? plain(source) : this.ui("unknown_organisation");
  }

  /** The words for a coded value, its own for this observation where the table has them. */
  value(observation, word) {
    return this.label("value", this.has("value", `${observation}.${word}`) ? `${observation}.${word}` : word);
  }

  /** A number with the decimal mark of the language: "38,2". */
  number(value) {
    return String(value).replace(".", this.label("ui", "decimal").text);
  }

  /** A text of the coded tables ("31.25 mg/5 mL") with the decimal mark of the language. */
  decimals(text) {
    return text.replace(/(\d)\.(?=\d)/g, `$1${this.label("ui", "decimal").text}`);
  }

  /** A date with the month as a word, so that day and month can't be taken for each other: "2 Jul 2026". */
  day(value) {
    const [year, month, day] = parts(value);
    const named = { d: day, MMM: this.label("ui", `month.${month}`).text, yyyy: year };
    return this.label("ui", "date_format").text.replace(/yyyy|MMM|d/g, (part) => named[part]);
  }

  /** Whether a count takes the singular. A part of one does in every language: "½ tablet". */
  isOne(count) {
    return this.data.singular_below_two.includes(this.code) ? count < 2 : count === 1 || (count > 0 && count < 1);
  }

  /** The phrase `key` for a count, in the form that the count takes: "runs out in 2 days". */
  counted(key, count, name = "days", phraseParts = {}) {
    return this.ui(`${key}.${this.pluralForm(count)}`, { [name]: count, ...phraseParts });
  }

  /** The name of the form (CLDR): Arabic has a dual, and a plural for the last two digits 3 to 10 only. */
  pluralForm(count) {
    if (this.isOne(count)) return "one";
    if (this.code !== "ar") return "other";
    const last = ((count % 100) + 100) % 100; // a card can hold counts below zero
    return count === 2 ? "two" : last >= 3 && last <= 10 ? "few" : "other";
  }

  /** An amount in a medicine's own unit: "1½ tablets", "2.5 mL". */
  amount(value, unit) {
    const words = this.label("unit", this.isOne(value) ? unit : `${unit}.plural`);
    const whole = Math.floor(value);
    const part = value - whole;
    const inPieces = this.data.pieces.includes(unit) && part in this.data.fractions;
    const figures = inPieces ? (whole || "") + this.data.fractions[part] : this.number(value);
    return { text: `${figures} ${words.text}`, draft: words.draft };
  }
}

/** `template` with its placeholders filled in; a draft as soon as one part is. */
export function filled(template, phraseParts) {
  const draft = template.draft || Object.values(phraseParts).some((part) => isLabel(part) && part.draft);
  return { text: template.text.replace(/\{(\w+)\}/g, (_, name) => textOf(phraseParts[name])), draft };
}

/** The parts that are there, in one text; a draft as soon as one part is. */
export function joined(separator, ...phraseParts) {
  const there = phraseParts.filter((part) => part && (!isLabel(part) || part.text || part.draft));
  return { text: there.map(textOf).join(separator), draft: there.some((part) => isLabel(part) && part.draft) };
}

/** Words that need no translation: a figure, a name. */
export function plain(text) {
  return { text, draft: false };
}

function isLabel(part) {
  return typeof part === "object";
}

function textOf(part) {
  return isLabel(part) ? part.text : String(part);
}

function place(kind, key, role = "") {
  return `${kind}\n${key}\n${role}`;
}
