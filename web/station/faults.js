/** What the station says in English of a record or of a print, in the words of the page; what the page has no words for stays English. */

import { h } from "../scanner/dom.js";

// The words of a refusal as a whole, by its code.
export const REFUSALS = {
  "sensitive-content": "desk_sensitive", "too-large": "desk_two_cards", "confirmation-needed": "desk_type_again", "sealed-content-lost": "desk_sealed_lost",
};

// The beginning of what is said of one place or of a print, with its figures by name, and the words for it.
const SAID = [
  [/^(is )?missing/, "desk_missing"], [/^empty/, "desk_empty"], [/^the same .+ twice/, "desk_twice"], [/^(too many|more than) /, "desk_too_many"],
  [/^no such (key|observation)/, "desk_no_field"], [/^identifies her/, "desk_identifies"], [/^(sensitive: )?never (in|on)/, "desk_sensitive"],
  [/^not (valid JSON|UTF-8)/, "desk_no_json"], [/^her choices are not recorded/, "desk_no_choices"], [/^role is/, "desk_role"],
  [/^not (text|true or false|an object|a list|a number or a word|of its form)/, "desk_kind"],
  [/^not (one of its words|a word of)/, "desk_no_word"], [/^not a condition/, "desk_no_condition"],
  [/^(not a source|(not an|no such) organisation)/, "desk_no_organisation"], [/^which child\?/, "desk_which_child_anew"],
  [/^a continuation only adds/, "desk_only_adds"], [/^a continuation brought/, "desk_not_on_sticker"],
  [/^a new person, and the card/, "add_needs_card"], [/^a new person of whom nothing/, "desk_new_child"],
  // numbers
  [/^not a number$/, "value_missing"], [/^not a whole number/, "desk_whole"], [/^off the step of (?<step>.+)/, "desk_step"],
  [/^too (small|large)/, "desk_too_far"], [/^can't be/, "value_impossible"], [/^(unlikely|implausible)/, "desk_type_again"],
  [/^typed again, but not/, "desk_not_same"], [/^not an amount/, "amount_missing"], [/^timing and days go together/, "days_missing"],
  // days and times
  [/^(not a|no such) date/, "desk_no_date"], [/^a date before 2020/, "desk_before_2020"], [/^a date outside/, "desk_day_outside"],
  [/^in the future/, "desk_future"], [/^before the birth/, "desk_before_birth"], [/^does not fit the last menstrual/, "desk_no_fit"],
  [/^to the day, for a child/, "desk_month_only"], [/^day 15 stands/, "desk_day_15"],
  [/^needed with this medicine/, "desk_time_needed"], [/^not a quarter hour/, "desk_quarter"],
  // a print
  [/^no code that can be read/, "no_code"], [/^(?<n>\d+) of (?<of>\d+) codes are not/, "desk_print_others"],
  [/^(?<n>\d+) of (?<of>\d+) sides/, "desk_print_sides"],
  [/^(?<figure>[\d.]+) % of full size/, "desk_print_size"], [/^a photo does not show it/, "desk_print_photo"],
  [/^(?<figure>[\d.]+) % darker than paper/, "desk_print_contrast"], [/^(?<figure>[\d.]+) % of the modules/, "desk_print_damage"],
  [/^not white on the left/, "desk_print_left"], [/^not white on the right/, "desk_print_right"],
  [/^not white above/, "desk_print_above"], [/^not white below/, "desk_print_below"],
];
const LIMITS = /outside (\S+) to (\S+)(?: (.+))?$/;

/** The words of the page for a text of the station, its figures as they are; null where the page has none. */
export function inWords({ page, language }, text) {
  for (const [pattern, key] of SAID) {
    const found = pattern.exec(text);
    if (!found) continue;
    const figures = Object.entries(found.groups || {}).map(([name, figure]) => [name, language.decimals(figure)]);
    return page.say(key, Object.fromEntries(figures)) + limits(language, text);
  }
  return null;
}

/** " (30 – 180 kg)" where a text names the limits of a value. */
function limits(language, text) {
  const [, least, most, unit] = LIMITS.exec(text) || [];
  if (!least) return "";
  const words = unit && language.has("unit", unit) ? language.label("unit", unit).text : unit;
  return ` (${[`${language.decimals(least)} – ${language.decimals(most)}`, words].filter(Boolean).join(" ")})`;
}

/** What is wrong at a place, for the page; `code` is that of the refusal, where there is one. */
export function faultWords(desk, { message, code, hint }) {
  const words = inWords(desk, message);
  if (words !== null) return [words];
  if (code in REFUSALS) return [desk.page.say(REFUSALS[code])];
  return [desk.page.say("desk_not_right"), inEnglish([message, hint].filter(Boolean).join(": "))];
}

/** What was found of a print, for the page. */
export function measuredWords(desk, measured) {
  const words = inWords(desk, measured);
  return words === null ? inEnglish(measured) : words;
}

function inEnglish(text) {
  return h("span", { lang: "en", className: "quiet" }, ` ${text}`);
}
