/** The form for a mother and her children, and beside it what the station thinks of it: filled in from the top by keyboard alone. */

import { aloud, silence } from "../scanner/aloud.js";
import { button, h, show } from "../scanner/dom.js";
import { noticeText } from "../words/text.js";
import { Checking } from "./checking.js";
import { faultWords, REFUSALS } from "./faults.js";
import { answers, goOn, goTo, one, sayAt } from "./fields.js";
import { askedOf, formPlace, unclear, undecided } from "./form.js";
import { heldView } from "./held.js";
import { personView } from "./person.js";
import { Refused } from "./service.js";

const SHORTCUTS = [
  ["Tab, Enter", "desk_key_next"], ["F2", "desk_key_add"], ["F3", "desk_add_child"], ["F4", "desk_key_preview"], ["F8", "desk_key_day"],
  ["F9", "desk_key_make"],
];

export function formScreen(desk) {
  const { page, form } = desk;
  const [panel, facts] = [h("div"), h("div")];
  const people = h("div", { id: "people" });
  const root = h("div", { className: "form" });
  const problem = h("p", { role: "alert", className: "problem", id: "refused" });
  const picture = h("div", { id: "preview" });
  const checking = new Checking(desk, form, root, { panel, facts });
  const changed = () => {
    picture.replaceChildren(); // it would show another card
    checking.soon();
  };
  const entered = () => [...form.people.keys()].filter((n) => !unclear(form).includes(form.people[n].number));
  const draw = () => people.replaceChildren(...entered().map((n) => personView(desk, form, n, changed)));
  desk.removePerson = (n) => {
    form.people.splice(n, 1);
    form.typedAgain = {}; // its places are counted
    draw();
    changed();
  };
  const once = new Set(); // what is under way is not begun a second time
  const alone = (work) => async () => {
    if (once.has(work)) return;
    once.add(work);
    try {
      await work(desk, checking, problem, picture);
    } finally {
      once.delete(work);
    }
  };
  const actions = { child: () => addPerson(desk, "infant", draw, changed), preview: alone(preview), make: alone(make), add: addField, day: anotherDay };
  draw();
  root.append(
    hers(desk, root, changed), ...(form.held ? [heldView(desk, changed)] : []), people,
    h("div", { className: "row" },
      button(`${page.say("desk_add_child")} (F3)`, actions.child, { id: "add-child" }),
      !form.people.some(({ role }) => role === "mother") && button(page.say("desk_add_mother"), () => addPerson(desk, "mother", draw, changed), { id: "add-mother" })),
  );
  const typing = (event) => keys(event, actions);
  document.addEventListener("keydown", typing);
  show(
    h("h1", { className: "hidden" }, page.say(form.held ? "desk_continue" : "desk_new")),
    h("div", { className: "columns" }, root, h("aside", { "aria-label": page.say("desk_beside") },
      panel,
      h("div", { className: "actions" },
        button(page.say("desk_preview"), actions.preview, { id: "show-preview" }),
        button(page.say(form.held && form.held.sticker ? "desk_make_sticker" : "desk_make"), actions.make, { className: "main", id: "make" })),
      problem, facts, face(desk, changed), picture,
      h("details", {}, h("summary", {}, page.say("desk_keys")), h("dl", {}, SHORTCUTS.map(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, page.say(what))]))),
    )),
  );
  checking.run();
  document.getElementById("language.hers").focus();
  return { stop: () => {
    checking.stop();
    silence();
    document.removeEventListener("keydown", typing);
  } };
}

/** Her language, the notice in it, read aloud where she does not read, what she agrees to. */
function hers(desk, root, changed) {
  const { page, form, tables } = desk;
  const notice = h("div", { id: "notice" });
  const read = async () => {
    silence();
    const language = await tables.holdersLanguage(form.language);
    if (language.code !== form.language || !notice.isConnected) return; // another was chosen meanwhile, or another screen
    const direction = tables.rightToLeft.includes(language.code) ? "rtl" : "ltr";
    const twice = language.code !== page.code ? h("p", { className: "quiet" }, noticeText(desk.language).text) : null;
    const said = noticeText(language);
    const draft = said.draft && h("p", { className: "quiet draft" }, page.say("draft_words"));
    const words = h("p", { lang: language.code, dir: direction, className: "notice" }, said.text);
    notice.replaceChildren(...[words, aloud(page, words, language.code), draft, twice].filter(Boolean));
  };
  const names = tables.known.languages;
  const language = one(form.language, Array.from(names.byKey.keys(), (key) => [key, desk.language.label("enumeration", `language.${key}`).text]), (code) => {
    form.language = code;
    form.told = false;
    root.querySelector("#told").checked = false;
    read();
    changed();
  }, null);
  language.id = "language.hers";
  const told = h("input", { type: "checkbox", id: "told", checked: form.told, onchange: (event) => { form.told = event.target.checked; changed(); } });
  const yesNo = [[false, page.say("desk_no")], [true, page.say("desk_yes")]];
  const choice = (name) => answers(`choices.${name}`, page.say(`desk_choice_${name}`), form.choices[name], yesNo, (value) => { form.choices[name] = value; changed(); });
  read();
  return h("section", { className: "hers" },
    h("label", { htmlFor: language.id }, page.say("her_language")), language, notice,
    h("div", { className: "field", "data-place": "told" }, h("label", { className: "choice" }, told, page.say("desk_told")), h("div", { className: "said" })),
    choice("import"), choice("count"),
    button(page.say("desk_no_card"), () => desk.startAnew(), { className: "small", id: "no-card" }),
  );
}

function face(desk, changed) {
  const { page, form, tables } = desk;
  const kind = form.held && form.held.sticker ? "sticker" : "card";
  const templates = desk.templates.filter((template) => template.kind === kind);
  if (!templates.some(({ name }) => name === form.face.template)) form.face.template = desk.usual[kind] || templates[0].name;
  const set = (name) => (value) => { form.face[name] = value; changed(); };
  const faces = tables.languages.map((code) => [code, desk.language.label("enumeration", `language.${code}`).text]);
  return h("fieldset", { id: "face" }, h("legend", {}, page.say("desk_face")),
    h("label", {}, page.say("desk_template"), one(form.face.template, templates.map((template) => [template.name, `${template.name} · ${sizeOf(template)}`]), (name) => {
      desk.usual[kind] = name;
      set("template")(name);
    }, null)),
    h("label", {}, page.say("desk_face_language"), one(form.face.language, faces, set("language"), page.say("desk_face_hers"))),
    h("label", { className: "choice" }, h("input", { type: "checkbox", id: "text-light", checked: form.face.text_light, onchange: (event) => set("text_light")(event.target.checked) }), page.say("desk_text_light")),
  );
}

/** "74 × 105 mm"; paper of a roll is as long as it has to be. */
function sizeOf({ width_mm: width, height_mm: height }) {
  return `${[width, height].filter(Boolean).join(" × ")} mm`;
}

function addPerson(desk, role, draw, changed) {
  desk.addPerson(role);
  draw();
  changed();
  const views = document.querySelectorAll("#people .person");
  goTo(views[views.length - 1].querySelector(".field"));
}

/** The shortcuts; Enter goes on to the next field, as on a sheet of paper. */
function keys(event, { add, child, preview: look, day, make: sign }) {
  const { key, target } = event;
  if (key === "Enter" && target.matches("main input, main select")) {
    event.preventDefault();
    goOn(target);
  } else if (["F2", "F3", "F4", "F8", "F9"].includes(key)) {
    event.preventDefault();
    ({ F2: add, F3: child, F4: look, F8: day, F9: sign })[key](target);
  }
}

/** The field for what is added, of the person who is being filled in. */
function addField(target) {
  filledIn(target).querySelector("input.chooser[id$='.add']").focus();
}

function anotherDay(target) {
  filledIn(target).querySelector(".another-day").click();
}

function filledIn(target) {
  return target.closest(".person") || document.querySelector("#people .person");
}

function faceOf({ face: { template, language, text_light: textLight } }) {
  return { template, language: language || null, text_light: textLight };
}

/** Whether questions were left open: each is asked at its place, and the first is gone to. */
function leftOpen(desk, checking, places) {
  const asked = places.map((place) => sayAt(checking.root, place, h("p", { className: "problem" }, desk.page.say("desk_answer"))));
  if (asked.length > 0) goTo(asked[0]);
  return asked.length > 0;
}

/** What has to be decided before there is a new card: whose the contacts are that may be any of several children's. */
function whose(form) {
  return undecided(form).map((number) => `whose.${number}`);
}

async function preview(desk, checking, problem, picture) {
  const { form, page, service, today } = desk;
  const asked = () => ({ ...askedOf(form, today), ...faceOf(form) });
  problem.textContent = "";
  await checking.run();
  if (leftOpen(desk, checking, whose(form))) return;
  try {
    const shown = asked();
    const blob = await service.post("preview", shown);
    if (JSON.stringify(asked()) === JSON.stringify(shown)) picture.replaceChildren(h("img", { src: URL.createObjectURL(blob), alt: page.say("desk_preview"), className: "card-picture" }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    problem.textContent = page.say("desk_not_yet");
  }
}

/** Sign, once everything that must be answered is. */
async function make(desk, checking, problem) {
  const { form, page } = desk;
  const answered = [["told", form.told], ["choices.import", form.choices.import !== null], ["choices.count", form.choices.count !== null]];
  const open = [...answered.filter(([, done]) => !done).map(([place]) => place), ...whose(form)];
  problem.textContent = "";
  await checking.run();
  if (leftOpen(desk, checking, open)) return;
  const agreed = form.held ? { lose_sealed: form.held.loseSealed } : {};
  const asked = { ...askedOf(form, desk.today), ...faceOf(form), ...agreed, typed_again: checking.typedAgain(), notice_told: true };
  try {
    const made = await desk.service.post(form.held ? "extend" : "issue", asked);
    checking.stop();
    if (desk.form === form) await desk.showMade(made);
    else await desk.service.post(`cards/${made.card}/discard`); // she declined meanwhile, or another's form was begun
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code === "locked") return;
    const places = error.problems.map((said) => ({ ...said, place: formPlace(said.place, form) }));
    if (error.code === "confirmation-needed") places.forEach((doubt) => checking.doubt(doubt));
    const placed = error.code === "confirmation-needed" ? [] : checking.placed(places);
    const elsewhere = placed.filter(({ element }) => !element).map(({ problem: said }) => faultWords(desk, said));
    const known = REFUSALS[error.code];
    problem.replaceChildren(page.say(known || "desk_refused"), ...elsewhere.flat(), ...(known || places.length > 0 ? [] : [h("span", { lang: "en" }, ` ${error.detail}`)]));
    const at = placed.map(({ element }) => element).find(Boolean) || (places[0] && document.getElementById(`${places[0].place}.again`) && document.getElementById(`${places[0].place}.again`).parentElement);
    if (at) goTo(at);
  }
}
