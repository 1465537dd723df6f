/** Card text <-> token: prefix and base45 (spec section 2). */

import { Unreadable } from "./errors.js";

export const PREFIXES = { real: "MCH1:", test: "MCT1:" };
export const LONGEST_TEXT = 4096; // characters
const LARGEST_TOKEN = 1024; // bytes
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const DIGITS = new Map(Array.from(ALPHABET, (character, digit) => [character, digit]));

/** `{ network, token }` of a card text, exactly as scanned. Raises Unreadable. */
export function parseCardText(text) {
  if (text.length > LONGEST_TEXT) throw new Unreadable("more than 4096 characters");
  const network = Object.keys(PREFIXES).find((name) => text.startsWith(PREFIXES[name]));
  if (!network) throw new Unreadable("not a card text");
  const encoded = text.slice(PREFIXES[network].length);
  if (decodedSize(encoded) > LARGEST_TOKEN) throw new Unreadable("a token of more than 1024 bytes");
  const token = base45Decode(encoded);
  if (!token) throw new Unreadable("not base45");
  return { network, token };
}

export function cardText(token, network) {
  return PREFIXES[network] + base45Encode(token);
}

function decodedSize(text) {
  return Math.floor(text.length / 3) * 2 + (text.length % 3 === 2 ? 1 : 0);
}

/** The bytes of a base45 text; null where it is not exact. */
export function base45Decode(text) {
  if (text.length % 3 === 1) return null;
  const out = new Uint8Array(decodedSize(text));
  for (let at = 0, to = 0; at < text.length; at += 3, to += 2) {
    const whole = at + 2 < text.length;
    const high = whole ? DIGITS.get(text[at + 2]) : 0;
    const value = DIGITS.get(text[at]) + DIGITS.get(text[at + 1]) * 45 + high * 2025; // NaN for a character outside the alphabet
    if (!(value <= (whole ? 0xffff : 0xff))) return null;
    if (whole) out.set([value >> 8, value & 255], to);
    else out[to] = value;
  }
  return out;
}

export function base45Encode(bytes) {
  let out = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = at + 1 < bytes.length;
    const value = pair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    out += ALPHABET[value % 45] + ALPHABET[Math.floor(value / 45) % 45] + (pair ? ALPHABET[Math.floor(value / 2025)] : "");
  }
  return out;
}
