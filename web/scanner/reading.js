/** Verdict and thirty-second summary on one screen, danger first. What is not verified is amber and shown all the same. */

import { sections, verdictLines } from "../words/text.js";
import { addScreen } from "./adding.js";
import { button, h, pictogram, show } from "./dom.js";
import { record } from "./record_view.js";
import { STANDALONE } from "./source.js";
import { unlockScreen } from "./unlock.js";

const ICONS = { help: "help", danger: "danger", medicine: "medicine", next_visit: "next_visit", referral: "referral", allergy: "allergy", vaccine: "vaccine" };
const HELP_DESK = ["due"]; // what a desk that is not clinical sees of the summary: a referral names its reason

export function readingScreen(app) {
  const { reading, page, language, settings } = app;
  const { verdict, notices, bundle_age_days: bundleAgeDays, issuer } = reading;
  const [title, means, care, ...noticed] = verdictLines(verdict, notices, language, { bundleAgeDays, issuer });
  const verified = verdict === "verified";
  show(
    h("section", { className: `verdict ${verified ? "verified" : "amber"}`, id: "verdict" },
      h("h1", {}, h("span", { className: "mark", "aria-hidden": "true" }, verified ? "✓" : "!"), ` ${title}`),
      h("p", {}, means),
      h("p", { className: "care" }, care),
      h("ul", { className: "notices" }, noticed.map((line) => h("li", {}, line))),
    ),
    reading.parts.length > 1 && h("ul", { className: "parts" }, reading.parts.map((part, n) => h("li", {}, partLine(app, part, n)))),
    reading.other_cards && h("p", { className: "amber sentence", id: "other-cards" }, page.say("other_cards", { n: reading.other_cards })),
    reading.handover ? (settings.helpDesk ? helpDesk(app) : summary(app)) : h("p", {}, page.say("use_words")),
    h("nav", { className: "actions", "aria-label": page.say("next_steps") },
      STANDALONE ? app.photoButton() : button(page.say("another_code"), () => app.scan(true), { id: "another" }),
      reading.record && !settings.helpDesk && button(page.say("show_her"), () => app.showHolder(), { id: "show-her" }),
      reading.record && !settings.helpDesk && !STANDALONE && button(page.say("add_contact"), () => addScreen(app), { id: "add-contact" }),
      keepOpen(app),
      button(page.say("done"), () => app.start(), { className: "main", id: "done" }),
    ),
  );
}

function partLine(app, part, n) {
  const title = app.language.label("verdict", `${part.verdict}.title`).text;
  return [app.page.say("part", { n: n + 1 }), part.issuer, part.issued && app.language.day(part.issued), title].filter(Boolean).join(" · ");
}

function summary(app) {
  const { reading, language, tables, page } = app;
  const told = sections(reading.handover, language, tables.known).filter(({ key, lines }) => key !== "verdict" && key !== "more" && lines.length > 0);
  const danger = told.filter(({ key }) => key === "danger");
  const others = told.filter(({ key }) => key !== "danger");
  return [
    danger.map((section) => sectionView(app, section, "danger")),
    others.map((section) => sectionView(app, section)),
    reading.which_child && h("p", { className: "amber" }, language.ui("which_child").text),
    h("details", { className: "more" }, h("summary", {}, language.ui("more_for_clinicians").text), record(app), sealedLine(app)),
    h("p", { className: "quiet" }, page.say("not_a_diagnosis")),
    told.some(({ lines }) => lines.some(({ draft }) => draft)) && h("p", { className: "quiet draft" }, page.say("draft_words")),
  ];
}

function sealedLine(app) {
  const closed = app.reading.parts.some(({ sealed }) => sealed === "closed");
  return closed && button(app.page.say("unlock"), () => unlockScreen(app), { id: "unlock" });
}

function sectionView(app, { key, title, lines }) {
  const red = lines.some(({ level }) => level === "red");
  return h("section", { className: `summary ${key}${red ? " red" : ""}`, id: `section-${key}` },
    h("h2", {}, title),
    h("ul", {}, lines.map((line) => h("li", { className: line.level }, line.icon in ICONS && pictogram(ICONS[line.icon]), who(app, line), line.text))),
  );
}

/** Whose a line is, where the card is of several people. */
function who(app, { person, role }) {
  const { people } = app.reading.handover;
  if (people.length < 2 || person === null || person === undefined) return null;
  return h("strong", {}, `${app.personName(person, role)}: `);
}

function helpDesk(app) {
  const { reading, language, tables, page } = app;
  const told = sections(reading.handover, language, tables.known).filter(({ key }) => HELP_DESK.includes(key));
  const services = [...new Set(reading.record.people.flatMap(({ contacts }) => contacts.flatMap(({ services: given = [] }) => given)))];
  return [
    h("section", { className: "summary" }, h("h2", {}, page.say("services")), h("ul", {}, services.map((word) => h("li", {}, language.label("service", word).text)))),
    told.filter(({ lines }) => lines.length > 0).map((section) => sectionView(app, section)),
    h("p", {}, `${page.say("her_language")}: ${language.enumeration("language", reading.record.language).text}`),
  ];
}

function keepOpen(app) {
  return h("label", { className: "choice" },
    h("input", { type: "checkbox", checked: app.session.keepOpen, onchange: (event) => { app.session.keepOpen = event.target.checked; } }),
    app.page.say("keep_open"),
  );
}
