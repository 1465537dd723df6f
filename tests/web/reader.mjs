// The card reader of web/ behind a pipe: a JSON array of questions on a line, an array of answers on a line. One process for many.
//
//     node tests/web/reader.mjs [--without-webcrypto-curves]

import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";

import { bundleFromTexts, bundleTexts } from "../../web/bundle_texts.js";
import { fromHex, hex } from "../../web/bytes.js";
import { newestCard, NOTICES, read, VERDICTS } from "../../web/card.js";
import { readTables } from "../../web/clinic/tables.js";
import { isSealingKey, isSigningKey, loadCurves } from "../../web/curves.js";
import * as errors from "../../web/errors.js";
import { epochSecret } from "../../web/keyfile.js";
import { aad, inspect, toBeSigned } from "../../web/sign.js";
import { parseCardText } from "../../web/symbol.js";
import { TrustBundle } from "../../web/trust.js";
import { Vocabulary } from "../../web/vocabulary.js";

if (!globalThis.crypto) globalThis.crypto = webcrypto; // Node 18

const data = (name) => JSON.parse(readFileSync(new URL(`../../web/data/${name}.json`, import.meta.url), "utf8"));
const curves = await loadCurves({ webcrypto: !process.argv.includes("--without-webcrypto-curves") });
const published = data("published_keys");
const shipped = data("vocabulary");
const bundles = new Map();

function bundle(raw) {
  if (!bundles.has(raw)) bundles.set(raw, TrustBundle.load(fromHex(raw), { curves, published }));
  return bundles.get(raw);
}

/** The vocabulary that ships, less the entries [table, key]: what a reader of an older edition knows. */
function vocabulary(without) {
  const gone = new Set(without.map((entry) => entry.join(" ")));
  const less = (name, table) =>
    Array.isArray(table)
      ? table.filter((entry) => !gone.has(`${name} ${entry.key}`))
      : Object.fromEntries(Object.entries(table).map(([inner, entries]) => [inner, less(name, entries)]));
  return new Vocabulary(Object.fromEntries(Object.entries(shipped).map(([name, table]) => [name, less(name, table)])));
}

const known = vocabulary([]);
const tables = readTables(known, data("clinic"), data("growth"));
const older = new Map();

function edition(without) {
  const name = JSON.stringify(without);
  if (!older.has(name)) older.set(name, vocabulary(without));
  return older.get(name);
}

const ANSWERS = {
  async read({ texts, bundle: raw, now, newestCard, unseal = [], without }) {
    const options = { bundle: await bundle(raw), now, newestCard, unseal: unseal.map(fromHex), curves };
    return read(texts, { ...options, known: without ? edition(without) : known, tables });
  },
  async inspect({ text }) {
    const { network, token } = parseCardText(text);
    const { header, payload } = inspect(token);
    return { payload: hex(payload), toBeSigned: hex(toBeSigned(header, aad(network, "card"), payload)) };
  },
  async load({ raw, held }) {
    const newer = await TrustBundle.load(fromHex(raw), { curves, published });
    if (held) (await bundle(held)).update(newer);
    return { network: newer.network, version: newer.version, keys: newer.keys.map(({ key }) => hex(key)) };
  },
  async symbols({ texts }) {
    return { raw: hex((await bundleFromTexts(texts, { curves, published })).raw) };
  },
  async epoch({ text, passphrase, network }) {
    return { secret: hex(await epochSecret(text, passphrase, network, curves)) };
  },
  async texts({ raw }) {
    return { texts: await bundleTexts(await bundle(raw)) };
  },
  async newest({ reading, before }) {
    return { day: newestCard(reading, before) };
  },
  async key({ key, purpose }) {
    return { usable: purpose === "sealing" ? isSealingKey(fromHex(key)) : isSigningKey(fromHex(key)) };
  },
  async signature({ key, signature, message }) {
    return { fits: await curves.verify(fromHex(key), fromHex(signature), fromHex(message)) };
  },
  async words() {
    const classes = Object.values(errors).map(({ name, code }) => ({ name, code, parent: Object.getPrototypeOf(errors[name]).name }));
    return { classes, verdicts: VERDICTS, notices: NOTICES };
  },
};

async function answer({ ask, ...question }) {
  try {
    return { answer: await ANSWERS[ask](question) };
  } catch (error) {
    return error instanceof errors.HealthcardError ? { error: error.code } : { crash: error.stack };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const answers = await Promise.all(JSON.parse(line).map(answer));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
