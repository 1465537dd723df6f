/** Opening a sealed part: HPKE (RFC 9180), base mode, X25519, HKDF-SHA256, AES-256-GCM (spec section 11, M90 to M93). */

import { concat, equal, fromHex, utf8 } from "./bytes.js";
import { NoSealingKey, SealError } from "./errors.js";
import { thumbprint } from "./sign.js";

const KID = 2; // bytes
const ENC = 32;
const BLOCK = 64;
const TAG = 16;
const KEM = concat(utf8("KEM"), fromHex("0020"));
const SUITE = concat(utf8("HPKE"), fromHex("002000010002"));
const EMPTY = new Uint8Array(0);

/**
 * The content that is sealed to one of `secrets`, its padding taken away.
 *
 * Raises NoSealingKey where none of them has the kid, SealError where it does not open.
 */
export async function openSealed(sealed, secrets, network, cardId, curves) {
  const blocks = (sealed.length - KID - ENC - TAG) / BLOCK;
  if (blocks < 1 || !Number.isInteger(blocks)) throw new SealError("a sealed part of another size");
  const info = concat(utf8(`${network === "test" ? "healthcard-test/0" : "healthcard/0"}/sealed`), cardId);
  let held = false;
  for (const secret of secrets) {
    const own = await curves.publicHalf(secret);
    if (!equal((await thumbprint(own, "04")).subarray(0, KID), sealed.subarray(0, KID))) continue;
    held = true;
    const plaintext = await open(sealed.subarray(KID), secret, own, info, curves);
    if (plaintext) return unpadded(plaintext);
  }
  throw held ? new SealError("the sealed part does not open") : new NoSealingKey("sealed to another key");
}

function unpadded(plaintext) {
  let end = plaintext.length;
  while (end > 0 && plaintext[end - 1] === 0) end -= 1;
  if (plaintext[end - 1] !== 0x80) throw new SealError("padding of another form");
  return plaintext.subarray(0, end - 1);
}

/** The plaintext, null where it does not open. */
async function open(message, secret, own, info, curves) {
  const [enc, ciphertext] = [message.subarray(0, ENC), message.subarray(ENC)];
  const agreed = await curves.shared(secret, enc);
  if (!agreed) return null;
  const prk = await extract(EMPTY, KEM, "eae_prk", agreed);
  const shared = await expand(prk, KEM, "shared_secret", concat(enc, own), 32);
  const hashes = [await extract(EMPTY, SUITE, "psk_id_hash", EMPTY), await extract(EMPTY, SUITE, "info_hash", info)];
  const context = concat(Uint8Array.of(0), ...hashes);
  const schedule = await extract(shared, SUITE, "secret", EMPTY);
  const key = await crypto.subtle.importKey("raw", await expand(schedule, SUITE, "key", context, 32), "AES-GCM", false, ["decrypt"]);
  const iv = await expand(schedule, SUITE, "base_nonce", context, 12);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, ciphertext));
  } catch (error) {
    if (error.name === "OperationError") return null;
    throw error;
  }
}

function extract(salt, suite, label, material) {
  return hmac(salt.length > 0 ? salt : new Uint8Array(32), concat(utf8("HPKE-v1"), suite, utf8(label), material));
}

/** At most 32 bytes, which is one round of HKDF. */
async function expand(key, suite, label, info, length) {
  const labelled = concat(Uint8Array.of(0, length), utf8("HPKE-v1"), suite, utf8(label), info);
  return (await hmac(key, concat(labelled, Uint8Array.of(1)))).subarray(0, length);
}

async function hmac(key, message) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}
