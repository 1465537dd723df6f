/**
 * Ed25519, P-256 and X25519: what a public key must be (spec section 4), and the three operations of a reader.
 *
 * WebCrypto computes where the browser has the curve, and vendor/ (@noble) where it has not. What implementations are known to judge
 * differently is decided here, before either: degenerate keys, S out of range, the high form of an ECDSA signature.
 */

import { bigEndian, concat, fromHex, littleEndian } from "./bytes.js";

const P_25519 = 2n ** 255n - 19n;
const ORDER_25519 = 2n ** 252n + 27742317777372353535851937790883648493n;
const D_25519 = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const A_25519 = 486662n;
const P_256 = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B_256 = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ORDER_256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** A public key that signatures are checked with: 32 bytes are Ed25519, 33 are P-256; canonical, on its curve, not of small order. */
export function isSigningKey(key) {
  if (key.length === 32) {
    const y = littleEndian(key) & (2n ** 255n - 1n);
    const square = (y * y) % P_25519;
    const smallOrder = (y * (square - 1n) * (D_25519 * square * square + 2n * square - 1n)) % P_25519 === 0n; // 4; 1, 2; 8
    return y < P_25519 && !smallOrder && power((square - 1n) * (D_25519 * square + 1n), (P_25519 - 1n) / 2n, P_25519) === 1n;
  }
  if (key.length !== 33 || (key[0] !== 2 && key[0] !== 3)) return false;
  const x = bigEndian(key.subarray(1));
  return x < P_256 && power(curve256(x), (P_256 - 1n) / 2n, P_256) === 1n;
}

/** A public key of 32 bytes that can be sealed to: under one of small order every shared secret is zero. */
export function isSealingKey(key) {
  let [x, z] = [littleEndian(key) & (2n ** 255n - 1n), 1n];
  for (let doubling = 0; doubling < 3; doubling += 1) {
    const [xx, xz, zz] = [x * x, x * z, z * z];
    [x, z] = [(xx - zz) ** 2n % P_25519, (4n * xz * (xx + A_25519 * xz + zz)) % P_25519];
  }
  return key.length === 32 && z !== 0n;
}

/**
 * `{ verify(key, signature, message), shared(secret, key) }`: whether a signature fits, and the X25519 shared secret (null where it is
 * zero). With `webcrypto` false everything is computed by @noble, which must give the same answers.
 */
export async function loadCurves({ webcrypto = true } = {}) {
  const native = {
    ed25519: webcrypto && (await supported(() => crypto.subtle.importKey("raw", BASE_POINT, "Ed25519", false, ["verify"]))) && webEd25519,
    p256: webcrypto && webP256,
    x25519: webcrypto && (await supported(() => webX25519(BASE_SCALAR, NINE))) && webX25519,
  };
  const others = native.ed25519 && native.p256 && native.x25519 ? null : await import("./fallback.js");
  const ed25519 = native.ed25519 || others.ed25519;
  const p256 = native.p256 || others.p256;
  const x25519 = native.x25519 || others.x25519;
  return {
    async verify(key, signature, message) {
      const [first, second] = [signature.subarray(0, 32), signature.subarray(32)];
      if (key.length === 32) return littleEndian(second) < ORDER_25519 && ed25519(key, signature, message);
      const [r, s] = [bigEndian(first), bigEndian(second)];
      if (r === 0n || r >= ORDER_256 || s === 0n || s > ORDER_256 / 2n) return false;
      return p256(uncompressed(key), signature, message);
    },
    async shared(secret, key) {
      const bytes = await x25519(secret, key);
      return bytes.some((byte) => byte !== 0) ? bytes : null;
    },
    /** The public half of an X25519 secret. */
    publicHalf(secret) {
      return x25519(secret, NINE);
    },
  };
}

const NINE = Uint8Array.from({ length: 32 }, (_, n) => (n === 0 ? 9 : 0));
const BASE_SCALAR = new Uint8Array(32).fill(8);
const BASE_POINT = Uint8Array.from({ length: 32 }, (_, n) => (n === 0 ? 0x58 : 0x66));
const PKCS8_X25519 = fromHex("302e020100300506032b656e04220420");

async function supported(attempt) {
  try {
    await attempt();
    return true;
  } catch (error) {
    return false; // NotSupportedError, or a TypeError where the name itself is unknown
  }
}

async function webEd25519(key, signature, message) {
  const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, signature, message);
}

async function webP256(key, signature, message) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, signature, message);
}

async function webX25519(secret, key) {
  const own = await crypto.subtle.importKey("pkcs8", concat(PKCS8_X25519, secret), "X25519", false, ["deriveBits"]);
  const other = await crypto.subtle.importKey("raw", key, "X25519", false, []);
  try {
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: other }, own, 256));
  } catch (error) {
    if (error.name === "OperationError") return new Uint8Array(32); // how WebCrypto says that the secret is zero
    throw error;
  }
}

/** The 65 bytes of a compressed P-256 key, which not every WebCrypto takes. */
export function uncompressed(key) {
  const x = bigEndian(key.subarray(1));
  const root = power(curve256(x), (P_256 + 1n) / 4n, P_256);
  const y = (root & 1n) === BigInt(key[0] & 1) ? root : P_256 - root;
  return concat(Uint8Array.of(4), key.subarray(1), fromHex(y.toString(16).padStart(64, "0")));
}

function curve256(x) {
  return (x * x * x - 3n * x + B_256) % P_256;
}

function power(base, exponent, modulus) {
  let [result, square] = [1n, ((base % modulus) + modulus) % modulus];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
