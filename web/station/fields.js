/** Fields of the form: each knows its place in the record, shows its unit and last value, and what is said of it under it. */

import { button, h } from "../scanner/dom.js";

/** A row with a label, a control and room for what is said of it; `place` is where it stands in the form. */
export function field(place, label, control, ...beside) {
  control.id = place;
  control.setAttribute("aria-describedby", `${place}.said`);
  return h("div", { className: "field", "data-place": place },
    h("label", { htmlFor: place }, label), h("div", { className: "value" }, control, beside), h("div", { id: `${place}.said`, className: "said" }));
}

/** Typed text: numbers too, for a comma is as good as a point. */
export function typed(value, set, properties = {}) {
  return h("input", { value, autocomplete: "off", inputMode: "decimal", oninput: (event) => set(event.target.value), ...properties });
}

/** A day, with its month as a word beside it: browsers differ in whether the day or the month comes first. */
export function day(value, set, { first = "", last, language }) {
  const words = h("span", { className: "quiet" });
  const say = (date) => { words.textContent = date ? language.day(date) : ""; };
  const control = h("input", { type: "date", value, min: first, max: last, oninput: (event) => {
    say(event.target.value);
    set(event.target.value);
  } });
  say(value);
  return [control, words];
}

/** One of `options`, pairs of value and text; an empty one stands first. */
export function one(value, options, set, none = "") {
  const listed = none === null ? options : [["", none], ...options];
  return h("select", { onchange: (event) => set(event.target.value) }, listed.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
}

/** A question with its answers side by side; none is chosen before somebody chooses. */
export function answers(place, question, value, options, set) {
  const choice = ([key, text]) => h("label", { className: "choice" },
    h("input", { type: "radio", name: place, checked: key === value, onchange: () => set(key) }), text);
  return h("fieldset", { className: "answers field", "data-place": place }, h("legend", {}, question), h("div", { className: "row" }, options.map(choice)), h("div", { className: "said" }));
}

/** Large toggles, one stop of the Tab key: arrows move, Space toggles, Enter goes on, for it is pressed without looking. */
export function toggles(label, options, chosen, set) {
  const buttons = options.map(([key, text], n) => {
    const flip = () => {
      const on = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(on));
      set(key, on);
    };
    const toggle = button(text, flip, { "aria-pressed": String(chosen.includes(key)), tabIndex: n === 0 ? 0 : -1, value: key });
    toggle.onkeydown = (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        goOn(toggle);
      }
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = buttons[(n + step + buttons.length) % buttons.length];
      buttons.forEach((other) => { other.tabIndex = other === next ? 0 : -1; });
      next.focus();
    };
    return toggle;
  });
  return h("div", { role: "group", "aria-label": label, className: "toggles" }, buttons);
}

/** Say something under the field of a place, or of the entry that it is part of; null where there is no such field. */
export function sayAt(root, place, ...what) {
  const fields = new Map(Array.from(root.querySelectorAll("[data-place]"), (element) => [element.dataset.place, element]));
  let at = place;
  while (at && !fields.has(at)) at = at.slice(0, Math.max(at.lastIndexOf("."), at.lastIndexOf("["), 0));
  if (!at) return null;
  fields.get(at).querySelector(".said").append(...what);
  return fields.get(at);
}

/** Focus the first control of a field, opening what it is folded into. */
export function goTo(element) {
  const folded = element.closest("details");
  if (folded) folded.open = true;
  const control = element.querySelector("input, select, button, textarea");
  if (control) control.focus();
  element.scrollIntoView({ block: "center" });
}

/** Focus the next field, as Enter does: past buttons, but for the danger signs, and past what is folded away. */
export function goOn(element) {
  const seen = (control) => control.tabIndex >= 0 && control.getClientRects().length > 0 && !control.closest("details:not([open])");
  const controls = Array.from(document.querySelectorAll("main input, main select, main .toggles button, #show-preview")).filter((control) =>
    control === element || (seen(control) && control === entryOf(control)));
  const next = controls.slice(controls.indexOf(element) + 1).find(({ name }) => !name || name !== element.name);
  if (next) next.focus();
}

/** Of radio buttons the one that the Tab key goes to. */
function entryOf(control) {
  if (control.type !== "radio") return control;
  const group = Array.from(document.getElementsByName(control.name));
  return group.find(({ checked }) => checked) || group[0];
}
