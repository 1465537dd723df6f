/** The curves by @noble, for browsers whose WebCrypto lacks them; loaded only there. Keys and ranges were checked by curves.js. */

import { concat, equal, littleEndian } from "./bytes.js";
import { ed25519 as noble25519, x25519 as nobleX25519 } from "./vendor/noble-curves/ed25519.js";
import { p256 as noble256 } from "./vendor/noble-curves/nist.js";
import { sha512 } from "./vendor/noble-hashes/sha2.js";

/** RFC 8032 without cofactor, R compared as bytes (M18); @noble's own `verify` multiplies by the cofactor. */
export function ed25519(key, signature, message) {
  const { Point } = noble25519;
  const first = signature.subarray(0, 32);
  const challenge = littleEndian(sha512(concat(first, key, message))) % Point.Fn.ORDER;
  const expected = Point.BASE.multiplyUnsafe(littleEndian(signature.subarray(32)));
  return equal(expected.subtract(Point.fromHex(key).multiplyUnsafe(challenge)).toBytes(), first);
}

export function p256(key, signature, message) {
  return noble256.verify(signature, message, key, { prehash: true, lowS: true });
}

/** The shared secret, zeros where the other key is of small order. */
export function x25519(secret, key) {
  try {
    return nobleX25519.getSharedSecret(secret, key);
  } catch (error) {
    return new Uint8Array(32);
  }
}
