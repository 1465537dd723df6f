/** One person of the form: what holds for her, then today's contact in the order in which a nurse works. */

import { isoDate } from "../bytes.js";
import { button, h } from "../scanner/dom.js";
import { chooser } from "./chooser.js";
import { answers, day, field, goTo, one, toggles, typed } from "./fields.js";
import { heldPerson, lastValue } from "./form.js";
import { OPEN } from "./offered.js";

const FIRST_DAY = isoDate(0); // that a contact can have
const FIRST = { mother: ["age_years", "pregnancy.lmp", "weeks", "pregnancy.gravida", "pregnancy.parity"], infant: ["sex", "born", "born_precision", "birth.weight_g"] };

/** The fields of person `n`; `changed()` is told of every entry. */
export function personView(desk, form, n, changed) {
  const { page, offered } = desk;
  const person = form.people[n];
  const before = heldPerson(form, person);
  const place = `people[${n}]`;
  const entries = h("div", { className: "entries" });
  const { head, weeks, other } = contactDay(desk, form, person, place, changed);
  const drawEntries = () => entries.replaceChildren(...entryViews(desk, person, n, () => { drawEntries(); changed(); }, changed));
  drawEntries();
  const add = (option) => {
    addEntry(person.now, option);
    drawEntries();
    changed();
    const rows = entries.querySelectorAll(`[data-kind="${option.kind}"]`);
    const control = rows.length > 0 && rows[rows.length - 1].querySelector("input, select");
    if (control) control.focus();
    else document.getElementById(`${place}.add`).focus();
  };
  return h("section", { className: "person", "data-person": n },
    h("header", {}, h("h2", {}, personTitle(desk, form, n)),
      person.number === null && form.people.length > 1 && button(page.say("desk_remove"), () => desk.removePerson(n), { className: "small" })),
    profile(desk, form, n, before, weeks, changed),
    head, other,
    h("div", { className: "grid" }, offered.usual(person.role).map((entry) => observation(desk, person, place, entry, before, changed))),
    h("h3", {}, desk.language.label("section", "danger").text),
    toggles(desk.language.label("section", "danger").text, offered.signs(person.role), person.now.findings, (key, on) => {
      const others = person.now.findings.filter((word) => word !== key);
      person.now.findings = on ? [...others, key] : others;
      changed();
    }),
    chooser({ id: `${place}.add`, label: page.say("desk_add"), none: page.say("choose_from_list"), options: offered.further(person.role, page), choose: add }),
    entries,
    referral(desk, person, place, changed),
    time(desk, person, place, changed),
  );
}

/** "Mother", or "Child 2" where there are several. */
export function personTitle(desk, form, n) {
  const { role } = form.people[n];
  if (role === "mother") return desk.language.ui("mother").text;
  const children = [...form.people.keys()].filter((other) => form.people[other].role === role);
  return children.length === 1 ? desk.language.ui("child").text : `${desk.language.ui("child").text} ${children.indexOf(n) + 1}`;
}

// --- what holds for her ---------------------------------------------------------------------------------------------

function profile(desk, form, n, before, weeksLabel, changed) {
  const { page, offered, tables } = desk;
  const person = form.people[n];
  const place = `people[${n}]`;
  const view = (entry) => {
    const set = (value) => { person.profile[entry.path] = value; changed(); };
    const value = person.profile[entry.path] || "";
    const label = labelled(desk.language.label("observation", entry.key, person.role).text, entry.kind === "number" ? offered.unit(entry) : "");
    if (entry.kind === "coded") return field(`${place}.${entry.path}`, label, one(value, offered.values(entry), set));
    const control = entry.kind === "number" ? [typed(value, set)] : day(value, set, { last: desk.today, language: desk.language });
    return field(`${place}.${entry.path}`, label, ...control);
  };
  const missing = offered.allowed(tables.known.profile[person.role]).filter(({ path, kind }) => kind !== "set" && !holds(before, path));
  const byPath = new Map(missing.map((entry) => [entry.path, entry]));
  const weeks = () => byPath.has("pregnancy.lmp") && field(`${place}.weeks`, weeksLabel, typed(person.weeks, (text) => { person.weeks = text; changed(); }));
  const first = FIRST[person.role].map((path) => (path === "weeks" ? weeks() : byPath.has(path) && view(byPath.get(path))));
  const rest = missing.filter(({ path }) => !FIRST[person.role].includes(path)).map(view);
  const asked = !before || before.allergies === undefined;
  return [
    !before && h("div", { className: "grid" }, first),
    asked && allergies(desk, person, place, changed),
    h("details", {}, h("summary", {}, page.say(before ? "desk_profile_missing" : "desk_profile_more")), h("div", { className: "grid" }, before && first, rest)),
  ];
}

function allergies(desk, person, place, changed) {
  const { page, offered } = desk;
  const { allergies: said } = person;
  const further = h("div");
  const draw = () => further.replaceChildren(...(said.state !== "listed" ? [] : [
    h("ul", { className: "chips" }, said.words.map((word) => h("li", {}, button(`${offered.text("allergy", word)} ✕`, () => {
      said.words = said.words.filter((other) => other !== word);
      draw();
      changed();
    }, { className: "small", "aria-label": `${page.say("desk_remove")}: ${offered.text("allergy", word)}` })))),
    chooser({ id: `${place}.allergy`, label: page.say("desk_allergy"), none: page.say("choose_from_list"), options: offered.list("allergy", "allergies").map(([key, text]) => ({ key, text })), choose: ({ key }) => {
      said.words = Array.from(new Set([...said.words, key]));
      draw();
      changed();
      document.getElementById(`${place}.allergy`).focus();
    } }),
  ]));
  draw();
  const options = ["not_asked", "none", "listed"].map((state) => [state, page.say(`desk_allergies_${state}`)]);
  return [answers(`${place}.allergies`, desk.language.label("observation", "allergies").text, said.state, options, (state) => {
    said.state = state;
    draw();
    changed();
  }), further];
}

function holds(before, path) {
  const [group, name] = path.includes(".") ? path.split(".") : [null, path];
  const owner = before && (group ? before[group] : before);
  return Boolean(owner) && owner[name] !== undefined;
}

// --- the contact ----------------------------------------------------------------------------------------------------

/**
 * The day of the contact: today, or an earlier one that is asked for, of which she may only have told. `head` says which, `weeks` is the
 * label of the weeks of pregnancy on it, `other` the field for an earlier day.
 */
function contactDay(desk, form, person, place, changed) {
  const { page, language, today } = desk;
  const { now } = person;
  const [title, weeks] = [h("h3"), h("span")];
  const set = (date) => {
    now.date = date;
    title.textContent = date && date !== today ? language.day(date) : `${page.say("desk_today")} · ${language.day(today)}`;
    weeks.textContent = date && date !== today ? page.say("desk_weeks_on", { day: language.day(date) }) : page.say("desk_weeks");
  };
  set(now.date);
  const [control, words] = day(now.date, (date) => { set(date); changed(); }, { first: FIRST_DAY, last: today, language });
  const told = h("input", { type: "checkbox", id: `${place}.now.source`, checked: now.told, onchange: () => { now.told = told.checked; changed(); } });
  const other = field(`${place}.now.date`, page.say("desk_day_of"), control, words);
  other.append(h("label", { className: "choice" }, told, page.say("desk_told_by_her")));
  other.classList.add("when-asked");
  other.hidden = now.date === "" && !now.told;
  const open = () => {
    if (now.date === "") control.value = form.people.map((one) => one.now.date).find(Boolean) || today;
    control.dispatchEvent(new Event("input"));
    other.hidden = false;
    goTo(other);
  };
  return { head: h("header", {}, title, button(page.say("desk_other_day"), open, { className: "small another-day" })), weeks, other };
}

function observation(desk, person, place, entry, before, changed) {
  const { offered, language } = desk;
  const { observations } = person.now;
  const set = (value) => { observations[entry.key] = value; changed(); };
  const value = observations[entry.key] || "";
  const last = lastValue(before, entry.key);
  const label = labelled(language.label("observation", entry.key, person.role).text, offered.unit(entry));
  const control = entry.kind === "coded" ? one(value, offered.values(entry), set) : typed(value, set);
  return field(`${place}.now.observations.${entry.key}`, label, control, last && h("span", { className: "quiet last" }, `${offered.valueText(entry.key, last.value)} · ${language.day(last.date)}`));
}

function addEntry(now, { kind, entry }) {
  if (kind === "observation") now.observations[entry.key] = now.observations[entry.key] || "";
  else if (kind === "finding" || kind === "service") now[`${kind}s`] = Array.from(new Set([...now[`${kind}s`], entry.key]));
  else if (kind === "medicine") now.medicines.push({ medicine: entry.key, amount: "", timing: "", days: "" });
  else now.vaccines.push({ vaccine: entry.key, dose: "" });
}

/** What was added by typing: each with its fields, and a button that takes it away. */
function entryViews(desk, person, n, redraw, changed) {
  const { page, offered, tables } = desk;
  const { now, role } = person;
  const place = `people[${n}].now`;
  const row = (kind, key, at, fields, remove, sensitivity) => h("div", { className: "entry field", "data-kind": kind, "data-place": at },
    h("p", { className: "name" }, offered.text(kind, key, role), sensitivity > OPEN && h("span", { className: "sealed" }, ` ${page.say("desk_sealed")}`)),
    fields, button("✕", () => { remove(); redraw(); }, { className: "small", "aria-label": `${page.say("desk_remove")}: ${offered.text(kind, key, role)}` }), h("div", { className: "said" }));
  const usual = new Set(offered.usual(role).map(({ key }) => key));
  const known = tables.known.observations[role].byKey;
  const observed = Object.keys(now.observations).filter((key) => !usual.has(key) && known.has(key)).map((key) =>
    row("observation", key, `${place}.entry.${key}`, observation(desk, person, `people[${n}]`, known.get(key), null, changed), () => { delete now.observations[key]; }, known.get(key).sensitivity));
  const signs = new Set(offered.signs(role).map(([key]) => key));
  const listed = [["finding", now.findings.filter((key) => !signs.has(key))], ["service", now.services]].map(([kind, keys]) => keys.map((key) =>
    row(kind, key, `${place}.${kind}s[${now[`${kind}s`].indexOf(key)}]`, null, () => { now[`${kind}s`] = now[`${kind}s`].filter((other) => other !== key); }, tables.known[`${kind}s`].byKey.get(key).sensitivity)));
  const medicines = now.medicines.map((given, at) =>
    row("medicine", given.medicine, `${place}.medicines[${at}]`, medicineFields(desk, given, `${place}.medicines[${at}]`, changed), () => now.medicines.splice(at, 1), tables.known.medicines.byKey.get(given.medicine).sensitivity));
  const vaccines = now.vaccines.map((given, at) =>
    row("vaccine", given.vaccine, `${place}.vaccines[${at}]`, field(`${place}.vaccines[${at}].dose`, page.say("dose"), typed(given.dose, (text) => { given.dose = text; changed(); })), () => now.vaccines.splice(at, 1), 0));
  return [...observed, ...listed.flat(), ...medicines, ...vaccines];
}

function medicineFields(desk, given, place, changed) {
  const { page, offered, tables } = desk;
  const days = field(`${place}.days`, page.say("days"), typed(given.days, (text) => { given.days = text; changed(); }));
  const show = () => { days.hidden = given.timing === ""; };
  show();
  return [
    field(`${place}.amount`, labelled(page.say("amount"), offered.unit(tables.known.medicines.byKey.get(given.medicine))), typed(given.amount, (text) => { given.amount = text; changed(); })),
    field(`${place}.timing`, page.say("timing"), one(given.timing, offered.list("timing", "timings"), (value) => {
      given.timing = value;
      if (value === "") given.days = "";
      show();
      changed();
    }, page.say("given_now"))),
    days,
  ];
}

function referral(desk, person, place, changed) {
  const { page, offered, tables } = desk;
  const said = person.now.referral || { service: "", urgency: "", reason: "", to: "" };
  const set = (name) => (value) => {
    said[name] = value;
    person.now.referral = said.service ? said : null;
    changed();
  };
  const at = `${place}.now.referral`;
  const urgency = Array.from(tables.known.urgencies.byKey.keys(), (key) => [key, desk.language.label("enumeration", `urgency.${key}`).text]);
  return h("details", { open: Boolean(said.service) }, h("summary", {}, desk.language.label("section", "referral").text),
    h("div", { className: "grid" },
      field(`${at}.service`, page.say("desk_referral_service"), one(said.service, offered.list("service", "services"), set("service"))),
      field(`${at}.urgency`, page.say("desk_referral_urgency"), one(said.urgency, urgency, set("urgency"))),
      field(`${at}.reason`, page.say("desk_referral_reason"), one(said.reason, offered.list("finding", "findings"), set("reason"))),
      field(`${at}.to`, page.say("desk_referral_to"), typed(said.to, set("to"), { inputMode: "text", placeholder: "gt-rc" })),
    ));
}

/** The local time, in quarter hours; shown only where the live check asks for it. */
function time(desk, person, place, changed) {
  const quarters = Array.from({ length: 96 }, (_, n) => `${String(Math.floor(n / 4)).padStart(2, "0")}:${String((n % 4) * 15).padStart(2, "0")}`);
  const control = one(person.now.time, quarters.map((text) => [text, text]), (value) => { person.now.time = value; changed(); });
  const view = field(`${place}.now.time`, desk.page.say("desk_time"), control);
  view.hidden = person.now.time === "";
  view.classList.add("when-asked");
  return view;
}

function labelled(text, unit) {
  return unit ? `${text} (${unit})` : text;
}
