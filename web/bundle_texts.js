/** A trust bundle in QR symbols on a screen (spec section 9.1): one text, or numbered ones. */

import { concat, equal, hex, sha256 } from "./bytes.js";
import { dumps, loads } from "./cbor.js";
import { TrustError } from "./errors.js";
import { base45Decode, base45Encode, LONGEST_TEXT } from "./symbol.js";
import { orTrustError, TrustBundle } from "./trust.js";

const PREFIXES = { real: "MCHB1:", test: "MCTB1:" };
const MOST = 175;
const CHECKSUM = 8; // bytes
const PER_SYMBOL = 1500; // bytes: version 33 at level M, which a phone reads from a screen

/**
 * What one symbol holds: `{ network, of, number, checksum, bytes }`; `of` is 1 for a bundle whole. Raises TrustError.
 *
 * Texts with the same `network`, `of` and `checksum` belong together.
 */
export async function parseBundleText(text) {
  const network = Object.keys(PREFIXES).find((name) => text.startsWith(PREFIXES[name]));
  const bytes = network && text.length <= LONGEST_TEXT ? base45Decode(text.slice(PREFIXES[network].length)) : null;
  if (!bytes) throw new TrustError("not a symbol of a trust bundle");
  const item = await orTrustError(() => loads(bytes));
  if (Array.isArray(item) && item.length === 3) return { network, of: 1, number: 1, checksum: "", bytes };
  if (!Array.isArray(item) || item.length !== 4) throw new TrustError("neither a trust bundle nor a piece of one");
  const [number, of, checksum, share] = item;
  const counted = Number.isInteger(number) && Number.isInteger(of) && of >= 2 && of <= MOST && number >= 1 && number <= of;
  if (!counted || !(checksum instanceof Uint8Array) || checksum.length !== CHECKSUM || !(share instanceof Uint8Array)) {
    throw new TrustError("a piece of another form");
  }
  return { network, of, number, checksum: hex(checksum), bytes: share };
}

/** The bundle that these texts make up, in any order, copies allowed; `options` as of `TrustBundle.load`. Raises TrustError. */
export async function bundleFromTexts(texts, options) {
  const found = await Promise.all(texts.map(parseBundleText));
  if (found.length === 0) throw new TrustError("no symbol of a trust bundle");
  const [{ network, of, checksum }] = found;
  const shares = new Map();
  for (const piece of found) {
    const ofOne = piece.network === network && piece.of === of && piece.checksum === checksum;
    const copy = shares.get(piece.number) || piece.bytes;
    if (!ofOne || !equal(copy, piece.bytes)) throw new TrustError("symbols of several trust bundles");
    shares.set(piece.number, piece.bytes);
  }
  if (shares.size < of) throw new TrustError(`${of - shares.size} of ${of} symbols are missing`);
  const raw = concat(...Array.from({ length: of }, (_, n) => shares.get(n + 1)));
  if (of > 1 && hex((await sha256(raw)).subarray(0, CHECKSUM)) !== checksum) throw new TrustError("symbols that do not fit each other");
  const bundle = await TrustBundle.load(raw, options);
  if (bundle.network !== network) throw new TrustError("a bundle of the other network");
  return bundle;
}

/** The texts of the symbols that hold a bundle, of nearly equal length. */
export async function bundleTexts({ raw, network }) {
  const of = Math.ceil(raw.length / PER_SYMBOL);
  if (of === 1) return [PREFIXES[network] + base45Encode(raw)];
  const size = Math.ceil(raw.length / of);
  const checksum = (await sha256(raw)).subarray(0, CHECKSUM);
  const share = (n) => dumps([n + 1, of, checksum, raw.subarray(n * size, (n + 1) * size)]);
  return Array.from({ length: of }, (_, n) => PREFIXES[network] + base45Encode(share(n)));
}
