/** Read a card at the desk, to continue it or to make a new one: camera, picture, or the text of a hand scanner. */

import { button, h, show } from "../scanner/dom.js";
import { record } from "../scanner/record_view.js";
import { textsTyped } from "../scanner/texts.js";
import { personLabel, sections, verdictLines } from "../words/text.js";
import { begun, continuedForm } from "./form.js";
import { Refused } from "./service.js";
import { CameraView } from "./viewing.js";

/** `texts` are the codes read before of the same card. */
export function scanScreen(desk, texts = []) {
  const { page } = desk;
  const problem = h("p", { role: "alert", className: "problem" });
  const area = h("textarea", { id: "text", rows: 3, autocomplete: "off", spellcheck: false, autocapitalize: "characters", "aria-describedby": "type-help" });
  const read = async (ask) => {
    problem.textContent = page.say("looking");
    try {
      await desk.goWith(ask(), (reading) => readingScreen(desk, reading));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.textContent = error.code === "locked" ? "" : page.say("no_code");
    }
  };
  const together = async (found) => {
    const reading = await desk.service.post("read", { texts: Array.from(new Set([...texts, ...found])) });
    return texts.length > 0 && reading.other_cards ? desk.service.post("read", { texts: found }) : reading; // another's card begins anew
  };
  const more = (found) => read(() => together(found));
  const camera = new CameraView(desk, more);
  const typed = () => {
    const found = textsTyped(area.value);
    if (found.length > 0) more(found);
    else problem.textContent = page.say(area.value.trim() ? "typed_unknown" : "nothing_typed");
  };
  area.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault(); // a hand scanner ends with Enter
    typed();
  };
  const picture = async (file) => {
    if (!file) return;
    await read(async () => {
      const found = await desk.service.post("read", file);
      return texts.length > 0 ? together(found.texts) : found;
    });
  };
  show(
    h("h1", {}, page.say("desk_scan")),
    h("div", { className: "row" },
      button(page.say("scan"), () => camera.start(), { className: "main", id: "scan-camera" }),
      h("label", { className: "file" }, page.say("photo"), h("input", { type: "file", accept: "image/*", id: "scan-file", onchange: (event) => picture(event.target.files[0]) }))),
    camera.view,
    h("label", { htmlFor: "text" }, page.say("type")), area, h("p", { id: "type-help", className: "quiet" }, page.say("type_help")),
    problem,
    h("div", { className: "row" }, button(page.say("read"), typed, { id: "read" }), button(page.say("cancel"), () => desk.showForm())),
  );
  area.focus();
  return { stop: () => camera.stop() };
}

/** What the card says, and how to go on from it. */
function readingScreen(desk, reading) {
  const { page, language, tables } = desk;
  const { verdict, notices, issuer, bundle_age_days: bundleAgeDays } = reading;
  const [title, means, care, ...noticed] = verdictLines(verdict, notices, language, { bundleAgeDays, issuer });
  const verified = verdict === "verified";
  document.body.dataset.verdict = verdict;
  const told = reading.handover ? sections(reading.handover, language, tables.known).filter(({ key, lines }) => key !== "verdict" && key !== "more" && lines.length > 0) : [];
  const view = { reading, language, tables, personName: (n) => personLabel(reading.handover, n, language).text };
  show(
    h("section", { className: `verdict ${verified ? "verified" : "amber"}`, id: "verdict" },
      h("h1", {}, h("span", { className: "mark", "aria-hidden": "true" }, verified ? "✓" : "!"), ` ${title}`), h("p", {}, means), h("p", { className: "care" }, care), h("ul", { className: "notices" }, noticed.map((line) => h("li", {}, line)))),
    reading.record && begun(desk.form) && h("p", { className: "problem", id: "begun" }, page.say("desk_begun")),
    h("div", { className: "actions" },
      reading.record && button(page.say("desk_continue"), () => desk.begin(continuedForm(reading, reading.texts, desk.today)), { className: "main", id: "continue" }),
      button(page.say("another_code"), () => desk.scan(reading.texts), { id: "another" }),
      button(page.say("back"), () => desk.showForm(), { id: "back" })),
    told.map(({ key, title: heading, lines }) => h("section", { className: `summary ${key}${lines.some(({ level }) => level === "red") ? " red" : ""}` }, h("h2", {}, heading), h("ul", {}, lines.map((line) => h("li", { className: line.level }, whose(desk, reading, line), line.text))))),
    told.some(({ lines }) => lines.some(({ draft }) => draft)) && h("p", { className: "quiet draft" }, page.say("draft_words")),
    reading.record && h("details", { className: "more" }, h("summary", {}, language.ui("more_for_clinicians").text), record(view)),
  );
}

/** Whose a line is, where the card is of several people. */
function whose({ language }, { handover }, { person }) {
  return handover.people.length > 1 && typeof person === "number" ? h("strong", {}, `${personLabel(handover, person, language).text}: `) : null;
}
