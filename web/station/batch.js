/** Many cards from a file of records: progress, what could not be a card, and the sheets to print. */

import { button, h, show } from "../scanner/dom.js";
import { faultWords } from "./faults.js";
import { one } from "./fields.js";
import { Refused } from "./service.js";

const FORMATS = ["a7", "id1"]; // those that go on sheets

export function batchScreen(desk) {
  const { page, service } = desk;
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": page.say("looking") });
  const out = h("div", { id: "batch-said", role: "status" });
  const file = h("input", { type: "file", id: "batch-file", accept: ".ndjson,.jsonl,application/x-ndjson" });
  const format = one("a7", desk.templates.filter(({ name }) => FORMATS.includes(name)).map(({ name }) => [name, name]), () => {}, null);
  const step = (said) => {
    if (said.of) Object.assign(bar, { max: said.of, value: said.signed });
    else if (said.cards === undefined) out.replaceChildren(h("p", { className: "problem" }, page.say("desk_refused")));
    else {
      desk.batched = said;
      out.replaceChildren(...ended(desk, said));
    }
  };
  const start = async () => {
    if (!file.files[0] || !bar.hidden) return;
    bar.hidden = false;
    desk.batched = null;
    out.replaceChildren();
    try {
      await service.follow(`batch?template=${format.value}`, file.files[0], step);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      out.replaceChildren(h("p", { className: "problem" }, page.say("desk_refused")));
    }
    bar.hidden = true;
  };
  show(
    h("h1", {}, page.say("desk_batch")),
    h("p", {}, page.say("desk_batch_about")),
    h("label", {}, page.say("desk_batch_file"), file),
    h("label", {}, page.say("desk_template"), format),
    h("div", { className: "row" }, button(page.say("desk_batch_start"), start, { className: "main", id: "batch-start" }), button(page.say("back"), () => desk.showForm())),
    bar, out,
  );
  if (desk.batched) out.replaceChildren(...ended(desk, desk.batched));
}

/** How the batch went: the sheets, and each line that could not be a card with its places. */
function ended(desk, { cards, refused }) {
  const { page, service } = desk;
  const unnoted = h("p", { role: "alert", className: "problem" });
  const given = async () => {
    try {
      await service.post("batch/handed-over");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      unnoted.textContent = page.say("desk_unnoted");
      return;
    }
    desk.batched = null;
    desk.showForm();
  };
  const lines = refused.map(({ line, code, problems }) => h("li", {}, page.say("desk_batch_line", { n: line }),
    h("ul", {}, problems.map((problem) => h("li", {}, h("code", {}, problem.place), ": ", faultWords(desk, { ...problem, code }))))));
  return [
    h("p", { className: "good" }, page.say("desk_batch_made", { n: cards })),
    lines.length > 0 && h("p", { className: "problem" }, page.say("desk_batch_refused")),
    lines.length > 0 && h("ul", { id: "batch-refused" }, lines),
    cards > 0 && h("p", { className: "quiet" }, page.say("desk_actual_size")),
    cards > 0 && h("div", { className: "row" },
      h("a", { href: "/api/batch/sheets.pdf", target: "_blank", rel: "noopener", className: "button main", id: "batch-print" }, page.say("print")),
      button(page.say("desk_batch_given"), given, { id: "batch-given" })),
    unnoted,
  ].filter(Boolean);
}
