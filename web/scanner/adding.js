/** Add a contact offline: this phone's own key signs a continuation, shown as a code and printed as a sticker (V7). */

import { dayOf, hex } from "../bytes.js";
import { read } from "../card.js";
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
  const make = async () => {
    const made = await generate();
    if (!(await keep("station-key", made))) {
      problem.textContent = page.say("not_kept");
      return;
    }
    await persist();
    keyScreen(app, made);
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
  const { known } = app.tables;
  const entered = held.roles.map(() => ({ contact: emptyContact(app.today()), words: [] })); // of each person: kept while another is chosen
  const listed = h("ul", { id: "added" });
  const time = h("div");
  const problem = h("p", { role: "alert", className: "problem" });
  const place = h("div");
  const people = h("select", { id: "person", "aria-label": page.say("for_whom") }, held.roles.map((role, n) => h("option", { value: n }, app.personName(n))));
  const kinds = h("select", { id: "kind", "aria-label": page.say("what") }, KINDS.map((kind) => h("option", { value: kind }, page.say(`add_${kind}`))));
  const choose = () => {
    const { contact, words } = entered[people.value];
    const whose = (n) => entered.length > 1 && h("strong", {}, `${app.personName(n)}: `);
    listed.replaceChildren(...entered.flatMap((of, n) => of.words.map((said) => h("li", {}, whose(n), said))));
    time.replaceChildren(...(timed(contact, known) ? [timeField(app, contact)] : []));
    place.replaceChildren(entryFields(app, kinds.value, held.roles[people.value], (entry, said) => {
      problem.textContent = "";
      put(contact, kinds.value, entry);
      words.push(said);
      choose();
    }, problem));
  };
  people.onchange = kinds.onchange = choose;
  const done = async () => {
    const untimed = entered.findIndex(({ contact }) => timed(contact, known) && !contact.time);
    if (untimed >= 0) {
      people.value = untimed;
      choose();
      problem.textContent = page.say("time_missing");
      return;
    }
    try {
      await signed(app, key, held, entered.map(({ contact }) => contact));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      problem.textContent = page.say("add_refused");
    }
  };
  show(
    h("h1", {}, page.say("add_contact")),
    h("p", { className: "quiet" }, language.day(app.today())),
    h("label", {}, page.say("for_whom"), people),
    h("label", {}, page.say("what"), kinds),
    place,
    listed,
    time,
    problem,
    h("div", { className: "row" }, button(page.say("sign"), done, { className: "main", id: "sign" }), button(page.say("cancel"), () => app.showReading())),
  );
  choose();
}

function emptyContact(date) {
  return { date, observations: {}, findings: [], medicines: [], vaccines: [], services: [] };
}

function put(contact, kind, entry) {
  if (kind === "observation") contact.observations[entry.key] = entry.value;
  else if (kind === "finding" || kind === "service") contact[`${kind}s`] = Array.from(new Set([...contact[`${kind}s`], entry]));
  else contact[`${kind}s`].push(entry);
}

/** Whether a contact needs its local time: a time-critical medicine was given once. */
function timed({ medicines }, known) {
  return medicines.some(({ medicine, timing }) => timing === undefined && (known.medicines.byKey.get(medicine).groups || []).includes("time_critical"));
}

/** The local time of a contact: the quarter of an hour when it was first asked for, until another is chosen. */
function timeField(app, contact) {
  const now = new Date();
  if (contact.time === undefined) contact.time = QUARTERS[now.getHours() * 4 + Math.floor(now.getMinutes() / 15)];
  const options = QUARTERS.map((quarter) => h("option", { value: quarter, selected: quarter === contact.time }, quarter));
  return h("label", {}, app.page.say("time_given"), h("select", { id: "time", onchange: (event) => { contact.time = event.target.value; } }, options));
}

/** The fields of one kind of entry; `add(entry, words)` takes one that is whole. */
function entryFields(app, kind, role, add, problem) {
  const { page, language, tables } = app;
  const { known } = tables;
  const table = kind === "observation" ? known.observations[role] : known[TABLES[kind]];
  const words = new Words(null, language, known);
  const name = (key) => (kind === "medicine" ? words.medicine(key) : language.label(kind, key, role)).text; // strengths are medicines of their own
  const open = Array.from(table.byKey.values()).filter((entry) => entry.sensitivity <= OPEN && fits(entry, role));
  const choices = open.map((entry) => ({ entry, text: name(entry.key) })).sort((a, b) => a.text.localeCompare(b.text, page.code));
  const word = h("input", { id: "word", list: "words", autocomplete: "off", "aria-label": page.say("which") });
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
    const said = Object.values(fields).map((field) => field.selectedOptions ? field.selectedOptions[0].text : field.value && [field.value, field.dataset.unit].filter(Boolean).join(" "));
    add(entry, [chosen.text, ...said].filter(Boolean).join(" · "));
  };
  return h("fieldset", {}, h("legend", {}, page.say(`add_${kind}`)), h("label", {}, page.say("which"), word), h("datalist", { id: "words" }, choices.map(({ text }) => h("option", { value: text }))), further, button(page.say("add"), take, { id: "add-entry" }));
}

/** What else an entry needs: an amount, a timing and days, a dose, a value. */
function detail(app, kind, entry, fields) {
  const { page, language, tables } = app;
  Object.keys(fields).forEach((name) => delete fields[name]);
  const number = (id, label, unit = "") => {
    fields[id] = h("input", { id, inputMode: "decimal", autocomplete: "off" });
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
    const filled = Object.fromEntries(Object.entries(contact).filter(([, value]) => typeof value === "string" || Object.keys(value).length > 0));
    if (Object.keys(filled).length > 1) texts.push(await stickerText(app, key, held, { person, contact: filled })); // more than its date
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
