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

export function day(value, set, last) {
  return h("input", { type: "date", value, max: last, oninput: (event) => set(event.target.value) });
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

/** Large toggles, one stop of the Tab key: arrows move, Space or Enter toggles. */
export function toggles(label, options, chosen, set) {
  const buttons = options.map(([key, text], n) => {
    const flip = () => {
      const on = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(on));
      set(key, on);
    };
    const toggle = button(text, flip, { "aria-pressed": String(chosen.includes(key)), tabIndex: n === 0 ? 0 : -1, value: key });
    toggle.onkeydown = (event) => {
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

/** Focus what comes after `element` in the order of the Tab key. */
export function goOn(element) {
  const controls = Array.from(document.querySelectorAll("main input, main select, main button, main summary, main textarea")).filter((control) => {
    if (control.disabled || control.tabIndex < 0 || control.getClientRects().length === 0) return false;
    return control.type !== "radio" || control.name === element.name || control.checked || !document.querySelector(`input[name="${control.name}"]:checked`);
  });
  const next = controls.slice(controls.indexOf(element) + 1).find(({ type, name }) => type !== "radio" || name !== element.name || element.type !== "radio");
  if (next) next.focus();
}
