/** Everything that the pages know, read once from data/: vocabulary, clinic, growth, labels, the words of the pages. */

import { readTables } from "../clinic/tables.js";
import { loadCurves } from "../curves.js";
import { Vocabulary } from "../vocabulary.js";
import { Language } from "../words/labels.js";

const FILES = ["data/vocabulary", "data/clinic", "data/growth", "data/labels", "words/pages", "data/published_keys"];

/** `{ known, clinic, curves, published, language(code), page(code), languages }` */
export async function loadTables(base, options = {}) {
  const [vocabulary, clinic, growth, labels, pages, published] = await Promise.all(FILES.map((name) => json(`${base}${name}.json`)));
  const known = new Vocabulary(vocabulary);
  return {
    known,
    clinic: readTables(known, clinic, growth),
    curves: await loadCurves(options),
    published,
    languages: labels.languages,
    pageLanguages: pages.languages,
    directions: pages.directions,
    language: (code) => new Language(labels, code),
    page: (code) => new Page(pages, code),
  };
}

async function json(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
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
