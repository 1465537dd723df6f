/** The strict subset of CBOR: integers, byte strings, arrays and null, one encoding per value (spec section 3). */

import { concat } from "./bytes.js";

const LARGEST = 2 ** 31 - 1;
const DEEPEST = 8;

/** Bytes outside the subset. */
export class CborError extends Error {}

/**
 * The one item that `bytes` are: a Number, Uint8Array, Array or null. Raises CborError.
 *
 * `depth` counts the arrays around them.
 */
export function loads(bytes, depth = 0) {
  let at = 0;

  function head() {
    if (at >= bytes.length) throw new CborError("cut off");
    const first = bytes[at];
    const short = first & 31;
    at += 1;
    if (short < 24) return [first >> 5, short];
    const size = { 24: 1, 25: 2, 26: 4 }[short];
    if (size === undefined) throw new CborError("a head that is indefinite, reserved or of 8 bytes");
    if (at + size > bytes.length) throw new CborError("cut off");
    let value = 0;
    for (let n = 0; n < size; n += 1) value = value * 256 + bytes[at + n];
    at += size;
    if (value < { 1: 24, 2: 2 ** 8, 4: 2 ** 16 }[size]) throw new CborError("not the shortest head");
    return [first >> 5, value];
  }

  function item(above) {
    if (bytes[at] === 0xf6) {
      at += 1;
      return null;
    }
    const [major, value] = head();
    if (major < 2) {
      const number = major === 0 ? value : -1 - value;
      if (Math.abs(number) > LARGEST) throw new CborError("an integer above 2^31 - 1");
      return number;
    }
    if (major === 2) {
      if (value > bytes.length - at) throw new CborError("cut off");
      at += value;
      return bytes.slice(at - value, at);
    }
    if (major !== 4) throw new CborError("neither integer, byte string, array nor null");
    if (above >= DEEPEST) throw new CborError("too deep");
    if (value > bytes.length - at) throw new CborError("cut off");
    return Array.from({ length: value }, () => item(above + 1));
  }

  const whole = item(depth);
  if (at !== bytes.length) throw new CborError("bytes after the end");
  return whole;
}

/** The bytes of an item of the subset. */
export function dumps(item) {
  if (item === null) return Uint8Array.of(0xf6);
  if (typeof item === "number") return item < 0 ? head(1, -1 - item) : head(0, item);
  if (item instanceof Uint8Array) return concat(head(2, item.length), item);
  return concat(head(4, item.length), ...item.map(dumps));
}

function head(major, value) {
  const first = major << 5;
  if (value < 24) return Uint8Array.of(first | value);
  if (value < 2 ** 8) return Uint8Array.of(first | 24, value);
  if (value < 2 ** 16) return Uint8Array.of(first | 25, value >> 8, value & 255);
  return Uint8Array.of(first | 26, value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
}
