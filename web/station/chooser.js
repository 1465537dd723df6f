/** Type-ahead: a field that finds words as one types, whatever their accents and order; Enter takes the one that is marked. */

import { h } from "../scanner/dom.js";

const MOST = 8; // words shown at once

function plain(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
}

/** `options` are `{ text, note, ... }`; `choose(option)` gets the one that was taken, `none` is said where nothing is found. */
export function chooser({ id, label, options, choose, none }) {
  const searched = options.map((option) => ({ option, words: ` ${plain(option.text)}` }));
  const list = h("ul", { id: `${id}.list`, role: "listbox", className: "found", hidden: true, "aria-label": label });
  const input = h("input", { id, className: "chooser", role: "combobox", autocomplete: "off", spellcheck: false, "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id });
  const nothing = h("p", { className: "quiet", role: "status" });
  let found = [];
  let marked = 0;
  const draw = () => {
    list.replaceChildren(...found.map((option, n) => h("li", {
      id: `${id}.${n}`, role: "option", "aria-selected": String(n === marked), className: n === marked ? "marked" : "",
      onmousedown: (event) => { event.preventDefault(); take(option); },
    }, option.text, option.note && h("span", { className: "quiet" }, ` · ${option.note}`))));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length > 0) input.setAttribute("aria-activedescendant", `${id}.${marked}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const look = () => {
    const typed = plain(input.value).split(/\s+/).filter(Boolean);
    const hits = typed.length > 0 ? searched.filter(({ words }) => typed.every((part) => words.includes(part))) : [];
    const rank = ({ words }) => (words.startsWith(` ${typed[0]}`) ? 0 : words.includes(` ${typed[0]}`) ? 1 : 2);
    found = hits.map((hit) => [rank(hit), hit]).sort(([a], [b]) => a - b).slice(0, MOST).map(([, { option }]) => option);
    marked = 0;
    nothing.textContent = typed.length > 0 && found.length === 0 ? none : "";
    draw();
  };
  const close = () => {
    found = [];
    nothing.textContent = "";
    draw();
  };
  const take = (option) => {
    input.value = "";
    close();
    choose(option);
  };
  input.oninput = (event) => {
    event.stopPropagation(); // what is looked for is no entry yet
    look();
  };
  input.onblur = close;
  input.onkeydown = (event) => {
    if (event.key === "Enter" && input.value.trim() !== "") {
      event.preventDefault();
      event.stopPropagation();
      if (found.length > 0) take(found[marked]);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length > 0) {
      event.preventDefault();
      marked = (marked + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      draw();
    } else if (event.key === "Escape" && input.value) {
      input.value = "";
      close();
    }
  };
  return h("div", { className: "field chooser" }, h("label", { htmlFor: id }, label), input, list, nothing);
}
