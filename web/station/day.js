/** What was given today, of those who agreed to be counted; a number below ten is not shown. */

import { button, h, show } from "../scanner/dom.js";

export function dayScreen(desk, { day, services }) {
  const { page, language } = desk;
  const name = (key) => (key === "contacts" ? page.say("desk_contacts") : language.label("service", key).text);
  const rows = Object.entries(services).map(([key, count]) => h("tr", {}, h("th", { scope: "row" }, name(key)), h("td", {}, count === null ? page.say("desk_fewer") : count)));
  show(
    h("h1", {}, `${page.say("desk_day")} · ${language.day(day)}`),
    rows.length > 0 ? h("table", { id: "counts" }, h("tbody", {}, rows)) : h("p", {}, page.say("desk_none_yet")),
    h("p", { className: "quiet" }, page.say("desk_day_about")),
    button(page.say("back"), () => desk.showForm(), { id: "back" }),
  );
}
