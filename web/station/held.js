/** What becomes of a card that is continued: a sticker or a new card, and what the new one leaves out at her wish. */

import { h } from "../scanner/dom.js";
import { answers } from "./fields.js";
import { lastValue, unclear } from "./form.js";
import { personTitle } from "./person.js";

export function heldView(desk, changed) {
  const { page, form } = desk;
  const { held } = form;
  const anew = h("div", {});
  const box = (name, words, id) => h("label", { className: "choice" },
    h("input", { type: "checkbox", id, checked: held[name], onchange: (event) => { held[name] = event.target.checked; changed(); } }), words);
  const closed = held.reading.parts.some(({ sealed }) => sealed === "closed");
  const draw = () => anew.replaceChildren(...(held.sticker ? [] : [
    ...unclear(form).map((number) => whichChild(desk, number, changed)),
    box("withholdSources", page.say("desk_withhold"), "withhold"),
    ...(closed ? [box("loseSealed", page.say("desk_lose_sealed"), "lose-sealed")] : []),
    h("details", { id: "leave-out" }, h("summary", {}, page.say("desk_leave_out")), lines(desk, changed)),
  ]));
  draw();
  const kind = (sticker, words, id) => h("label", { className: "choice" }, h("input", { type: "radio", name: "kind", id, checked: held.sticker === sticker, onchange: () => {
    held.sticker = sticker;
    desk.redraw();
  } }), words);
  return h("fieldset", { id: "held" }, h("legend", {}, page.say("desk_this_card")),
    h("p", {}, desk.language.label("verdict", `${held.reading.verdict}.title`).text, held.reading.issuer && ` · ${held.reading.issuer}`),
    h("div", { className: "row" }, kind(false, page.say("desk_new_card"), "new-card"), kind(true, page.say("desk_sticker"), "new-sticker")),
    anew);
}

/** Contacts that may be any of several children's: whose they are, or that they are left out. */
function whichChild(desk, number, changed) {
  const { page, form } = desk;
  const { held } = form;
  const { people } = held.reading.record;
  const place = `people[${number}]`;
  const { role, contacts } = people[number];
  const could = [...people.keys()].filter((other) => people[other].role === role && !unclear(form).includes(other));
  const options = [...could.map((other) => [other, recognised(desk, other)]), ["out", page.say("desk_leave_it_out")]];
  const chosen = held.leaveOut.includes(place) ? "out" : held.whose[number];
  const view = answers(`whose.${number}`, page.say("desk_which_child"), chosen, options, (answer) => {
    held.leaveOut = [...held.leaveOut.filter((other) => other !== place), ...(answer === "out" ? [place] : [])];
    delete held.whose[number];
    if (answer !== "out") held.whose[number] = answer;
    changed();
  });
  const words = (contact) => entries(desk, role, contact, "").map(([, text]) => text).join(", ");
  view.querySelector("legend").after(...contacts.map((contact) => h("p", {}, h("strong", {}, `${dated(desk, contact)}: `), words(contact))));
  return view;
}

/** A child by what tells it from another: sex, day of birth, the last weight. */
function recognised(desk, number) {
  const { language, offered, form, tables } = desk;
  const person = form.held.reading.record.people[number];
  const sex = person.sex && offered.valueText("sex", person.sex);
  const last = lastValue(person, "weight");
  const unit = offered.unit(tables.known.observations[person.role].byKey.get("weight"));
  const weight = last && `${offered.valueText("weight", last.value)} ${unit}, ${language.day(last.date)}`;
  return [personTitle(desk, form, number), sex, person.born && language.day(person.born), weight].filter(Boolean).join(" · ");
}

function dated(desk, { date, source }) {
  return [desk.language.day(date), source].filter(Boolean).join(" · ");
}

/** Every line of the card with a box to leave it out; a person goes with all that is hers. */
function lines(desk, changed) {
  const { form } = desk;
  const { held } = form;
  const box = (place, words) => h("label", { className: "choice" }, h("input", { type: "checkbox", value: place, checked: held.leaveOut.includes(place), onchange: (event) => {
    held.leaveOut = [...held.leaveOut.filter((other) => other !== place), ...(event.target.checked ? [place] : [])];
    changed();
  } }), words);
  return [...held.reading.record.people.entries()].filter(([n]) => !unclear(form).includes(n)).map(([n, person]) => h("div", { className: "leave" },
    box(`people[${n}]`, h("strong", {}, `${personTitle(desk, form, n)}: ${desk.page.say("desk_all_of_it")}`)),
    person.contacts.map((contact, c) => {
      const at = `people[${n}].contacts[${c}]`;
      return [box(at, h("strong", {}, dated(desk, contact))), h("div", { className: "lines" }, entries(desk, person.role, contact, at).map(([place, words]) => box(place, words)))];
    })));
}

/** The lines of a contact, each with its place in the record. */
function entries({ offered, language }, role, contact, at) {
  const found = Object.entries(contact.observations || {}).map(([key, value]) => [`${at}.observations.${key}`, `${language.label("observation", key, role).text}: ${offered.valueText(key, value)}`]);
  for (const [list, kind] of [["findings", "finding"], ["services", "service"]]) {
    (contact[list] || []).forEach((word, n) => found.push([`${at}.${list}[${n}]`, language.label(kind, word).text]));
  }
  (contact.medicines || []).forEach(({ medicine }, n) => found.push([`${at}.medicines[${n}]`, offered.text("medicine", medicine)]));
  (contact.vaccines || []).forEach(({ vaccine }, n) => found.push([`${at}.vaccines[${n}]`, language.label("vaccine", vaccine).text]));
  if (contact.referral) found.push([`${at}.referral`, `${language.label("section", "referral").text}: ${language.label("service", contact.referral.service).text}`]);
  return found;
}
