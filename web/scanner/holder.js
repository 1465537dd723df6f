/** "Show her": what the card says in her own language, large, with pictures, right to left where she reads so, read aloud where the phone can. */

import { noticeText, personLabel, sections } from "../words/text.js";
import { aloud, silence } from "./aloud.js";
import { button, h, isolated, pictogram, show } from "./dom.js";
import { record } from "./record_view.js";

const NOT_HERS = ["verdict", "more"];

export async function showHolder(app, code = null) {
  const { reading, tables, page } = app;
  const chosen = code || (tables.languages.includes(reading.record.language) ? reading.record.language : page.code);
  const asked = (app.asked = {});
  const language = await wordsOf(tables, chosen);
  if (app.reading !== reading || app.asked !== asked) return; // cleared, left or another chosen while the words were fetched
  if (!language) return showHolder(app, page.code);
  silence();
  const hers = { reading, tables, language, personName: (n) => personLabel(reading.handover, n, language).text };
  const told = sections(reading.handover, language, tables.known).filter(({ key, lines }) => !NOT_HERS.includes(key) && lines.length > 0);
  const direction = tables.rightToLeft.includes(chosen) ? "rtl" : "ltr";
  const article = h("article", { lang: chosen, dir: direction, className: "holder", id: "holder" },
    h("h1", {}, language.ui("keep_this_card").text),
    told.map(({ key, title, lines }) =>
      h("section", { className: key }, h("h2", {}, title),
        h("ul", {}, lines.map((line) => h("li", {}, pictogram(line.icon), h("span", {}, whose(hers, line), isolated(line.text)))))),
    ),
    h("p", { id: "notice" }, noticeText(language).text),
    h("p", {}, language.ui("not_identity_document").text),
    h("details", { className: "more" }, h("summary", {}, language.ui("more_on_code").text), record(hers)),
  );
  const others = h("select", { "aria-label": page.say("her_language"), id: "her-language", onchange: (event) => showHolder(app, event.target.value) },
    tables.languages.map((name) => h("option", { value: name, lang: name, selected: name === chosen }, tables.ownNames[name])));
  show(
    h("div", { className: "row" }, button(page.say("back"), () => app.showReading(), { id: "back" }), others, aloud(page, article, chosen)),
    article,
    told.some(({ lines }) => lines.some(({ draft }) => draft)) && h("p", { className: "quiet draft" }, page.say("draft_words")),
  );
}

/** A language's words; null where they are neither on the phone nor to be had. */
async function wordsOf(tables, code) {
  try {
    return await tables.holdersLanguage(code);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function whose({ reading, personName }, { person }) {
  return reading.handover.people.length > 1 && typeof person === "number" ? h("strong", {}, `${personName(person)}: `) : null;
}
