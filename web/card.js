/**
 * The pipeline of a reader: card texts -> one reading, with the verdict first (spec section 8).
 *
 * A reading is the JSON that library, command line and service give; `handover` stands in it where the clinic's tables are given.
 */

import { dayOf, equal, hex, isoDate } from "./bytes.js";
import { handover } from "./clinic/handover.js";
import { decode } from "./codec.js";
import { CardError, NoSealingKey, NotAuthorised, SealError, UnknownIssuer, Withdrawn } from "./errors.js";
import { merge } from "./merge.js";
import { Speller } from "./record.js";
import { openSealed } from "./seal.js";
import { join } from "./sealed.js";
import { aad, inspect, toBeSigned, verify } from "./sign.js";
import { parseCardText } from "./symbol.js";
import { CONTINUE, ISSUE, isListed } from "./trust.js";

/** From the first that applies; `verified` is what is left. */
export const VERDICTS = ["unreadable", "newer-version", "unknown-issuer", "altered", "not-authorised", "withdrawn", "verified"];
export const NOTICES = ["old-bundle", "clock", "retired-key", "unknown-code", "implausible-value", "copied", "superseded"];

/**
 * What one or several card texts say; never raises for their content.
 *
 * `now` is the device's date, "2026-03-03". A clock before the bundle's own date, or before `newestCard`, is not believed: the latter is
 * what `newestCard` gave after the last reading (M64). `unseal` are the epoch secrets that this reader holds, 32 bytes each.
 *
 * In no JSON: `shown`, the merged card that the record is of (merge.js), undefined where nothing could be read; `clockBehind`, whether
 * the device's date was not believed.
 */
export async function read(texts, { bundle, now, known, curves, tables = null, newestCard: newest = null, unseal = [] }) {
  const today = dayOf(now);
  const earliest = newest === null ? bundle.issued : Math.max(bundle.issued, dayOf(newest));
  const floor = Math.max(today, earliest);
  let parts = await Promise.all(Array.from(new Set(texts), (text) => readPart(text, { bundle, floor, known, curves, unseal })));
  const replaced = parts.filter(({ previous, verdict }) => previous && verdict === "verified").map(({ previous }) => previous);
  parts = parts.map((part) => superseded(part, replaced));

  const notices = new Set(parts.flatMap((part) => part.notices));
  if (floor > bundle.expires) notices.add("old-bundle");
  const clockBehind = today < earliest;
  if (clockBehind) notices.add("clock");
  const cards = merge(parts.filter(({ part }) => part), known);
  const top = parts.reduce((first, part) => (VERDICTS.indexOf(part.verdict) < VERDICTS.indexOf(first.verdict) ? part : first));
  const [shown] = cards;
  const reading = {
    verdict: top.verdict,
    notices: inOrder(notices),
    issuer: shown ? shown.issuer : top.issuer,
    issued: shown ? isoDate(shown.issued) : null,
    bundle_age_days: floor - bundle.issued,
    record: shown ? shown.record : null,
    ...(tables ? { handover: shown ? handover({ ...shown, verdict: top.verdict }, isoDate(floor), tables) : null } : {}),
    parts: parts.map(partJson),
    ...(shown && shown.parts.length > 1 ? ofSeveral(shown) : {}),
    ...(cards.length > 1 ? { other_cards: cards.length - 1 } : {}),
  };
  return Object.defineProperties(reading, { shown: { value: shown }, clockBehind: { value: clockBehind } });
}

/**
 * The newest day of issue of a verified card, `before` included, null where there is none: what a device keeps against a wrong clock.
 *
 * A card dated after now is no witness against a date that is believed: else one station that is ahead would move every reader.
 */
export function newestCard({ parts, clockBehind }, before = null) {
  const verified = parts.filter(({ verdict }) => verdict === "verified");
  const seen = verified.filter(({ notices }) => clockBehind || !notices.includes("clock")).map(({ issued }) => issued);
  return [...seen, before].reduce((newest, date) => (newest === null || (date !== null && date > newest) ? date : newest));
}

function ofSeveral({ unverified, whichChild }) {
  return { ...(unverified.length > 0 ? { unverified } : {}), ...(whichChild.length > 0 ? { which_child: whichChild } : {}) };
}

function superseded(reading, replaced) {
  const named = reading.part && replaced.some((id) => equal(id, reading.part.id));
  return named ? { ...reading, notices: [...reading.notices, "superseded"] } : reading;
}

/** The verdict on one card text, and what it says. */
async function readPart(text, { bundle, floor, known, curves, unseal }) {
  let [part, record, match, speller] = [null, null, null, null];
  let [verdict, reason] = ["verified", ""];
  try {
    const { network, token } = parseCardText(text);
    const message = inspect(token);
    const decoded = decode(message.payload);
    speller = new Speller((number) => bundle.organisationName(number), known);
    record = speller.record(decoded);
    part = decoded;
    if (network !== bundle.network) throw new UnknownIssuer(`${network === "test" ? "" : "not "}a card of the test network`);
    const external = aad(network, "card");
    match = await verify(message, bundle.keys, external, curves);
    await judge(part, match, bundle, toBeSigned(message.header, external, message.payload));
  } catch (error) {
    if (!(error instanceof CardError)) throw error;
    [verdict, reason] = [error.code, error.message];
  }
  const issuer = match ? match.organisation.name : null;
  const seal = part && part.sealed.length > 0 ? "closed" : "none";
  const reading = { verdict, notices: [], reason, issuer, part, record, seal, previous: null };
  if (!part) return reading;
  const opened = reading.seal === "closed" && unseal.length > 0 ? await openPart(reading, { bundle, known, curves, unseal }) : reading;
  return { ...opened, notices: partNotices(opened, opened.speller || speller, match, floor) };
}

/** `reading` with the sealed entries in its part, where a secret opens them; a seal that does not read changes no verdict. */
async function openPart(reading, { bundle, known, curves, unseal }) {
  const { part } = reading;
  try {
    const { previous, part: joined } = join(part, await openSealed(part.sealed, unseal, bundle.network, part.id, curves));
    const speller = new Speller((number) => bundle.organisationName(number), known);
    const record = speller.record(joined);
    return { ...reading, record, previous, seal: "opened", speller };
  } catch (error) {
    if (error instanceof NoSealingKey) return reading;
    if (error instanceof SealError || error instanceof CardError) return { ...reading, seal: "damaged" };
    throw error;
  }
}

/** Raises NotAuthorised or Withdrawn where the right signature is not enough. */
async function judge(part, { station, organisation, revoked }, bundle, covered) {
  const scope = part.kind === "card" ? ISSUE : CONTINUE;
  if ((station.scope & scope) === 0 || part.issued < station.first || part.issued > station.last) {
    throw new NotAuthorised("outside the scope or window of the station's key");
  }
  if (await bundle.withdrew(part.id)) throw new Withdrawn("the card was withdrawn");
  if (organisation.delisted !== null) throw new Withdrawn("its organisation was delisted");
  if (revoked && !revoked.listed && revoked.day <= part.issued) throw new Withdrawn("its key was revoked");
  if (revoked && revoked.listed && !(await isListed(covered, revoked.listed))) {
    throw new Withdrawn("its key counts only for listed cards, and this is not one");
  }
}

function partNotices({ part, record, issuer }, { unknownCode, implausible }, match, floor) {
  const found = new Set();
  if (part.issued > floor) found.add("clock");
  if (match && match.station.last < floor) found.add("retired-key");
  if (unknownCode) found.add("unknown-code");
  if (implausible) found.add("implausible-value");
  const own = [undefined, "holder", "withheld", issuer];
  const sources = record.people.flatMap((person) => [person.history_source, ...person.contacts.map((contact) => contact.source)]);
  if (sources.some((source) => !own.includes(source))) found.add("copied");
  return inOrder(found);
}

function inOrder(found) {
  return NOTICES.filter((notice) => found.has(notice));
}

function partJson({ verdict, notices, reason, issuer, part, seal }) {
  const said = { verdict, notices, reason, issuer };
  if (!part) return said;
  const about = { kind: part.kind, id: hex(part.id), issued: isoDate(part.issued), sealed: seal };
  return { ...said, ...about, ...(part.continues ? { continues: hex(part.continues) } : {}) };
}
