/** The handover in words: `sections` for a page, `verdictLines` for what a reader found out, `personLabel` for whose a line is. */

import { filled } from "./labels.js";
import { Words } from "./wording.js";

/** The handover in words, `{ key, title, lines }` in fixed order; one without lines has nothing to say, which is not good news. */
export function sections(handover, language, known) {
  const words = new Words(handover, language, known);
  return language.data.sections.map((key) => ({ key, title: language.label("section", key).text, lines: [...words[key]()] }));
}

/** What a verdict means and how to go on with care, then a sentence for each notice, then the age of the list of issuers. */
export function verdictLines(verdict, notices, language, { bundleAgeDays = null, issuer = null } = {}) {
  const lines = [".title", "", ".care"].map((part) => language.label("verdict", `${verdict}${part}`));
  const days = bundleAgeDays === null ? "?" : bundleAgeDays;
  const organisation = issuer || language.label("ui", "unknown_organisation");
  lines.push(...notices.map((word) => filled(language.label("notice", word), { days, organisation })));
  if (bundleAgeDays !== null && !notices.includes("old-bundle")) lines.push(language.counted("bundle_age", bundleAgeDays));
  return lines.map(({ text }) => text);
}

/** What she is told before a card is made, in at most sixty words. */
export function noticeText(language) {
  return language.label("notice_text", "privacy");
}

/** "Mother", "Baby", or "Baby 2" where there are several. */
export function personLabel(handover, person, language) {
  const role = handover.people[person];
  if (role === "mother") return language.label("ui", "mother");
  const infants = [...handover.people.keys()].filter((n) => handover.people[n] === role);
  return infants.length === 1 ? language.label("ui", "baby") : language.ui("baby_n", { n: infants.indexOf(person) + 1 });
}
