/** The trust bundle (spec section 9): who may sign, for how long, and what was withdrawn; all of it is believed, or none. */

import { ascending, compare, concat, equal, hex, pieces, sha256 } from "./bytes.js";
import { CborError, dumps, loads } from "./cbor.js";
import { isSealingKey, isSigningKey } from "./curves.js";
import { CardError, Rollback, TrustError } from "./errors.js";
import { aad, inspect, isHeader, meant, thumbprint, toBeSignedByRoot, verify } from "./sign.js";

export const ISSUE = 1;
export const CONTINUE = 2;
const NETWORKS = ["real", "test"];
const LARGEST = 256 * 1024; // bytes
const LAST_DAY = 65535;
const LONGEST = 65536; // days
const LARGEST_INTEGER = 2 ** 31 - 1;
const NAME = /^[a-z][a-z0-9-]{1,15}$/;
const RESERVED = ["holder", "withheld"];
const LARGEST_ROOT = 16; // keys
const ORGANISATIONS = [3, 999_999];
const CARD_HASH = 5; // bytes
const KEY_HASH = 8;
const LISTED_HASH = 16;

export class TrustBundle {
  /**
   * The bundle that `raw` is. Raises TrustError.
   *
   * `published` are the test keys that everybody knows (data/published_keys.json, hex), which a real network refuses.
   */
  static async load(raw, { curves, published }) {
    need(raw.length <= LARGEST, "more than 256 KiB");
    const item = await orTrustError(() => loads(raw));
    need(Array.isArray(item) && item.length === 3, "not a trust bundle");
    const bundle = new TrustBundle();
    bundle.raw = raw;
    bundle.network = NETWORKS[integer(item[0], 0, 1)];
    const key = keyReader(bundle.network === "real" ? new Set(published) : new Set());
    bundle.roots = await readRoots(item[1], bundle.network, key, curves);
    const payload = await readSigned(item[2], aad(bundle.network, "bundle"), bundle.roots.slice(-1), curves);
    await bundle.readContent(await orTrustError(() => loads(payload)), key, curves);
    return bundle;
  }

  async readContent(content, key, curves) {
    need(Array.isArray(content) && content.length === 7, "content of another form");
    const [version, issued, expires, organisations, withdrawn, revoked, sealing] = content;
    integer(version, 0, LARGEST_INTEGER);
    integer(issued, 0, LAST_DAY);
    integer(expires, issued, LAST_DAY);
    Object.assign(this, { version, issued, expires });
    this.organisations = [];
    for (const item of list(organisations)) this.organisations.push(await readOrganisation(item, this.network, key, curves));
    need(ascending(this.organisations.map(({ number }) => number), byNumber), "organisations out of order");
    once(this.organisations.map(({ name }) => name));
    once(this.organisations.flatMap(({ key: own, stations }) => [own, ...stations.map((station) => station.key)]).map(hex));
    this.withdrawn = readWithdrawn(withdrawn, issued);
    this.revoked = readRevoked(revoked);
    readSealing(sealing);
    this.names = new Map(this.organisations.map(({ number, name }) => [number, name]));
    /** Every station's key: { key, kid, station, organisation, revoked }. */
    this.keys = [];
    for (const organisation of this.organisations) {
      for (const station of organisation.stations) {
        const print = await thumbprint(station.key);
        const revocation = this.revoked.get(hex(print.subarray(0, KEY_HASH))) || null;
        this.keys.push({ key: station.key, kid: print.subarray(0, 4), station, organisation, revoked: revocation });
      }
    }
  }

  /** `newer` in the place of this bundle. Raises Rollback where it is older, TrustError where it is no successor. */
  update(newer) {
    const [held, given] = [this.roots, newer.roots.slice(0, this.roots.length)].map((roots) => dumps(roots.map(rootItem)));
    need(newer.network === this.network && equal(held, given), "not of the network or the roots held");
    if (newer.version < this.version) throw new Rollback("older than the bundle held");
    need(newer.version > this.version || equal(newer.raw, this.raw), "the same version with other content");
    return newer;
  }

  /** Whether a card with this id was withdrawn. */
  async withdrew(id) {
    return this.withdrawn.has(hex((await sha256(id)).subarray(0, CARD_HASH)));
  }

  /** The short name of an organisation; undefined where this bundle has none. */
  organisationName(number) {
    return this.names.get(number);
  }
}

/** Whether a part whose signature covers these bytes is in an issued list. */
export async function isListed(covered, listed) {
  return listed.has(hex((await sha256(covered)).subarray(0, LISTED_HASH)));
}

/** The first root, then one for each rotation. */
async function readRoots(items, network, key, curves) {
  need(Array.isArray(items) && items.length > 0, "no root");
  const roots = [readRoot(items[0], key)];
  for (const [at, item] of items.slice(1).entries()) {
    const [payload] = list(item);
    need(payload instanceof Uint8Array, "a rotation of another form");
    const [version, ...next] = list(await orTrustError(() => loads(payload)));
    need(version === at + 2, "a rotation out of order");
    roots.push(readRoot(next, key));
    await readSigned(item, aad(network, "root"), roots.slice(-2), curves);
  }
  return roots;
}

function readRoot(item, key) {
  const [threshold, ...keys] = list(item);
  need(keys.length <= LARGEST_ROOT, "more than 16 keys of the root");
  integer(threshold, 1, keys.length);
  once(keys.map((one) => hex(key(one))));
  return { threshold, keys };
}

function rootItem({ threshold, keys }) {
  return [threshold, ...keys];
}

/** The payload of a message that each of `roots` has signed by its threshold. */
async function readSigned(item, external, roots, curves) {
  const [payload, ...rest] = list(item);
  need(payload instanceof Uint8Array && rest.length % 2 === 0, "a signed message of another form");
  const pairs = Array.from({ length: rest.length / 2 }, (_, n) => rest.slice(2 * n, 2 * n + 2));
  const formed = ([header, signature]) =>
    header instanceof Uint8Array && signature instanceof Uint8Array && isHeader(header) && signature.length === 64;
  need(pairs.every(formed) && ascending(pairs.map((pair) => concat(...pair))), "signatures of another form or order");
  const keys = new Map(roots.flatMap((root) => root.keys).map((key) => [hex(key), key]));
  const candidates = await Promise.all(Array.from(keys.values(), async (key) => ({ key, kid: (await thumbprint(key)).subarray(0, 4) })));
  const signed = new Set();
  for (const [header, signature] of pairs) {
    const covered = toBeSignedByRoot(header, external, payload);
    let by = null;
    for (const { key } of meant(header, candidates)) {
      if (by === null && (await curves.verify(key, signature, covered))) by = hex(key);
    }
    need(by !== null && !signed.has(by), "a signature that is wrong, or the second of a key");
    signed.add(by);
  }
  for (const { threshold, keys: own } of roots) {
    need(own.filter((key) => signed.has(hex(key))).length >= threshold, "too few signatures of the root");
  }
  return payload;
}

async function readOrganisation(item, network, key, curves) {
  need(Array.isArray(item) && item.length === 7, "an organisation of another form");
  const [number, nameBytes, own, first, days, delisted, token] = item;
  integer(number, ...ORGANISATIONS);
  need(nameBytes instanceof Uint8Array, "a name of another form");
  const name = String.fromCharCode(...nameBytes.subarray(0, 17));
  need(NAME.test(name) && !RESERVED.includes(name), "a name of another form");
  key(own);
  const last = window(first, days);
  if (delisted !== null) integer(delisted, 0, LAST_DAY);
  need(token instanceof Uint8Array, "stations of another form");
  const stations = token.length > 0 ? await readStations(token, number, own, network, key, curves) : [];
  return { number, name, key: own, first, last, delisted, stations };
}

async function readStations(token, number, own, network, key, curves) {
  const signer = { key: own, kid: (await thumbprint(own)).subarray(0, 4) };
  const payload = await orTrustError(async () => {
    const message = inspect(token);
    await verify(message, [signer], aad(network, "stations"), curves);
    return loads(message.payload);
  });
  const [owner, sequence, ...periods] = list(payload);
  need(owner === number, "stations of another organisation");
  integer(sequence, 0, LARGEST_INTEGER);
  const read = periods.map((period) => readPeriod(period, key));
  need(ascending(read, (a, b) => a.first - b.first || a.last - b.last), "periods out of order");
  const stations = read.flatMap(({ first, last, listed }) => listed.map((station) => ({ ...station, first, last })));
  once(stations.map((station) => station.number));
  return stations;
}

function readPeriod(item, key) {
  const [first, days, ...items] = list(item);
  const last = window(first, days);
  const listed = items.map((station) => {
    need(Array.isArray(station) && station.length === 3, "a station of another form");
    const [number, scope, own] = station;
    integer(number, 0, LARGEST_INTEGER);
    integer(scope, 1, 7);
    return { number, scope, key: key(own) };
  });
  need(listed.length > 0 && ascending(listed.map(({ number }) => number), byNumber), "stations out of order");
  return { first, last, listed };
}

/** The day of each withdrawn card by its hash. */
function readWithdrawn(item, issued) {
  const [joined, ...ages] = list(item);
  const hashes = split(joined, CARD_HASH);
  need(hashes.length === ages.length, "withdrawn cards without a day");
  return new Map(hashes.map((hash, n) => [hex(hash), issued + 1 - integer(ages[n], 1, issued + 1)]));
}

/** Day and issued list, null where there is none, of each revoked key by its hash. */
function readRevoked(items) {
  const entries = list(items).map((item) => {
    need(Array.isArray(item) && (item.length === 2 || item.length === 3), "a revoked key of another form");
    const [hash, day, listed] = item;
    need(hash instanceof Uint8Array && hash.length === KEY_HASH, "a key hash of another form");
    integer(day, 0, LAST_DAY);
    return [hash, { day, listed: item.length === 3 ? new Set(split(listed, LISTED_HASH).map(hex)) : null }];
  });
  need(ascending(entries.map(([hash]) => hash)), "revoked keys out of order");
  return new Map(entries.map(([hash, revocation]) => [hex(hash), revocation]));
}

function readSealing(items) {
  const keys = list(items).map((item) => {
    need(Array.isArray(item) && item.length === 3, "a sealing key of another form");
    const [first, days, key] = item;
    window(first, days);
    need(key instanceof Uint8Array && isSealingKey(key), "a sealing key that can't be used");
    return { first, key };
  });
  need(ascending(keys, (a, b) => a.first - b.first || compare(a.key, b.key)), "sealing keys out of order");
}

/** Reads a public key; refuses those in `published`. */
function keyReader(published) {
  return (item) => {
    need(item instanceof Uint8Array && isSigningKey(item), "a key that can't be used");
    need(!published.has(hex(item)), "a published test key in a real network");
    return item;
  };
}

function window(first, days) {
  return integer(first, 0, LAST_DAY) + integer(days, 1, LONGEST) - 1;
}

function split(joined, size) {
  need(joined instanceof Uint8Array && joined.length % size === 0, "hashes of another length");
  const hashes = pieces(joined, size);
  need(ascending(hashes), "hashes out of order");
  return hashes;
}

function list(item) {
  need(Array.isArray(item), "another form");
  return item;
}

function integer(item, low, high) {
  need(typeof item === "number" && low <= item && item <= high, "a number out of range");
  return item;
}

function once(items) {
  need(new Set(items).size === items.length, "a key, name or number twice");
}

function byNumber(a, b) {
  return a - b;
}

function need(condition, message) {
  if (!condition) throw new TrustError(message);
}

/** What `read` gives; raises TrustError for bytes that can't be read. */
export async function orTrustError(read) {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CborError || error instanceof CardError) throw new TrustError(error.message);
    throw error;
  }
}
