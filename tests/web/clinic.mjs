// The clinic and the words of web/ behind a pipe: a JSON array of questions on a line, an array of answers on a line.

import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";

import { fromHex } from "../../web/bytes.js";
import { read } from "../../web/card.js";
import { handover } from "../../web/clinic/handover.js";
import { readTables } from "../../web/clinic/tables.js";
import { loadCurves } from "../../web/curves.js";
import { TrustBundle } from "../../web/trust.js";
import { Vocabulary } from "../../web/vocabulary.js";
import { Language } from "../../web/words/labels.js";
import { noticeText, personLabel, sections, verdictLines } from "../../web/words/text.js";

if (!globalThis.crypto) globalThis.crypto = webcrypto; // Node 18

const data = (name) => JSON.parse(readFileSync(new URL(`../../web/data/${name}.json`, import.meta.url), "utf8"));
const labels = data("labels");
const published = data("published_keys");
const known = new Vocabulary(data("vocabulary"));
const tables = readTables(known, data("clinic"), data("growth"));
const languages = new Map();

function language(code) {
  if (!languages.has(code)) {
    const own = labels.face_only.includes(code) ? data(`labels.${code}`) : undefined;
    languages.set(code, new Language(labels, code, own));
  }
  return languages.get(code);
}

const ANSWERS = {
  async read({ texts, bundle, now }) {
    const curves = await loadCurves();
    return read(texts, { bundle: await TrustBundle.load(fromHex(bundle), { curves, published }), now, known, curves, tables });
  },
  handover({ context, today, languages: codes }) {
    const made = handover(context, today, tables);
    const inEach = (words) => Object.fromEntries(codes.map((code) => [code, words(language(code))]));
    return {
      handover: made,
      words: inEach((spoken) => sections(made, spoken, known)),
      people: inEach((spoken) => made.people.map((_, person) => personLabel(made, person, spoken))),
    };
  },
  verdict: ({ verdict, notices, code, ...options }) => verdictLines(verdict, notices, language(code), options),
  notice: ({ code }) => noticeText(language(code)),
  growth(measured) {
    const scores = tables.growth.zScores(measured);
    return { ...scores, flags: [...scores.flags], words: tables.growth.classify(scores, measured.ageDays) };
  },
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const answers = [];
  for (const { ask, ...question } of JSON.parse(line)) answers.push(await ANSWERS[ask](question));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
