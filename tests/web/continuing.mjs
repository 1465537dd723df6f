// What a phone adds to cards that it reads by a bundle: {"bundle", "questions"} on standard input, an array of answers on standard output.
//
//     node tests/web/continuing.mjs

import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";

import { fromHex, hex } from "../../web/bytes.js";
import { read } from "../../web/card.js";
import { continuation, heldCard } from "../../web/continuing.js";
import { loadCurves } from "../../web/curves.js";
import { HealthcardError } from "../../web/errors.js";
import { generate, sign } from "../../web/signer.js";
import { cardText } from "../../web/symbol.js";
import { TrustBundle } from "../../web/trust.js";
import { Vocabulary } from "../../web/vocabulary.js";

if (!globalThis.crypto) globalThis.crypto = webcrypto; // Node 18

const known = new Vocabulary(JSON.parse(readFileSync(new URL("../../web/data/vocabulary.json", import.meta.url), "utf8")));
const key = await generate();
const curves = await loadCurves();
const { bundle: raw, questions } = JSON.parse(readFileSync(0, "utf8"));
const bundle = await TrustBundle.load(fromHex(raw), { curves, published: [] });
const answers = [];
for (const { texts, change, today } of questions) {
  try {
    const reading = await read(texts, { bundle, now: today, known, curves });
    const payload = continuation(heldCard(reading), change, { today, known });
    answers.push({ payload: hex(payload), text: cardText(await sign(payload, key, "test"), "test") });
  } catch (error) {
    if (!(error instanceof HealthcardError)) throw error;
    answers.push({ error: error.code, message: error.message });
  }
}
console.log(JSON.stringify({ extractable: key.pair.privateKey.extractable, public: hex(key.publicKey), answers }));
