/** Key files at rest (healthcard/keyfile.py): JSON, the secret wrapped with Argon2id and AES-256-GCM. */

import { equal, fromHex, utf8 } from "./bytes.js";
import { KeyFileError, WrongPassphrase } from "./errors.js";
import { canonical } from "./record.js";

const LARGEST = 4096; // characters of a file
const MOST_MEMORY_KIB = 1024 * 1024; // what a file may ask of us
const MOST_PASSES = 16;
const MOST_LANES = 16;
const OPEN_HALF = ["purpose", "network", "label", "algorithm", "public"];

/**
 * The X25519 secret in the text of an epoch's key file. Raises KeyFileError, WrongPassphrase.
 *
 * Takes seconds and 64 MiB on purpose; `progress(done)` hears how much is done, 0 to 1, a hundred times.
 */
export async function epochSecret(text, passphrase, network, curves, progress = () => {}) {
  const content = parsed(text);
  if (content.purpose !== "epoch" || content.algorithm !== "X25519") throw new KeyFileError("a key for something else");
  if (content.network !== network) throw new KeyFileError("a key of another network than the trust bundle");
  const secret = await unwrapped(content, passphrase, progress);
  if (secret.length !== 32 || !equal(await curves.publicHalf(secret), field(content.public))) {
    throw new KeyFileError("the public key is not that of the secret");
  }
  return secret;
}

function parsed(text) {
  try {
    const content = text.length <= LARGEST ? JSON.parse(text) : null;
    if (content && content["healthcard-key"] === 1) return content;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new KeyFileError("not a key file");
}

async function unwrapped(content, passphrase, progress) {
  const [nonce, wrapped] = [field(content.nonce), field(content.wrapped)];
  const openHalf = Object.fromEntries(OPEN_HALF.map((name) => [name, content[name]]));
  const bits = await derived(passphrase, content.argon2id || {}, progress);
  const key = await crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["decrypt"]);
  try {
    const options = { name: "AES-GCM", iv: nonce, additionalData: utf8(canonical(openHalf)) };
    return new Uint8Array(await crypto.subtle.decrypt(options, key, wrapped));
  } catch (error) {
    if (error.name === "OperationError") throw new WrongPassphrase("wrong passphrase, or the file was changed");
    throw error;
  }
}

async function derived(passphrase, { memory_kib: memory, passes, lanes, salt }, progress) {
  within(memory, 8, MOST_MEMORY_KIB);
  within(passes, 1, MOST_PASSES);
  within(lanes, 1, MOST_LANES);
  const { argon2idAsync } = await import("./vendor/noble-hashes/argon2.js");
  let said = 0;
  const onProgress = (done) => {
    if (done < said + 0.01) return;
    said = done;
    progress(done);
  };
  return argon2idAsync(utf8(passphrase), field(salt), { m: memory, t: passes, p: lanes, dkLen: 32, onProgress });
}

function within(number, low, high) {
  if (!Number.isInteger(number) || number < low || number > high) throw new KeyFileError("not a key file");
}

/** The bytes of a field in hex. */
function field(text) {
  const bytes = typeof text === "string" ? fromHex(text) : null;
  if (!bytes) throw new KeyFileError("not a key file");
  return bytes;
}
