/**
 * A station key that lives in this phone: P-256, made here, never to be taken out (healthcard/sign.py signs the same with key files).
 *
 * Its public half goes to the organisation, which lists it in the trust bundle; until then it can sign nothing that is believed.
 */

import { bigEndian, concat, fromHex, hex } from "./bytes.js";
import { dumps } from "./cbor.js";
import { aad, thumbprint, toBeSigned } from "./sign.js";

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/** `{ pair, publicKey }`: the key as IndexedDB keeps it, and its 33 compressed bytes. */
export async function generate() {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { pair, publicKey: concat(Uint8Array.of(2 + (point[64] & 1)), point.subarray(1, 33)) };
}

/** The token of a COSE_Sign1 over `payload` (spec section 4), with the low of the two signatures. */
export async function sign(payload, { pair, publicKey }, network) {
  const kid = (await thumbprint(publicKey)).subarray(0, 4);
  const header = concat(fromHex("a201280444"), kid);
  const covered = toBeSigned(header, aad(network, "card"), payload);
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, covered));
  return concat(fromHex("8449"), header, fromHex("a0"), dumps(payload), fromHex("5840"), low(signature));
}

function low(signature) {
  const s = bigEndian(signature.subarray(32));
  return s > ORDER / 2n ? concat(signature.subarray(0, 32), fromHex((ORDER - s).toString(16).padStart(64, "0"))) : signature;
}

/** The station of `publicKey` in `bundle`, if it is listed: { station, organisation, revoked }. */
export function stationOf(publicKey, bundle) {
  return bundle.keys.find(({ key }) => hex(key) === hex(publicKey)) || null;
}
