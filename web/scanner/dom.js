/** Elements in one line: `h("button", { type: "button", onclick }, "Scan")`. Text is always text, never markup. */

import { picture } from "./source.js";

const FIELDS = ["input", "select", "textarea"];

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  // A browser writes no field to its disk, to restore it after a crash, and asks no service how a word is spelt.
  if (FIELDS.includes(tag)) Object.assign(element, { autocomplete: "off", spellcheck: false });
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "list") element[name] = value;
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function button(text, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, text);
}

/** A button that asks for a file and gives it to `chosen`. */
export function fileButton(text, id, chosen, accept = "") {
  const input = h("input", { type: "file", id, accept, hidden: true, onchange: () => chosen(input.files[0]) });
  return [input, button(text, () => input.click())];
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff]/;
const LEFT_TO_RIGHT = /([+−-]?[\dA-Za-zµ°½](?:[\dA-Za-zµ°½.,/%+-]*[\dA-Za-z%+])?(?: \/?[\dA-Za-zµ°](?:[\dA-Za-zµ°.,/%+-]*[\dA-Za-z%+])?)*)/;

const SHORT = 12; // characters that a line is not broken within: "113 mm", "mx-rc"

/** Words for a line: between words from right to left, each number with its unit and each Latin name keeps its own order. */
export function isolated(text) {
  if (!RIGHT_TO_LEFT.test(text)) return h("bdi", {}, text);
  return h("bdi", {}, text.split(LEFT_TO_RIGHT).map((part, n) => (n % 2 ? h("bdi", { dir: "ltr", className: part.length > SHORT ? "" : "whole" }, part) : part)));
}

/** A picture that says nothing that the words beside it do not say. */
export function pictogram(name) {
  return h("img", { src: picture(name), alt: "", className: "pictogram", "aria-hidden": "true" });
}

/** Put a screen in place of the one before; the heading takes the focus, so that a screen reader starts there. */
export function show(...children) {
  const main = document.getElementById("screen");
  main.replaceChildren(...children.flat(Infinity).filter(Boolean));
  const heading = main.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  window.scrollTo(0, 0);
}
