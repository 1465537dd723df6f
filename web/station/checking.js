/** The live check: every entry is looked at by the station as it is typed, and what it says stands beside the field it is about. */

import { button, h } from "../scanner/dom.js";
import { personLabel, sections } from "../words/text.js";
import { faultWords } from "./faults.js";
import { goTo, sayAt } from "./fields.js";
import { askedOf, checkable, formPlace, numberOf, sentPlace } from "./form.js";
import { Refused } from "./service.js";

const PAUSE = 300; // milliseconds without a key after which is checked

export class Checking {
  /** `root` holds the fields; `panel` says what is to mend, `facts` what the card would say and how large it is. */
  constructor(desk, form, root, { panel, facts }) {
    Object.assign(this, { desk, form, root, panel, facts, turn: 0, doubted: [] });
  }

  /** Check and keep the draft once nobody types for a moment. */
  soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.run(), PAUSE);
  }

  stop() {
    clearTimeout(this.waiting);
    this.turn += 1;
  }

  async run() {
    const { desk, form } = this;
    clearTimeout(this.waiting);
    const turn = ++this.turn;
    try {
      await desk.keepDraft();
      const finished = checkable(form);
      const found = await desk.service.post("check", askedOf(finished.form, desk.today));
      if (turn === this.turn) this.show(found, finished);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** What the check found, at its places in the form. */
  show(found, finished) {
    const { form } = this;
    const here = (said) => ({ ...said, place: finished.place(formPlace(said.place, finished.form)) });
    const [problems, doubts, questions] = [found.problems, found.confirm, found.questions].map((list) => list.map(here));
    if (found.handover) this.doubted = doubts.map(({ place }) => place); // else there is no record yet in which a value could be doubted
    form.typedAgain = Object.fromEntries(Object.entries(form.typedAgain).filter(([place]) => this.doubted.includes(place)));
    this.clear(this.doubted);
    doubts.forEach((doubt) => this.doubt(doubt));
    const asked = [...problems, ...questions].map(({ place }) => place);
    this.root.querySelectorAll(".when-asked").forEach((view) => { view.hidden = !asked.includes(view.dataset.place) && !inUse(view); });
    questions.forEach((question) => this.question(question));
    this.summarise(this.placed([...finished.problems, ...problems]), doubts, found);
  }

  /** Take away what was said, but for the fields in which a value is being typed again. */
  clear(keep = []) {
    this.root.querySelectorAll(".said").forEach((said) => {
      const kept = Array.from(said.children).filter((child) => child.classList.contains("again") && keep.includes(child.dataset.of));
      Array.from(said.childNodes).filter((child) => !kept.includes(child)).forEach((child) => child.remove());
    });
    this.root.querySelectorAll("[aria-invalid]").forEach((control) => control.removeAttribute("aria-invalid"));
  }

  /** Problems beside their fields; each as { problem, element }, without an element where there is no such field. */
  placed(problems) {
    return problems.map((problem) => {
      const element = sayAt(this.root, problem.place, h("p", { className: "problem" }, faultWords(this.desk, problem)));
      const control = element && element.querySelector("input, select");
      if (control) control.setAttribute("aria-invalid", "true");
      return { problem, element };
    });
  }

  /** An unlikely value: typed a second time, never confirmed by a tap. */
  doubt({ place }) {
    const { page } = this.desk;
    if (Array.from(this.root.querySelectorAll(".again")).some(({ dataset }) => dataset.of === place)) return this.compare(place);
    const id = `${place}.again`;
    const again = h("input", { id, autocomplete: "off", inputMode: "decimal", value: this.form.typedAgain[place] || "" });
    again.onpaste = (event) => event.preventDefault();
    again.oninput = () => {
      this.form.typedAgain[place] = again.value;
      this.compare(place);
    };
    sayAt(this.root, place, h("div", { className: "again", "data-of": place }, h("label", { htmlFor: id }, page.say("desk_type_again")), again, h("span", { className: "same", role: "status" })));
    return this.compare(place);
  }

  compare(place) {
    const [first, again] = [place, `${place}.again`].map((id) => document.getElementById(id));
    if (!first || !again) return;
    const same = again.value.trim() !== "" && numberOf(first.value) === numberOf(again.value);
    again.parentElement.querySelector(".same").textContent = same ? "✓" : again.value === "" ? "" : "≠";
  }

  /** Something to look at again, with the value that may have been meant; it stops nothing. */
  question({ place, text_key: key, suggestions }) {
    const { language, page } = this.desk;
    const offers = suggestions.map(([value, unit]) => button(`${page.say("desk_suggest")} ${language.number(value)} (${unit})`, () => {
      const control = document.getElementById(place);
      control.value = language.number(value);
      control.dispatchEvent(new Event("input", { bubbles: true }));
      control.focus();
    }, { className: "small suggestion" }));
    sayAt(this.root, place, h("div", { className: "question" }, h("p", {}, language.label("question", key).text), offers));
  }

  summarise(placed, doubts, { size, handover }) {
    const { page } = this.desk;
    const open = doubts.filter(({ place }) => document.getElementById(`${place}.again`) && document.getElementById(`${place}.again`).value === "");
    const jump = (words, element) => h("li", {}, element ? button(words, () => goTo(element), { className: "small" }) : words);
    const faults = placed.map(({ problem, element }) => jump(element ? labelOf(element) : faultWords(this.desk, problem), element));
    const again = open.map(({ place }) => jump(`${page.say("desk_type_again")}: ${labelOf(document.getElementById(place).closest(".field"))}`, document.getElementById(`${place}.again`).parentElement));
    const list = [...faults, ...again];
    this.panel.replaceChildren(
      h("div", { role: "status", id: "problems" }, h("p", { className: list.length > 0 ? "problem" : "good" }, page.say(list.length > 0 ? "desk_to_mend" : "desk_nothing_to_mend")), list.length > 0 && h("ul", { className: "jumps" }, list)),
    );
    this.facts.replaceChildren(...(handover ? this.danger(handover) : []), ...(size ? [this.size(size)] : []));
  }

  size({ bytes, largest }) {
    const { page } = this.desk;
    return h("div", { id: "size" }, h("label", {}, page.say("desk_size"), h("meter", { min: 0, max: largest, high: Math.round(largest * 0.9), value: bytes })),
      h("p", { className: "quiet" }, `${page.say("desk_one_code")} (${bytes} / ${largest})`));
  }

  danger(handover) {
    const { language, tables } = this.desk;
    const several = handover.people.length > 1;
    const whose = ({ person }) => several && typeof person === "number" && h("strong", {}, `${personLabel(handover, person, language).text}: `);
    return sections(handover, language, tables.known).filter(({ key, lines }) => key === "danger" && lines.length > 0).map(({ title, lines }) =>
      h("section", { className: `summary danger ${lines.some(({ level }) => level === "red") ? "red" : ""}`, id: "danger" }, h("h2", {}, title),
        h("ul", {}, lines.map((line) => h("li", { className: line.level }, whose(line), line.text)))));
  }

  /** The values that were typed again, by their places in what is sent. */
  typedAgain() {
    const { form } = this;
    const typed = Object.entries(form.typedAgain).filter(([place, text]) => this.doubted.includes(place) && text.trim() !== "");
    return Object.fromEntries(typed.map(([place, text]) => [sentPlace(place, form), String(numberOf(text))]));
  }
}

/** Whether something stands in a field, or somebody is in it. */
function inUse(view) {
  const filled = (control) => (control.type === "checkbox" ? control.checked : control.value !== "");
  return view.contains(document.activeElement) || Array.from(view.querySelectorAll("input, select")).some(filled);
}

function labelOf(element) {
  const label = element.querySelector("label, legend, .name");
  return label ? label.textContent : "";
}
