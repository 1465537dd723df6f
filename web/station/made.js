/** A card that was made: print it, check the print, hand it over. Until then the station holds it; then it is forgotten. */

import { button, h, show } from "../scanner/dom.js";
import { measuredWords } from "./faults.js";
import { Refused } from "./service.js";
import { CameraView } from "./viewing.js";

const GOOD = "desk_check_good";

/** `picture` is of its faces. */
export function madeScreen(desk, { number, kind, picture }) {
  const { page, service } = desk;
  const results = h("div", { id: "checked", role: "status" });
  const printed = h("p", { role: "status" });
  const checked = async (file) => {
    if (!file) return;
    results.replaceChildren(h("p", {}, page.say("looking")));
    const asked = new URLSearchParams(ruler.value.trim() ? { ruler_mm: ruler.value.trim().replace(",", ".") } : {});
    try {
      results.replaceChildren(...told(desk, ruled, await service.post(`cards/${number}/check?${asked}`, file)));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      results.replaceChildren(h("p", { className: "problem" }, page.say("no_code")));
    }
  };
  const ruled = desk.templates.some((template) => template.ruler && template.name === desk.form.face.template);
  const camera = new CameraView(desk, () => {});
  const ruler = h("input", { id: "ruler", inputMode: "decimal", autocomplete: "off" });
  const unnoted = h("p", { role: "alert", className: "problem", id: "unnoted" });
  const leave = (path, then) => async () => {
    try {
      await service.post(`cards/${number}/${path}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      unnoted.textContent = page.say("desk_unnoted");
      return;
    }
    await then();
  };
  const look = button(page.say("desk_check_camera"), async () => {
    if (!camera.on) await camera.start();
    else await checked(await camera.still());
  }, { id: "check-camera" });
  show(
    h("h1", {}, page.say(kind === "continuation" ? "desk_sticker_made" : "desk_card_made")),
    h("div", { className: "columns" },
      h("div", {}, h("img", { src: URL.createObjectURL(picture), alt: page.say("desk_preview"), className: "card-picture", id: "card-picture" })),
      h("aside", { "aria-label": page.say("next_steps") },
        h("section", {}, h("h2", {}, `1. ${page.say("print")}`), h("p", { className: "quiet" }, page.say("desk_actual_size")),
          h("div", { className: "row" }, h("a", { href: `/api/cards/${number}/card.pdf`, target: "_blank", rel: "noopener", className: "button main", id: "print" }, page.say("print")), printers(desk, number, printed)), printed),
        h("section", {}, h("h2", {}, `2. ${page.say("desk_check_scan")}`), h("p", { className: "quiet" }, page.say("desk_check_help")),
          h("label", {}, page.say(ruled ? "desk_ruler" : "desk_ruler_code"), ruler),
          h("div", { className: "row" }, look, h("label", { className: "file" }, page.say("photo"), h("input", { type: "file", accept: "image/*,application/pdf", id: "check-file", onchange: (event) => checked(event.target.files[0]) }))),
          results, camera.view),
        h("section", {}, h("h2", {}, `3. ${page.say("desk_hand_over")}`),
          h("div", { className: "actions" },
            button(page.say("desk_handed_over"), leave("handed-over", () => desk.startAnew()), { className: "main", id: "handed-over" }),
            button(page.say("desk_discard_change"), leave("discard", () => desk.backToForm()), { id: "discard-change" }),
            button(page.say("desk_discard"), leave("discard", () => desk.startAnew()), { id: "discard" })), unnoted),
      )),
  );
  return { stop: () => camera.stop() };
}

/** What the check scan found, in the words of the page; without printed 50 mm (`ruled`) the code is measured. */
function told(desk, ruled, { passed, results }) {
  const { page } = desk;
  const words = (check) => page.say(`desk_check_${check.replace("-", "_")}${check === "size" && !ruled ? "_code" : ""}`);
  const failed = results.filter((result) => !result.passed);
  return [
    h("p", { className: passed ? "good" : "problem" }, page.say(passed ? GOOD : "desk_check_bad")),
    h("ul", {}, failed.map(({ check, measured }) => h("li", {}, words(check), h("span", { className: "quiet" }, " (", measuredWords(desk, measured), ")")))),
  ];
}

/** A button for each printer of this computer. */
function printers({ page, service, printers: names }, number, printed) {
  return names.map((name) => button(`${page.say("print")}: ${name}`, async () => {
    try {
      await service.post(`cards/${number}/print`, { printer: name });
      printed.textContent = page.say("desk_sent_to_printer");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      printed.textContent = page.say("desk_not_printed");
    }
  }));
}
