/** Add a contact offline: this phone's own key signs a continuation, shown as a code and printed as a sticker (V7). */

import { dayOf, hex } from "../bytes.js";
import { read } from "../card.js";
import { fired } from "../clinic/rules.js";
import { continuation, heldCard } from "../continuing.js";
import { latest } from "../days.js";
import { RecordError } from "../errors.js";
import { generate, sign, stationOf } from "../signer.js";
import { cardText } from "../symbol.js";
import { CONTINUE } from "../trust.js";
import { Words } from "../words/wording.js";
import { button, h, show } from "./dom.js";
import { keep, persist, recall } from "./memory.js";
import { symbolSvg } from "./symbols.js";
import { fits } from "./tables.js";

const QUARTERS = Array.from({ length: 96 }, (_, n) => [n >> 2, (n % 4) * 15].map((part) => String(part).padStart(2, "0")).join(":"));
const OPEN = 1; // the highest sensitivity that may stand on a card in the open
const KINDS = ["medicine", "vaccine", "service", "finding", "observation"];
const TABLES = { medicine: "medicines", vaccine: "vaccines", service: "services", finding: "findings" };

/** The form, or what this phone still lacks. */
export async function addScreen(app) {
  const { page, issuers, reading } = app;
  const key = await recall("station-key");
  if (app.reading !== reading) return; // cleared while it looked
  if (reading.other_cards) return message(app, page.say("add_one_card"));
  const held = heldCard(reading);
  if (!held) return message(app, page.say("add_needs_card"));
  if (app.today() < latest([issuers.bundle.issuedOn, app.newestCard])) return message(app, page.say("add_clock"));
  if (!key) return keyScreen(app, null);
  const match = stationOf(key.publicKey, issuers.bundle);
  const today = dayOf(app.today());
  const may = match && !match.revoked && match.organisation.delisted === null && (match.station.scope & CONTINUE) !== 0;
  if (!may || today < match.station.first || today > match.station.last) return keyScreen(app, key);
  return formScreen(app, key, held);
}

function message(app, text) {
  show(h("h1", {}, app.page.say("add_contact")), h("p", {}, text), button(app.page.say("back"), () => app.showReading()));
}

/** The key of this phone: made once, its public half for the focal point to list. */
function keyScreen(app, key) {
  const { page } = app;
  const problem = h("p", { role: "alert", className: "problem" });
  const make = async ({ target }) => {
    target.disabled = true; // a second touch makes no second key
    const made = (await recall("station-key")) || (await generate()); // another page of this phone may have made it
    if (!(await keep("station-key", made))) {
      problem.textContent = page.say("not_kept");
      target.disabled = false;
      return;
    }
    await persist();
    if (problem.isConnected) keyScreen(app, made);
  };
  show(
    h("h1", {}, page.say("phone_key")),
    h("p", {}, page.say(key ? "phone_key_list" : "phone_key_none")),
    key && [
      h("div", { className: "code" }, symbolSvg(hex(key.publicKey).toUpperCase(), "M", page.say("phone_key"))),
      h("p", { className: "key", id: "public-key" }, hex(key.publicKey)),
    ],
    problem,
    h("div", { className: "row" }, !key && button(page.say("phone_key_make"), make, { className: "main", id: "make-key" }), button(page.say("back"), () => app.showReading())),
  );
}

function formScreen(app, key, held) {
  const { page, language } = app;
  const date = app.today();
  const entered = held.roles.map(() => ({ given: [], time: undefined })); // of each person: kept while another is chosen
  const contacts = () => entered.map((of) => contactOf(of, date));
  const listed = h("ul", { id: "added" });
  const time = h("div");
  const problem = h("p", { role: "alert", className: "problem" });
  const place = h("div");
  const people = h("select", { id: "person", "aria-label": page.say("for_whom") }, held.roles.map((role, n) => h("option", { value: n }, app.personName(n))));
  const kinds = h("select", { id: "kind", "aria-label": page.say("what") }, KINDS.map((kind) => h("option", { value: kind }, page.say(`add_${kind}`))));
  const list = () => {
    const whose = (n) => entered.length > 1 && h("strong", {}, `${app.personName(n)}: `);
    const remove = (of, one) => button("✕", () => {
      of.given.splice(of.given.indexOf(one), 1);
      list();
    }, { className: "small", "aria-label": `${page.say("desk_remove")}: ${one.said}` });
    listed.replaceChildren(...entered.flatMap((of, n) => of.given.map((one) => h("li", {}, whose(n), one.said, " ", remove(of, one)))));
    const asked = contacts().map((contact, n) => (timed(contact, app.tables) ? "time_given" : red(app, n, contact) && "desk_time"));
    entered.forEach((of, n) => asked[n] || (of.time = undefined));
    time.replaceChildren(...(asked[people.value] ? [timeField(app, entered[people.value], asked[people.value])] : []));
  };
  const take = (one) => {
    const person = Number(people.value);
    const of = entered[person];
    const given = [...of.given.filter(({ once }) => once === null || once !== one.once), one];
    continuation(held, { person, contact: contactOf({ ...of, given }, date) }, { today: date, known: app.tables.known }); // or RecordError
    of.given = given;
    choose();
  };
  const choose = () => {
    list();
    problem.textContent = "";
    place.replaceChildren(entryFields(app, kinds.value, held.roles[people.value], take, problem));
  };
  people.onchange = kinds.onchange = choose;
  const done = async () => {
    const word = document.getElementById("word");
    if (word.value.trim()) {
      document.getElementById("add-entry").click(); // what is typed and not yet added is to be signed too
      if (word.isConnected) return; // or its fault is said
    }
    const missing = contacts().findIndex((contact) => timed(contact, app.tables) && !contact.time);
    if (missing >= 0) {
      people.value = missing;
      choose();
      problem.textContent = page.say("time_missing");
      return;
    }
    signing.disabled = true; // a second touch signs nothing more
    try {
      await signed(app, key, held, contacts());
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      problem.textContent = page.say("add_refused");
    }
    signing.disabled = false;
  };
  const signing = button(page.say("sign"), done, { className: "main", id: "sign" });
  show(
    h("h1", {}, page.say("add_contact")),
    h("p", { className: "quiet" }, language.day(date)),
    h("label", {}, page.say("for_whom"), people),
    h("label", {}, page.say("what"), kinds),
    place,
    listed,
    time,
    problem,
    h("div", { className: "row" }, signing, button(page.say("cancel"), () => app.showReading())),
  );
  choose();
}

/** What was entered of a person as a contact of a record. */
function contactOf({ given, time }, date) {
  const contact = { date, ...(time ? { time } : {}) };
  for (const { kind, entry } of given) {
    if (kind === "observation") contact.observations = { ...contact.observations, [entry.key]: entry.value };
    else contact[`${kind}s`] = [...(contact[`${kind}s`] || []), entry];
  }
  return contact;
}

/** Whether a contact needs its local time: a time-critical medicine was given once. */
function timed({ medicines = [] }, { known }) {
  return medicines.some(({ medicine, timing }) => timing === undefined && (known.medicines.byKey.get(medicine).groups || []).includes("time_critical"));
}

/** Whether a red rule is met, for which the local time is asked too. */
function red({ reading, tables }, person, contact) {
  return fired(reading.record.people[person], contact, tables.clinic).some(({ rule }) => rule.level === "red");
}

/** The local time of what was entered: the quarter of an hour when it was first asked for, until another is chosen. */
function timeField(app, of, words) {
  const now = new Date();
  if (of.time === undefined) of.time = QUARTERS[now.getHours() * 4 + Math.floor(now.getMinutes() / 15)];
  const options = QUARTERS.map((quarter) => h("option", { value: quarter, selected: quarter === of.time }, quarter));
  return h("label", {}, app.page.say(words), h("select", { id: "time", onchange: (event) => { of.time = event.target.value; } }, options));
}

/**
 * The fields of one kind of entry; `add({ kind, entry, said, once })` takes one that is whole, or raises RecordError. What has the same
 * `once` stands once in a contact: the later one counts.
 */
function entryFields(app, kind, role, add, problem) {
  const { page, language, tables } = app;
  const { known } = tables;
  const table = kind === "observation" ? known.observations[role] : known[TABLES[kind]];
  const words = new Words(null, language, known);
  const name = (key) => (kind === "medicine" ? words.medicine(key) : language.label(kind, key, role)).text; // strengths are medicines of their own
  const open = Array.from(table.byKey.values()).filter((entry) => entry.sensitivity <= OPEN && fits(entry, role));
  const choices = open.map((entry) => ({ entry, text: name(entry.key) })).sort((a, b) => a.text.localeCompare(b.text, page.code));
  const word = h("input", { id: "word", list: "words", "aria-label": page.say("which") });
  word.setAttribute("list", "words");
  const found = () => choices.find(({ text }) => text === word.value);
  const further = h("div", { className: "further" });
  const fields = {};
  word.oninput = () => {
    const chosen = found();
    further.replaceChildren(...(chosen ? detail(app, kind, chosen.entry, fields) : []));
  };
  const take = () => {
    const chosen = found();
    if (!chosen) {
      problem.textContent = page.say("choose_from_list");
      return;
    }
    const entry = entryOf(kind, chosen.entry, fields, page, problem);
    if (entry === null) return;
    const details = Object.values(fields).map((field) => field.selectedOptions ? field.selectedOptions[0].text : field.value && [field.value, field.dataset.unit].filter(Boolean).join(" "));
    const said = [chosen.text, ...details].filter(Boolean).join(" · ");
    const once = kind === "medicine" ? null : `${kind} ${entry.key || JSON.stringify(entry)}`;
    try {
      add({ kind, entry, said, once });
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      problem.textContent = page.say("add_refused");
    }
  };
  return h("fieldset", {}, h("legend", {}, page.say(`add_${kind}`)), h("label", {}, page.say("which"), word), h("datalist", { id: "words" }, choices.map(({ text }) => h("option", { value: text }))), further, button(page.say("add"), take, { id: "add-entry" }));
}

/** What else an entry needs: an amount, a timing and days, a dose, a value. */
function detail(app, kind, entry, fields) {
  const { page, language, tables } = app;
  Object.keys(fields).forEach((name) => delete fields[name]);
  const number = (id, label, unit = "") => {
    fields[id] = h("input", { id, inputMode: "decimal" });
    fields[id].dataset.unit = unit;
    return h("label", {}, unit ? `${label} (${unit})` : label, fields[id]);
  };
  const select = (id, label, options) => {
    fields[id] = h("select", { id }, options.map(([value, text]) => h("option", { value }, text)));
    return h("label", {}, label, fields[id]);
  };
  if (kind === "medicine") {
    const timings = Array.from(tables.known.timings.byKey.keys(), (key) => [key, language.label("timing", key).text]);
    return [number("amount", page.say("amount"), language.label("unit", entry.unit).text), select("timing", page.say("timing"), [["", page.say("given_now")], ...timings]), number("days", page.say("days"))];
  }
  if (kind === "vaccine") return [number("dose", page.say("dose"))];
  if (kind !== "observation") return [];
  if (entry.kind === "coded") return [select("value", page.say("value"), Object.values(entry.words).map((value) => [value, language.value(entry.key, value).text]))];
  const again = number("again", page.say("type_again"));
  return [number("value", page.say("value"), entry.unit && language.label("unit", entry.unit).text), again];
}

/** The entry as in a record, or null with the problem said. An unlikely value must have been typed twice. */
function entryOf(kind, entry, fields, page, problem) {
  const amount = (id) => Number(fields[id].value.trim().replace(",", "."));
  const refuse = (key, parts = {}) => {
    problem.textContent = page.say(key, parts);
    return null;
  };
  if (kind === "finding" || kind === "service") return entry.key;
  if (kind === "vaccine") {
    if (fields.dose.value.trim() === "") return { vaccine: entry.key };
    return Number.isInteger(amount("dose")) && amount("dose") >= 0 && amount("dose") <= 6 ? { vaccine: entry.key, dose: amount("dose") } : refuse("add_refused");
  }
  if (kind === "medicine") {
    if (!(amount("amount") > 0)) return refuse("amount_missing");
    if (fields.timing.value === "") return { medicine: entry.key, amount: amount("amount") };
    return amount("days") >= 1 && Number.isInteger(amount("days")) ? { medicine: entry.key, amount: amount("amount"), timing: fields.timing.value, days: amount("days") } : refuse("days_missing");
  }
  if (entry.kind === "coded") return { key: entry.key, value: fields.value.value };
  if (fields.value.value.trim() === "" || !Number.isFinite(amount("value"))) return refuse("value_missing");
  const value = amount("value");
  const outside = (limits) => limits && (value < limits[0] || value > limits[1]);
  if (outside(entry.reject)) return refuse("value_impossible");
  if (outside(entry.warn) && amount("again") !== value) return refuse("value_unlikely");
  return { key: entry.key, value };
}

/** Sign, read back, show: a sticker for each person of whom something was entered. */
async function signed(app, key, held, contacts) {
  const { page, session } = app;
  const texts = [];
  for (const [person, contact] of contacts.entries()) {
    if (Object.keys(contact).some((name) => name !== "date" && name !== "time")) texts.push(await stickerText(app, key, held, { person, contact }));
  }
  if (texts.length === 0) throw new RecordError("nothing was entered");
  if (app.session !== session) return; // cleared while it signed
  texts.forEach((text) => session.texts.add(text));
  show(
    h("h1", {}, page.say("sticker")),
    h("div", { id: "sticker" }, texts.map((text) => sticker(app, text, contacts[0].date))),
    h("p", { className: "no-print" }, page.say("sticker_help")),
    h("div", { className: "row no-print" }, button(page.say("print"), () => window.print(), { className: "main" }), button(page.say("back"), () => app.evaluate(), { id: "to-reading" })),
  );
}

async function stickerText(app, key, held, change) {
  const { tables: { known, curves }, issuers: { bundle } } = app;
  const payload = continuation(held, change, { today: app.today(), known });
  const text = cardText(await sign(payload, key, bundle.network), bundle.network);
  const back = await read([text], { bundle, now: app.today(), known, curves });
  if (back.verdict !== "verified") throw new RecordError("the sticker does not read back");
  return text;
}

function sticker({ page, language }, text, date) {
  const said = `${language.day(date)} · ${language.ui("not_identity_document").text}`;
  return h("div", { className: "code sticker" }, symbolSvg(text, "M", page.say("sticker")), h("p", {}, language.ui("added").text), h("p", {}, said));
}
