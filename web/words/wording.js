/**
 * The lines of a handover in one language, section by section: `Words` has a method for each section, of the section's name.
 *
 * A line is `{ text, level, person, role, icon, draft, sensitivity }`, as in healthcard/words/wording.py. "Normal" is never written: a
 * z-score without a remark stands alone. Red never says what she has: it names the value, the date and the rule, "not a diagnosis".
 */

import { joined, plain } from "./labels.js";

export class Words {
  /** `language` is a Language, `known` the Vocabulary. */
  constructor(handover, language, known) {
    this.handover = handover;
    this.language = language;
    this.known = known;
    [this.colon, this.semicolon] = language.code === "fr" ? ["\u00a0: ", "\u00a0; "] : [": ", "; "];
  }

  ui(key, phraseParts) {
    return this.language.ui(key, phraseParts);
  }

  label(kind, key, role) {
    return this.language.label(kind, key, role);
  }

  *verdict() {
    const { verdict } = this.handover.standing;
    if (verdict) {
      const level = verdict === "verified" ? "info" : "amber";
      for (const part of [".title", "", ".care"]) yield line(this.label("verdict", `${verdict}${part}`), level, null, "help");
    }
    const standing = this.standing();
    if (standing.text) yield line(standing, "info", null, "help");
  }

  /** Who signed it, and how old the last entry is. */
  standing() {
    const { issuer, last_entry_days: days } = this.handover.standing;
    const signed = issuer && this.ui("signed_by", { organisation: issuer });
    const age = days ? this.language.counted("last_entry", days) : days === 0 ? this.ui("last_entry_today") : null;
    return joined(" · ", signed, age);
  }

  *danger() {
    for (const found of [...this.handover.danger, ...this.handover.watch]) {
      const what = found.kind === "finding" ? this.label("finding", found.key) : this.reading(found);
      const old = found.old && this.ui("old");
      const said = joined("", joined(", ", what, ...this.where(found.origin), old), this.because(found));
      const draft = !found.rules.every((rule) => rule.confirmed);
      yield line(said, found.level, found.origin, "danger", found.sensitivity, draft);
    }
  }

  /** The rules that were met, in words and by source; a danger sign's own words say enough without the rule's. */
  because({ kind, rules }) {
    if (!rules.length) return null;
    const meanings = kind === "value" ? rules.map((rule) => this.label("rule", String(rule.number))) : [];
    const met = this.ui("rule_met", { rule: [...new Set(rules.map((rule) => rule.source))].join(", ") });
    const remark = rules.every((rule) => rule.confirmed) ? null : this.ui("unconfirmed");
    const once = new Map(meanings.map((meaning) => [JSON.stringify(meaning), meaning]));
    const said = joined(this.semicolon, ...once.values());
    return joined("", said.text ? this.colon : "", said, " (", joined(this.semicolon, met, remark), ")");
  }

  reading({ key, values, unit, origin, inputs }) {
    const [[, value]] = values;
    if (key === "gestation_days") {
      return joined(" ", this.label("derived", "gestational_age_days"), this.gestation([Math.floor(value / 7), value % 7]));
    }
    if (key.endsWith("_z")) {
      const units = this.known.observations[origin.role].byKey;
      const used = inputs.filter(([name]) => units.has(name));
      const measured = used.map((input) => this.measured(input[0], [input], units.get(input[0]).unit));
      const score = this.score(key.slice(0, -"_z".length), value);
      return joined(" ", score, measured.length ? joined("", "(", joined(", ", ...measured), ")") : null);
    }
    return joined(" ", this.quantity(key, values, origin.role), this.measured(key, values, unit));
  }

  /** "Weight for length -2,0 z": a score always shows a decimal. */
  score(indicator, z) {
    const figure = Number.isInteger(z) ? this.language.decimals(`${z}.0`) : this.language.number(z);
    return joined(" ", this.label("growth", indicator), figure, "z");
  }

  quantity(key, values, role) {
    if (key !== "blood_pressure") return this.label("observation", key, role);
    return values.length === 1 ? this.label("observation", values[0][0]) : this.ui(key);
  }

  /** "166/112 mmHg", "38.2 °C", "3+". */
  measured(key, values, unit) {
    const texts = values.map(([name, value]) => {
      return typeof value === "string" ? this.language.value(name, value) : plain(this.language.number(value));
    });
    return joined(" ", joined("/", ...texts), unit && this.label("unit", unit));
  }

  /** Date and time, then who says so where it is not the issuer, then whether that is not verified. */
  where({ date, time, source, verified }) {
    return [
      ...(date ? [plain(this.language.day(date) + (time ? ` ${time}` : ""))] : []),
      ...(source ? [this.organisation(source)] : []),
      ...(verified ? [] : [this.ui("unverified_line")]),
    ];
  }

  organisation(source) {
    return this.language.organisation(source);
  }

  /** A medicine's name and strength: "paracetamol 500 mg". */
  medicine(key, strength = true) {
    const { language } = this;
    const name = this.label("medicine", key);
    const written = strength && language.data.strengths[key];
    if (!written) return name;
    return joined(" ", name, language.has("strength", written) ? this.label("strength", written) : plain(language.decimals(written)));
  }

  *time_critical() {
    for (const given of this.handover.time_critical) {
      const { origin } = given;
      const name = this.medicine(given.medicine, !this.language.data.self_explained.includes(given.unit));
      const who = origin.source || this.handover.standing.issuer;
      const organisation = who && this.organisation(who);
      const by = who && who !== "holder" && who !== "withheld" ? this.ui("given_by", { organisation }) : organisation;
      const at = joined(" ", origin.date && this.language.day(origin.date), origin.time || this.ui("time_unknown"));
      const verified = origin.verified ? null : this.ui("unverified_line");
      const text = joined(", ", joined(" ", name, this.taken(given)), at, by, verified);
      yield line(text, given.old ? "old" : "info", origin, "medicine", given.sensitivity);
    }
  }

  taken({ amount, unit, timing, days }) {
    const howMuch = this.language.amount(amount, unit);
    if (!timing || !days) return howMuch;
    return this.language.counted("to_take", days, "days", { amount: howMuch, timing: this.label("timing", timing) });
  }

  *allergies() {
    const levels = { listed: "amber", none_asked: "info", not_asked: "question" };
    for (const { origin, sensitivity, state, words } of this.handover.allergies) {
      const listed = () => joined(this.colon, this.ui("allergy"), joined(", ", ...words.map((word) => this.label("allergy", word))));
      const text = state === "listed" ? listed() : this.ui(`allergies_${state}`);
      yield line(joined(", ", text, origin.verified ? null : this.ui("unverified_line")), levels[state], origin, "allergy", sensitivity);
    }
  }

  *who() {
    for (const who of this.handover.who) {
      const { origin, sensitivity } = who;
      const mother = origin.role === "mother";
      const icon = mother ? "mother" : "baby";
      const said = (mother ? this.mother(who) : this.infant(who)).filter((text) => text && text.text);
      for (const [n, text] of said.entries()) {
        const doubt = origin.verified || n > 0 ? null : this.ui("unverified_line"); // said once for the whole person
        yield line(joined(", ", text, doubt), "info", origin, icon, sensitivity);
      }
      for (const found of who.conditions) {
        const text = joined(", ", this.label("finding", found.finding), ...this.where(found.origin));
        yield line(text, "info", found.origin, icon, found.sensitivity);
      }
    }
  }

  mother(who) {
    const { language } = this;
    const age = this.label("derived", "gestational_age_days");
    const counts = ["gravida", "parity", "caesareans"].filter((key) => who[key] !== null);
    return [
      who.gestation && joined(" ", age, joined(", ", this.gestation(who.gestation), who.dating && this.dated(who.dating))),
      who.expected && joined(" ", this.label("derived", "edd"), language.day(who.expected)),
      !who.gestation && who.pregnant ? joined(this.colon, age, this.ui("unknown")) : null,
      who.postpartum_days === null ? null : language.counted("postpartum_day", who.postpartum_days),
      joined(" · ", ...counts.map((key) => joined(" ", this.ui(key), String(who[key])))),
      who.fetuses > 1 ? joined(" ", this.label("observation", "fetuses"), String(who.fetuses)) : null,
      this.blood(who),
      who.age_years === null
        ? null
        : joined(this.colon, this.label("observation", "age_years"), language.counted("years", who.age_years, "years")),
    ];
  }

  infant(who) {
    const { language } = this;
    const weight = who.birth_weight_g;
    const weeks = who.gestation_at_birth;
    const born = weight === null ? null : joined(" ", this.ui("birth_weight"), String(weight), this.label("unit", "g"));
    const early =
      weeks === null ? null : joined(" ", this.label("observation", "gestation_weeks"), language.counted("weeks", weeks, "weeks"));
    return [
      joined(" · ", this.age(who.age), who.sex && this.label("enumeration", `sex.${who.sex}`)),
      joined(" · ", born, early),
      who.feeding && this.feeding(who.feeding),
      this.blood(who),
    ];
  }

  age(age) {
    if (!age) return joined(this.colon, this.ui("age"), this.ui("unknown"));
    const about = age.approximate && this.label("enumeration", "born_precision.estimated");
    return joined(" ", this.ui("age"), joined(", ", this.language.counted(age.unit, age.count, age.unit), about));
  }

  feeding({ word, origin }) {
    const feeding = joined(this.colon, this.label("observation", "feeding"), this.language.value("feeding", word));
    return joined(", ", feeding, ...this.where(origin));
  }

  dated(dating) {
    return this.ui("dated_by", { method: this.label("enumeration", `dating.${dating}`) });
  }

  blood({ blood_group: group, rhesus }) {
    if (!group || !rhesus) return null;
    const sign = joined(" ", this.ui("rhesus"), this.label("value", rhesus));
    return joined(" ", this.label("observation", "blood_group"), group, joined("", "(", sign, ")"));
  }

  gestation([weeks, days]) {
    return this.ui("gestation", { weeks, days });
  }

  *values() {
    for (const { key, origin, sensitivity } of this.handover.not_measured) {
      const what = joined(this.colon, this.quantity(key, [], origin.role), this.ui("not_measured"));
      yield line(joined(", ", what, origin.date && this.language.day(origin.date)), "question", origin, "scale", sensitivity);
    }
    for (const series of this.handover.values) {
      const [newest] = series.points;
      const text = joined(" · ", this.series(series), series.trend && this.ui(series.trend), newest.old && this.ui("old"));
      yield line(text, newest.old ? "old" : "info", newest.origin, "scale", series.sensitivity);
    }
    for (const growth of this.handover.growth) yield* this.growth(growth);
  }

  series({ key, role, unit, points }) {
    const shown = points.map(({ origin, values }, n) => {
      const alone = values.length === 1 && key === "blood_pressure" && n > 0;
      const value = this.measured(key, values, n === 0 ? unit : "");
      const where = joined("", "(", joined(", ", ...this.where(origin)), ")");
      return joined(" ", alone && this.label("observation", values[0][0]), value, where);
    });
    return joined(" ", this.quantity(key, points[0].values, role), joined(this.semicolon, ...shown));
  }

  *growth({ origin, sensitivity, scores, old }) {
    const aside = [...this.where(origin), old && this.ui("old")];
    const order = this.language.data.scores_shown;
    for (const { indicator, z } of scores.filter((score) => score.implausible)) {
      const text = joined(this.colon, this.score(indicator, z), this.ui("implausible"));
      yield line(joined(", ", text, ...aside), "question", origin, "scale", sensitivity);
    }
    const shown = scores.filter((score) => !score.implausible && order.includes(score.indicator));
    shown.sort((a, b) => order.indexOf(a.indicator) - order.indexOf(b.indicator));
    const figures = shown.map(({ indicator, z, word }) => {
      const remark = word && word !== "normal" ? joined("", "(", this.label("growth", word), ")") : null;
      return joined(" ", this.score(indicator, z), remark);
    });
    if (figures.length) {
      const text = joined(", ", joined(this.semicolon, ...figures), ...aside);
      yield line(text, old ? "old" : "info", origin, "scale", sensitivity);
    }
  }

  *medicines() {
    for (const question of this.handover.questions) {
      const entry = this.known.medicines.byKey.has(question.entry) ? this.medicine(question.entry) : this.label("vaccine", question.entry);
      const remark = question.confirmed ? null : this.ui("unconfirmed");
      const details = joined("", "(", joined(", ", entry, ...this.where(question.origin), remark), ")");
      const text = joined(" ", this.label("conflict", String(question.number)), details);
      yield line(text, "question", question.origin, "medicine", question.sensitivity, !question.confirmed);
    }
    for (const given of this.handover.medicines) {
      const { origin, state, days_left: left } = given;
      const phrase = left <= this.language.data.runs_out_soon ? "runs_out_in" : "days_left";
      const end = state === "finished" ? this.ui("finished") : this.language.counted(phrase, left);
      const what = joined(this.colon, this.medicine(given.medicine), this.taken(given));
      const text = joined(" · ", what, end, joined(", ", ...this.where(origin)));
      yield line(text, state === "finished" ? "old" : "info", origin, "medicine", given.sensitivity);
    }
  }

  *vaccines() {
    for (const { vaccine, dose, origin, sensitivity } of this.handover.vaccines) {
      const number = dose === null ? null : joined(" ", this.label("unit", "dose"), String(dose));
      const undated = origin.date ? null : this.ui("date_unknown");
      const text = joined(", ", this.label("vaccine", vaccine), number, undated, ...this.where(origin));
      yield line(text, "info", origin, "vaccine", sensitivity);
    }
  }

  *due() {
    for (const due of this.handover.due) {
      const key = `${due.schedule}.${due.key}`;
      const what = this.language.has("schedule", key) ? this.label("schedule", key) : { text: due.label_en, draft: true };
      const date = this.language.day(due.due);
      const now = () => joined("", this.ui(due.state === "overdue" ? "overdue" : "due_now"), ` (${date})`);
      const state = due.state === "upcoming" ? this.ui("due_on", { date }) : now();
      const about = due.approximate && this.label("enumeration", "born_precision.estimated");
      const text = joined(", ", joined(this.colon, what, state), about, due.confirmed ? null : this.ui("unconfirmed"));
      const origin = { person: due.person, role: this.handover.people[due.person] };
      yield line(text, due.state === "overdue" ? "amber" : "info", origin, "next_visit", due.sensitivity, !due.confirmed);
    }
  }

  *referral() {
    for (const { origin, sensitivity, service, urgency, reason, to, state } of this.handover.referrals) {
      const head = this.ui(state === "to_do" ? "referral_todo" : "referral_sent");
      const soon = this.language.enumeration("urgency", urgency);
      const destination = to && this.ui("to_organisation", { organisation: this.organisation(to) });
      const why = reason && this.label("finding", reason);
      const what = joined(", ", this.label("service", service), soon, why, destination, ...this.where(origin));
      const level = state === "sent" ? "old" : urgency === "urgent" ? "amber" : "info";
      yield line(joined(this.colon, head, what), level, origin, "referral", sensitivity);
    }
  }

  *more() {
    yield line(this.ui("more_for_clinicians"), "info", null, "help");
    for (const { code, origin, sensitivity } of this.handover.unknown_codes) {
      const name = code[0] === "#" ? this.label("finding", code) : this.ui("code", { n: code });
      yield line(joined(", ", joined(this.colon, name, this.ui("unknown")), ...this.where(origin)), "info", origin, "help", sensitivity);
    }
  }
}

function line(label, level, origin, icon, sensitivity = 0, draft = false) {
  const { person, role } = origin || { person: null, role: null };
  const [first = "", ...rest] = label.text;
  return { text: first.toUpperCase() + rest.join(""), level, person, role, icon, draft: label.draft || draft, sensitivity };
}
