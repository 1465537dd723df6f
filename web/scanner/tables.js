/** Everything that the pages know, read once from data/: vocabulary, clinic, growth, labels, the words of the pages. */

import { readTables } from "../clinic/tables.js";
import { loadCurves } from "../curves.js";
import { Vocabulary } from "../vocabulary.js";
import { Language } from "../words/labels.js";
import { json } from "./source.js";

const FILES = ["data/vocabulary", "data/clinic", "data/growth", "data/labels", "words/pages", "data/published_keys"];

/** `{ known, clinic, curves, published, language(code), holdersLanguage(code), page(code), languages, pageLanguages, ownNames, rightToLeft }` */
export async function loadTables(options = {}) {
  const [vocabulary, clinic, growth, labels, pages, published] = await Promise.all(FILES.map((name) => json(`${name}.json`)));
  const known = new Vocabulary(vocabulary);
  const languages = new Map(); // each is a thousand labels: made once
  const language = (code, own) => {
    if (!languages.has(code)) languages.set(code, new Language(labels, code, own));
    return languages.get(code);
  };
  return {
    known,
    clinic: readTables(known, clinic, growth),
    curves: await loadCurves(options),
    published,
    languages: [...labels.languages, ...labels.face_only],
    pageLanguages: pages.languages,
    ownNames: pages.own_names,
    rightToLeft: labels.right_to_left,
    language,
    /** A language that she reads: those of faces alone are fetched when the first holder wants one. */
    async holdersLanguage(code) {
      return language(code, labels.face_only.includes(code) ? await json(`data/labels.${code}.json`) : undefined);
    },
    page: (code) => new Page(pages, code),
  };
}

/** The words of the pages in one language of the interface. */
export class Page {
  constructor(data, code) {
    this.code = data.languages.includes(code) ? code : "en";
    this.column = data.languages.indexOf(this.code);
    this.words = data.words;
  }

  /** The phrase `key` with its placeholders filled in; a missing one is a fault of the data and throws. */
  say(key, parts = {}) {
    if (!(key in this.words)) throw new Error(`no words for ${key}`);
    return this.words[key][this.column].replace(/\{(\w+)\}/g, (_, name) => String(parts[name]));
  }
}

/** Whether an entry of the vocabulary is for a mother or for an infant. */
export function fits({ role }, wanted) {
  return !role || role === "both" || role === wanted;
}
