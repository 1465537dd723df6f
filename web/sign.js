/** COSE_Sign1 in the one shape of the spec (section 4): take a token apart, find its key, check its signature. */

import { concat, equal, fromHex, hex, sha256, utf8 } from "./bytes.js";
import { dumps } from "./cbor.js";
import { uncompressed } from "./curves.js";
import { Altered, UnknownIssuer, Unreadable } from "./errors.js";

const ALGORITHMS = { 0x32: 32, 0x28: 33 }; // Ed25519 and ESP256, as they stand in the header, and the length of their keys
const HEADER = 9;
const SIGNATURE = 64;
const PURPOSES = { card: "", root: "/root", bundle: "/bundle", stations: "/stations" };

/** What a signature is bound to: network, version and purpose. */
export function aad(network, purpose) {
  return utf8((network === "test" ? "healthcard-test/0" : "healthcard/0") + PURPOSES[purpose]);
}

/** Whether these are the 9 bytes of a protected header. */
export function isHeader(bytes) {
  return bytes.length === HEADER && bytes[2] in ALGORITHMS && hex(bytes).startsWith(`a201${bytes[2].toString(16)}0444`);
}

/** `{ header, payload, signature }` of a token. Raises Unreadable for any other shape. */
export function inspect(token) {
  const header = token.subarray(2, 2 + HEADER);
  const signature = token.subarray(Math.max(token.length - SIGNATURE, 0));
  const framed = token.subarray(2 + HEADER + 1, Math.max(token.length - SIGNATURE - 2, 0));
  const payload = framed.subarray({ 0x58: 2, 0x59: 3, 0x5a: 5 }[framed[0]] || 1);
  const rebuilt = concat(fromHex("8449"), header, fromHex("a0"), dumps(payload), fromHex("5840"), signature);
  if (!isHeader(header) || !equal(rebuilt, token)) throw new Unreadable("not a COSE_Sign1 of the one shape");
  return { header, payload, signature };
}

/** The bytes that the signature of a token covers. */
export function toBeSigned(header, external, payload) {
  return concat(fromHex("846a"), utf8("Signature1"), ...[header, external, payload].map(dumps));
}

/** The bytes that each signature of the root covers: a COSE_Sign of several signers. */
export function toBeSignedByRoot(header, external, payload) {
  return concat(fromHex("8569"), utf8("Signature"), ...[new Uint8Array(0), header, external, payload].map(dumps));
}

/** The SHA-256 thumbprint of a public key (RFC 9679); `curve` "04" is that of a sealing key. */
export async function thumbprint(key, curve = "06") {
  if (key.length === 32) return sha256(concat(fromHex(`a3010120${curve}215820`), key));
  const point = uncompressed(key);
  return sha256(concat(fromHex("a401022001215820"), point.subarray(1, 33), fromHex("225820"), point.subarray(33)));
}

/** Those of `candidates` (public keys) that a header may mean: its kid is theirs, and its algorithm. */
export function meant(header, candidates) {
  return candidates.filter(({ key, kid }) => equal(kid, header.subarray(5)) && key.length === ALGORITHMS[header[2]]);
}

/**
 * The one of `candidates` whose signature `message` bears. Raises UnknownIssuer where none is meant, Altered where none fits.
 *
 * Every key of this kid is tried: two keys may share the four bytes.
 */
export async function verify(message, candidates, external, curves) {
  const tried = meant(message.header, candidates);
  if (tried.length === 0) throw new UnknownIssuer("no such key in the trust bundle");
  const covered = toBeSigned(message.header, external, message.payload);
  for (const candidate of tried) {
    if (await curves.verify(candidate.key, message.signature, covered)) return candidate;
  }
  throw new Altered("the bytes do not match the signature");
}
