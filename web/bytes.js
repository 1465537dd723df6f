/** Byte strings: hex, order, numbers, a hash, and a day as a date; what Python has built in. */

const DAY_MS = 86_400_000;
const DAY_0 = Date.UTC(2020, 0, 1);

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of a hex text; null where it is none. */
export function fromHex(text) {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
}

/** The bytes of a text in UTF-8, which for ASCII is the same. */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Below, equal or above zero as `a` stands before, at or after `b`; what ends first stands first. */
export function compare(a, b) {
  for (let n = 0; n < a.length && n < b.length; n += 1) {
    if (a[n] !== b[n]) return a[n] - b[n];
  }
  return a.length - b.length;
}

export function equal(a, b) {
  return compare(a, b) === 0;
}

/** Whether each item stands after the one before it, so that none stands twice; `order` is as of `Array.sort`. */
export function ascending(items, order = compare) {
  return items.every((item, n) => n === 0 || order(items[n - 1], item) < 0);
}

/** Pieces of one size. */
export function pieces(bytes, size) {
  return Array.from({ length: bytes.length / size }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}

export function bigEndian(bytes) {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function littleEndian(bytes) {
  return bigEndian(Uint8Array.from(bytes).reverse());
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The date of a day that counts from 2020-01-01: "2026-03-03". */
export function isoDate(day) {
  return new Date(DAY_0 + day * DAY_MS).toISOString().slice(0, 10);
}

/** The day of a date such as "2026-03-03". */
export function dayOf(date) {
  return (Date.parse(`${date}T00:00:00Z`) - DAY_0) / DAY_MS;
}
