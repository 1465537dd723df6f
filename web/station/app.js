/**
 * The station page: unlock, fill in, preview, make, print, check, hand over; or scan a card and go on from it.
 *
 * The page keeps the form in memory and its draft in the station's process. In the browser nothing stays but the choice of language.
 */

import { Decoder } from "../scanner/decoder.js";
import { button, h } from "../scanner/dom.js";
import { loadTables } from "../scanner/tables.js";
import { batchScreen } from "./batch.js";
import { dayScreen } from "./day.js";
import { formScreen } from "./entering.js";
import { emptyForm, newPerson, onDay } from "./form.js";
import { madeScreen } from "./made.js";
import { Offered } from "./offered.js";
import { scanScreen } from "./scanning.js";
import { Refused, Service } from "./service.js";
import { secondScreen, strangerScreen, unlockScreen } from "./unlocking.js";

const LOOK = 1000; // milliseconds between two looks whether the station has locked itself

class Desk {
  constructor(tables) {
    this.tables = tables;
    this.decoder = new Decoder();
    this.service = new Service(() => this.locked(), (gone) => this.lost(gone));
    this.form = null;
    this.screen = null; // draws the present screen again
    this.unlocking = () => unlockScreen(this, () => this.start());
    this.batched = null; // how the last batch went, until its sheets are given out
    this.usual = {}; // the formats that were chosen last, by kind
    this.running = null; // what of it has to be stopped
    this.set(localStorage.getItem("language") || firstLanguage(tables.pageLanguages));
    for (const event of ["pointerdown", "keydown"]) window.addEventListener(event, () => this.used(), { passive: true });
  }

  // --- language, station, lock ---------------------------------------------------------------------------------------

  set(code) {
    this.page = this.tables.page(code);
    this.language = this.tables.language(this.page.code);
    document.documentElement.lang = this.page.code;
    document.title = this.page.say("desk_title");
  }

  get today() {
    return this.state.today;
  }

  async start() {
    try {
      this.state = await this.service.state();
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
      strangerScreen(this);
      return;
    }
    if (this.state.locked) this.locked();
    else await this.opened();
  }

  /** Said once: what is typed of the passphrase meanwhile stays. */
  locked() {
    if (this.screen === this.unlocking) return;
    clearTimeout(this.idle);
    this.state = { ...this.state, locked: true };
    this.batched = null;
    this.go(this.unlocking);
  }

  /** Whether the station answers is said above every screen, for what stands there may still be written down by hand. */
  lost(gone) {
    this.gone = gone;
    if (this.state) this.head();
  }

  /** The station is open: the form as it was left, or a card that is not yet handed over. */
  async opened() {
    this.offered = new Offered(this.tables, this.language, this.state.sealing);
    const [draft, templates, printers] = await Promise.all(["draft", "templates", "printers"].map((path) => this.service.get(path)));
    Object.assign(this, { templates, printers });
    this.form = onDay(this.form || draft || this.blank(), this.today);
    this.used();
    if (this.form.made) await this.showMade({ card: this.form.made.number, kind: this.form.made.kind });
    else this.showForm();
  }

  /** Somebody works here; when nobody did for long enough, the station has locked itself, and the page shows it. */
  used() {
    clearTimeout(this.idle);
    if (this.state && !this.state.locked) this.look(this.state.idle_seconds * 1000 + LOOK);
  }

  /** Ask whether the station is locked by now, and again until it is: to ask is no use of it. */
  look(wait) {
    this.idle = setTimeout(async () => {
      this.look(LOOK);
      if ((await this.service.state()).locked) this.locked();
    }, wait);
  }

  async lock() {
    try {
      await this.keepDraft();
      await this.service.post("lock");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return; // it was locked already, and what its draft lacks is here
    }
    this.form = null;
    this.locked();
  }

  /** The form goes to the station's process, so that a reload or a lock keeps it. */
  keepDraft() {
    return this.service.put("draft", this.form);
  }

  // --- screens -------------------------------------------------------------------------------------------------------

  leave() {
    if (this.running) this.running.stop();
    this.running = null;
    delete document.body.dataset.verdict;
  }

  go(screen) {
    this.leave();
    this.screen = screen;
    this.draw();
  }

  /** A screen that shows what is asked for; nothing happens where another was gone to before the answer. */
  async goWith(asked, screen) {
    const from = this.screen;
    const answer = await asked;
    if (this.screen === from) this.go(() => screen(answer));
  }

  draw() {
    this.head();
    this.running = this.screen() || null;
  }

  /** The present screen once more, with what was entered. */
  redraw() {
    this.go(this.screen);
  }

  showForm() {
    this.go(() => formScreen(this));
  }

  async begin(form) {
    this.form = form;
    [this.state] = await Promise.all([this.service.state(), this.keepDraft()]); // midnight may have passed
    this.form = onDay(form, this.today);
    this.showForm();
  }

  /** A blank form; what stood in the one before is gone here and in the station. */
  startAnew() {
    return this.begin(this.blank());
  }

  blank() {
    return emptyForm(this.page.code, this.today);
  }

  scan(texts = []) {
    this.go(() => scanScreen(this, texts));
  }

  async showMade({ card: number, kind }) {
    this.form.made = { number, kind };
    await this.keepDraft();
    try {
      await this.goWith(this.service.get(`cards/${number}/card.png`), (picture) => madeScreen(this, { number, kind, picture }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.backToForm(); // the station was locked since, and has forgotten it
    }
  }

  backToForm() {
    return this.begin({ ...this.form, made: null });
  }

  addPerson(role) {
    this.form.people.push(newPerson(role));
  }

  head() {
    const { page, state } = this;
    const select = h("select", { id: "language", "aria-label": page.say("language"), onchange: () => {
      localStorage.setItem("language", select.value);
      this.set(select.value);
      this.offered = new Offered(this.tables, this.language, state.sealing);
      this.redraw();
    } }, this.tables.pageLanguages.map((code) => h("option", { value: code, selected: code === page.code }, this.tables.ownNames[code])));
    const { organisation, number } = state.station;
    const age = state.clock_wrong ? "" : this.language.counted("bundle_age", state.bundle.age_days).text;
    document.getElementById("head").replaceChildren(
      h("p", {}, h("strong", {}, `${organisation} · ${page.say("desk_station")} ${number}`), state.network === "test" && h("span", { className: "test" }, this.language.ui("test").text), h("span", { className: "quiet" }, ` ${age}`)),
      ...(state.clock_wrong ? [h("p", { className: "problem", id: "clock-wrong", role: "alert" }, page.say("desk_clock_wrong"))] : []),
      ...(this.gone ? [h("p", { className: "problem", id: "gone", role: "alert" }, page.say("desk_stranger"))] : []),
      ...(state.locked ? [] : [h("nav", { className: "row", "aria-label": page.say("desk_title") },
        button(page.say("desk_form"), () => (this.form.made ? this.showMade({ card: this.form.made.number, kind: this.form.made.kind }) : this.showForm()), { className: "small", id: "to-form" }),
        button(page.say("desk_scan"), () => this.scan(), { className: "small", id: "to-scan" }),
        button(page.say("desk_batch"), () => this.go(() => batchScreen(this)), { className: "small", id: "to-batch" }),
        button(page.say("desk_day"), () => this.goWith(this.service.get("counts"), (counts) => dayScreen(this, counts)), { className: "small", id: "to-day" }),
        button(page.say("desk_lock"), () => this.lock(), { className: "small", id: "lock" }))]),
      select,
    );
  }
}

function firstLanguage(languages) {
  const wanted = (navigator.languages || [navigator.language]).map((name) => name.slice(0, 2).toLowerCase());
  return wanted.find((name) => languages.includes(name)) || "en";
}

/** There is one form: in a second tab the page waits until the first is closed. */
async function run() {
  const desk = new Desk(await loadTables());
  if ((await navigator.locks.query()).held.length > 0) secondScreen(desk);
  navigator.locks.request("desk", async () => {
    await desk.start();
    await new Promise(() => {}); // held as long as this page is there
  });
}

run();
