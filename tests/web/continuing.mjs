// What a phone adds to cards: a JSON array of questions on standard input, an array of answers on standard output.
//
//     node tests/web/continuing.mjs

import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";

import { hex } from "../../web/bytes.js";
import { continuation, heldCard } from "../../web/continuing.js";
import { HealthcardError } from "../../web/errors.js";
import { generate, sign } from "../../web/signer.js";
import { cardText } from "../../web/symbol.js";
import { Vocabulary } from "../../web/vocabulary.js";

if (!globalThis.crypto) globalThis.crypto = webcrypto; // Node 18

const known = new Vocabulary(JSON.parse(readFileSync(new URL("../../web/data/vocabulary.json", import.meta.url), "utf8")));
const key = await generate();
const answers = [];
for (const { text, change, today } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const payload = continuation(heldCard([text]), change, { today, known });
    answers.push({ payload: hex(payload), text: cardText(await sign(payload, key, "test"), "test") });
  } catch (error) {
    if (!(error instanceof HealthcardError)) throw error;
    answers.push({ error: error.code });
  }
}
console.log(JSON.stringify({ extractable: key.pair.privateKey.extractable, public: hex(key.publicKey), answers }));
