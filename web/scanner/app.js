/**
 * The offline scanner: scan -> verdict and thirty-second summary; then show her, add a contact, or the next one.
 *
 * What was scanned lives in `session` alone and is gone with "Done", after three minutes without a touch, or when the page goes (DP-13).
 */

import { hex } from "../bytes.js";
import { newestCard, read } from "../card.js";
import { silence } from "./aloud.js";
import { Camera } from "./camera.js";
import { Decoder } from "./decoder.js";
import { button, fileButton, h, pictogram, show } from "./dom.js";
import { showHolder } from "./holder.js";
import { Issuers } from "./issuers.js";
import { keep, recall } from "./memory.js";
import { textsOfFile } from "./photo.js";
import { readingScreen } from "./reading.js";
import { install, STANDALONE } from "./source.js";
import { loadTables } from "./tables.js";
import { hasBeginning, isBundleText, isCardText, textsTyped } from "./texts.js";
import { personLabel } from "../words/text.js";

const IDLE = 3 * 60 * 1000; // milliseconds after which nothing of hers is on the screen any more
const NO_LUCK = 15 * 1000; // milliseconds of looking after which the printed text is offered
const MORE_PARTS = 1200; // milliseconds after another code in which further ones of the same card are taken
const LONGEST_TYPED = 8192; // keys
const MANY_KEYS = 64; // keys without Enter between: only a hand scanner types so much where no field is

class Scanner {
  constructor(tables, kept) {
    this.tables = tables;
    this.issuers = new Issuers(tables, kept.bundle, () => this.today());
    this.newestCard = kept.newestCard || null;
    this.settings = { language: firstLanguage(tables.pageLanguages), helpDesk: false, ...kept.settings };
    this.decoder = new Decoder();
    this.ready = false;
    this.seen = new Set();
    this.forgetAll();
    for (const event of ["pointerdown", "keydown", "input"]) window.addEventListener(event, () => this.touched(), { passive: true });
    window.addEventListener("click", (event) => this.clicked(event), { capture: true });
    document.addEventListener("visibilitychange", () => this.turned());
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.start());
    window.addEventListener("keydown", (event) => this.typed(event));
    this.touched();
  }

  // --- what is held and let go ---------------------------------------------------------------------------------------

  forgetAll() {
    this.session = { texts: new Set(), unseal: [], keepOpen: false };
    this.reading = null;
    this.typing = "";
  }

  leave() {
    this.stopCamera();
    silence();
    this.forgetAll();
    show();
  }

  touched() {
    this.lastTouch = Date.now();
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.untouched(), IDLE);
  }

  /** The second touch of a double one is not for the screen that the first brought: it would tick or press what lies there by chance. */
  clicked(event) {
    const { firstElementChild: screen } = document.getElementById("screen");
    if (event.detail < 2) this.clickedOn = screen;
    else if (this.clickedOn !== screen) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** A phone that is put away tells nothing and sees nothing; one that slept is cleared when it wakes: its timer stood still too. */
  turned() {
    if (document.visibilityState === "hidden") {
      silence();
      if (this.camera) this.camera.stop();
    } else {
      if (Date.now() - this.lastTouch >= IDLE) this.untouched();
      if (this.camera && this.camera.stopped) this.again();
    }
  }

  /** Clear what nobody has touched for too long. */
  untouched() {
    if (this.session.keepOpen) this.touched();
    else if (this.session.texts.size > 0 || this.typing || this.camera || document.getElementById("text")) this.start();
  }

  /** Today by the clock of this device. */
  today() {
    const now = new Date();
    return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
  }

  get page() {
    return this.tables.page(this.settings.language);
  }

  get language() {
    return this.tables.language(this.settings.language);
  }

  async set(change) {
    this.settings = { ...this.settings, ...change };
    document.documentElement.lang = this.settings.language;
    await keep("settings", this.settings);
  }

  // --- screens -------------------------------------------------------------------------------------------------------

  start() {
    this.stopCamera();
    silence();
    this.forgetAll();
    const { page } = this;
    document.documentElement.lang = page.code;
    if (!this.issuers.bundle) return this.issuers.screen(this);
    show(
      h("header", {}, h("h1", {}, page.say("title")), this.languageChoice()),
      h("section", { className: "actions" },
        !STANDALONE && button([pictogram("scan"), page.say("scan")], () => this.scan(), { className: "main", id: "scan" }),
        this.photoButton(),
        button(page.say("type"), () => this.typeScreen(), { id: "type" }),
      ),
      STANDALONE && h("p", { id: "standalone" }, page.say("standalone")),
      this.issuers.line(this),
      !STANDALONE && this.readyLine(),
      h("label", { className: "choice" },
        h("input", { type: "checkbox", checked: this.settings.helpDesk, onchange: (event) => this.set({ helpDesk: event.target.checked }) }),
        page.say("help_desk"),
      ),
      h("p", { className: "quiet" }, page.say("forgets")),
    );
  }

  languageChoice() {
    const select = h("select", { id: "language", "aria-label": this.page.say("language") },
      this.tables.pageLanguages.map((code) => h("option", { value: code, selected: code === this.settings.language }, this.tables.ownNames[code])),
    );
    select.onchange = async () => {
      await this.set({ language: select.value });
      this.start();
    };
    return select;
  }

  photoButton() {
    return fileButton(this.page.say("photo"), "photo", (file) => this.photo(file), "image/*");
  }

  /** Whether every file is on this phone. */
  readyLine() {
    return h("p", { className: "quiet", role: "status", id: "ready" }, this.page.say(this.ready ? "ready" : "not_ready"));
  }

  async install() {
    this.ready = await install();
    const line = document.getElementById("ready");
    if (line) line.replaceWith(this.readyLine());
  }

  /** Look through the camera; `more` keeps what was scanned before, for further parts of one card. */
  async scan(more = false) {
    this.stopCamera();
    if (!more) this.forgetAll();
    const { page } = this;
    const video = h("video", { playsInline: true, muted: true, id: "camera", "aria-label": page.say("camera") });
    const hint = h("p", { className: "hint", role: "status", id: "hint" }, page.say("hold_card"));
    const controls = h("div", { className: "controls" });
    show(
      h("h1", { className: "hidden" }, page.say("scan")),
      h("div", { className: "viewfinder" }, video, h("div", { className: "frame", "aria-hidden": "true" })),
      hint,
      controls,
      h("div", { className: "row" }, button(page.say("cancel"), () => (more ? this.showReading() : this.start())), this.photoButton()),
    );
    performance.mark("camera");
    const camera = new Camera(video, this.decoder, {
      found: (texts) => this.found(texts),
      tick: (took) => { document.body.dataset.frame = Math.round(took); },
      failed: () => this.noCamera("no_reader", hint),
      ended: () => this.noCamera("no_camera", hint),
    });
    this.camera = camera;
    this.again = () => this.look(camera, controls, hint);
    return this.again();
  }

  /** Let the camera look: at first, and when a phone that was put away comes back. */
  async look(camera, controls, hint) {
    const look = (this.looking = {});
    const waits = () => this.camera === camera && this.looking === look && !camera.stopped; // neither left nor put away meanwhile
    clearTimeout(this.hinting);
    try {
      await camera.start();
      if (!waits()) return;
      document.body.dataset.camera = "on";
      controls.replaceChildren(...this.controls());
      this.hinting = setTimeout(() => this.hints(hint), NO_LUCK);
    } catch (error) {
      if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
      if (waits()) this.noCamera("no_camera", hint);
    }
  }

  noCamera(why, hint) {
    this.stopCamera();
    hint.textContent = this.page.say(why);
  }

  *controls() {
    const { camera, page } = this;
    let light = false;
    if (camera.can.torch) {
      const torch = button(page.say("light"), () => {
        light = !light;
        torch.setAttribute("aria-pressed", light);
        camera.torch(light);
      }, { "aria-pressed": "false" });
      yield torch;
    }
    if (camera.can.zoom) {
      const { min, max, step } = camera.can.zoom;
      yield h("label", {}, page.say("zoom"), h("input", { type: "range", min, max, step, value: min, oninput: (event) => camera.zoom(Number(event.target.value)) }));
    }
    if (camera.can.focusMode) yield button(page.say("focus"), () => camera.focus());
  }

  hints(hint) {
    const { page } = this;
    hint.replaceChildren(h("strong", {}, page.say("no_luck")), h("ul", {}, ["hint_light", "hint_flat", "hint_far", "hint_other_side", "hint_words"].map((key) => h("li", {}, page.say(key)))));
  }

  stopCamera() {
    if (this.camera) this.camera.stop();
    this.camera = null;
    clearTimeout(this.hinting);
    clearTimeout(this.settling);
    this.settling = null;
    this.seen.clear();
    delete document.body.dataset.camera;
  }

  async photo(file) {
    if (!file) return;
    const { page } = this;
    const { session } = this;
    this.stopCamera();
    show(h("h1", {}, page.say("looking")));
    let texts = [];
    try {
      texts = await textsOfFile(this.decoder, file, (text) => isCardText(text) || isBundleText(text));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
    if (this.session !== session) return; // cleared while it looked
    if (texts && texts.length > 0) return this.take(texts);
    show(
      h("h1", {}, page.say(texts ? "no_code" : "no_reader")),
      h("ul", {}, ["hint_light", "hint_flat", "hint_other_side", "hint_words"].map((key) => h("li", {}, page.say(key)))),
      h("div", { className: "row" }, this.photoButton(), button(page.say("back"), () => (this.reading ? this.showReading() : this.start()))),
    );
  }

  typeScreen(said = "") {
    const { page } = this;
    this.stopCamera();
    const area = h("textarea", { id: "text", rows: 6, autocapitalize: "characters", "aria-label": page.say("type") });
    const problem = h("p", { role: "alert", className: "problem" }, said);
    show(
      h("h1", {}, page.say("type")),
      h("p", {}, page.say("type_help")),
      area,
      problem,
      h("div", { className: "row" },
        button(page.say("read"), () => {
          const texts = textsTyped(area.value);
          if (texts.length > 0) this.take(texts);
          else problem.textContent = page.say(area.value.trim() ? "typed_unknown" : "nothing_typed");
        }, { className: "main", id: "read" }),
        button(page.say("back"), () => this.start()),
      ),
    );
    area.focus();
  }

  /** A hand scanner types the text of a code and Enter, wherever the page is, but in a field that takes text. */
  typed(event) {
    if (typeof event.target.selectionStart === "number" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.length === 1) {
      this.typing = (this.typing + event.key).slice(-LONGEST_TYPED);
      if (hasBeginning(this.typing)) event.preventDefault(); // a space of a code ticks no box
    } else if (event.key === "Enter") {
      const { typing } = this;
      this.typing = "";
      const texts = textsTyped(typing);
      if (texts.length === 0 && typing.length < MANY_KEYS) return;
      event.preventDefault();
      if (texts.length > 0) this.take(texts);
      else this.typeScreen(this.page.say("typed_unknown"));
    }
  }

  // --- reading -------------------------------------------------------------------------------------------------------

  /** Codes that the camera saw; a list of issuers beside a card waits. */
  found(texts) {
    const cardTexts = texts.filter(isCardText); // another code beside the card says nothing of the card
    const bundleTexts = texts.filter(isBundleText);
    cardTexts.filter((text) => !this.session.texts.has(text)).forEach((text) => this.seen.add(text));
    if (this.seen.size > 0) {
      if (!this.settling) this.settling = setTimeout(() => this.take([...this.seen]), this.session.texts.size > 0 ? MORE_PARTS : 0);
    } else if (cardTexts.length === 0 && bundleTexts.length > 0) {
      this.issuers.scanned(bundleTexts, this);
    }
  }

  /** Take texts from the camera, a photo, the keyboard or a hand scanner: what is of another card than the one shown begins anew. */
  async take(texts) {
    this.stopCamera();
    const cardTexts = texts.filter((text) => !isBundleText(text));
    if (cardTexts.length === 0) return this.issuers.scanned(texts, this);
    if (!this.issuers.bundle) return this.issuers.screen(this);
    const { session } = this;
    const another = session.texts.size > 0 && !(await this.ofCardShown(cardTexts));
    if (this.session !== session) return; // cleared while it looked
    if (another) this.forgetAll();
    cardTexts.forEach((text) => this.session.texts.add(text));
    return this.evaluate();
  }

  /** Whether one of these texts is a copy or a part of the card that is shown. */
  async ofCardShown(texts) {
    const [{ shown }, { parts }] = await Promise.all([this.read(this.session.texts), this.read(texts)]);
    if (!shown) return false;
    const { id, continues } = shown.best.part;
    return parts.some((part) => (part.continues || part.id) === hex(continues || id));
  }

  read(texts) {
    const { tables, issuers: { bundle }, newestCard: newest, session: { unseal } } = this;
    const { known, curves, clinic } = tables;
    return read(Array.from(texts), { bundle, now: this.today(), newestCard: newest, known, curves, tables: clinic, unseal });
  }

  async evaluate() {
    const { session } = this;
    const reading = await this.read(session.texts);
    if (this.session !== session) return; // cleared while it read
    this.touched(); // three minutes from here, however long the camera looked
    this.reading = reading;
    document.body.dataset.verdict = reading.verdict;
    this.showReading();
    performance.mark("verdict");
    const newest = newestCard(reading, this.newestCard);
    if (newest !== this.newestCard) {
      this.newestCard = newest;
      await keep("newest-card", newest);
    }
  }

  showReading() {
    this.stopCamera();
    silence();
    this.asked = null;
    readingScreen(this);
  }

  /** "Mother", "Baby 2" in the language of the page. */
  get personName() {
    return (n) => personLabel(this.reading.handover, n, this.language).text;
  }

  showHolder() {
    return showHolder(this);
  }
}

function firstLanguage(languages) {
  const wanted = (navigator.languages || [navigator.language]).map((name) => name.slice(0, 2).toLowerCase());
  return wanted.find((name) => languages.includes(name)) || "en";
}

async function run() {
  const tables = await loadTables({ webcrypto: !new URLSearchParams(location.search).has("no-webcrypto") });
  const [bundle, newestCard, settings] = await Promise.all(["bundle", "newest-card", "settings"].map(recall));
  const scanner = new Scanner(tables, { bundle, newestCard, settings });
  await scanner.issuers.load();
  scanner.start();
  await scanner.install();
}

run();
