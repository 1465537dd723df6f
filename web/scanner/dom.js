/** Elements in one line: `h("button", { type: "button", onclick }, "Scan")`. Text is always text, never markup. */

import { picture } from "./source.js";

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
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
