/**
 * The offline scanner: scan -> verdict and thirty-second summary; then show her, add a contact, or the next one.
 *
 * What was scanned lives in `session` alone and is gone with "Done", after three minutes without a touch, or when the page goes (DP-13).
 */

import { newestCard, read } from "../card.js";
import { silence } from "./aloud.js";
import { Camera } from "./camera.js";
import { Decoder } from "./decoder.js";
import { button, h, pictogram, show } from "./dom.js";
import { showHolder } from "./holder.js";
import { Issuers, isBundleText } from "./issuers.js";
import { keep, recall } from "./memory.js";
import { textsOfFile } from "./photo.js";
import { readingScreen } from "./reading.js";
import { install, STANDALONE } from "./source.js";
import { loadTables } from "./tables.js";
import { personLabel } from "../words/text.js";

const IDLE = 3 * 60 * 1000; // milliseconds after which nothing of hers is on the screen any more
const NO_LUCK = 15 * 1000; // milliseconds of looking after which the printed text is offered
const MORE_PARTS = 1200; // milliseconds after the first code in which further ones of the same card are taken
const CARD_TEXT = /^MC[HT]\d:/;

class Scanner {
  constructor(tables, kept) {
    this.tables = tables;
    this.issuers = new Issuers(tables, kept.bundle, () => this.today());
    this.newestCard = kept.newestCard || null;
    this.settings = { language: firstLanguage(tables.pageLanguages), helpDesk: false, ...kept.settings };
    this.decoder = new Decoder();
    this.forgetAll();
    for (const event of ["pointerdown", "keydown", "input"]) window.addEventListener(event, () => this.touched(), { passive: true });
    document.addEventListener("visibilitychange", () => this.woken());
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.start());
    window.addEventListener("keydown", (event) => this.typed(event));
    this.touched();
  }

  // --- what is held and let go ---------------------------------------------------------------------------------------

  forgetAll() {
    clearTimeout(this.settling);
    this.settling = null;
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

  /** A phone that slept: its timer stood still too. */
  woken() {
    if (document.visibilityState === "visible" && Date.now() - this.lastTouch >= IDLE) this.untouched();
  }

  /** Clear what nobody has touched for too long. */
  untouched() {
    if (this.session.keepOpen) this.touched();
    else if (this.session.texts.size > 0 || this.camera) this.start();
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
    const input = h("input", { type: "file", accept: "image/*", id: "photo", className: "hidden", onchange: () => this.photo(input.files[0]) });
    return [input, h("label", { htmlFor: "photo", className: "button", tabIndex: 0, role: "button", onkeydown: (event) => {
      if (event.key === "Enter" || event.key === " ") input.click();
    } }, this.page.say("photo"))];
  }

  /** Look through the camera; `more` keeps what was scanned before, as further parts of one card. */
  async scan(more = false) {
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
    const camera = new Camera(video, this.decoder, { found: (texts) => this.found(texts), tick: (took) => this.ticked(took, hint) });
    this.camera = camera;
    try {
      await camera.start();
      if (this.camera !== camera) return; // left while the browser asked
      document.body.dataset.camera = "on";
      controls.append(...this.controls());
    } catch (error) {
      if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
      if (this.camera !== camera) return;
      this.stopCamera();
      hint.textContent = page.say("no_camera");
    }
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

  ticked(took, hint) {
    document.body.dataset.frame = Math.round(took);
    const waited = performance.now() - this.camera.started;
    if (waited < NO_LUCK || this.session.texts.size > 0 || hint.dataset.given) return;
    hint.dataset.given = "yes";
    const { page } = this;
    hint.replaceChildren(h("strong", {}, page.say("no_luck")), h("ul", {}, ["hint_light", "hint_flat", "hint_far", "hint_other_side", "hint_words"].map((key) => h("li", {}, page.say(key)))));
  }

  stopCamera() {
    if (this.camera) this.camera.stop();
    this.camera = null;
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
      texts = await textsOfFile(this.decoder, file, isOurs);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
    if (this.session !== session) return; // cleared while it looked
    if (texts.length > 0) return this.take(texts);
    show(
      h("h1", {}, page.say("no_code")),
      h("ul", {}, ["hint_light", "hint_flat", "hint_other_side", "hint_words"].map((key) => h("li", {}, page.say(key)))),
      h("div", { className: "row" }, this.photoButton(), button(page.say("back"), () => (this.reading ? this.showReading() : this.start()))),
    );
  }

  typeScreen() {
    const { page } = this;
    const area = h("textarea", { id: "text", rows: 6, autocomplete: "off", autocapitalize: "characters", spellcheck: false, "aria-label": page.say("type") });
    const problem = h("p", { role: "alert", className: "problem" });
    show(
      h("h1", {}, page.say("type")),
      h("p", {}, page.say("type_help")),
      area,
      problem,
      h("div", { className: "row" },
        button(page.say("read"), () => {
          const texts = area.value.split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean);
          if (texts.length > 0) this.take(texts);
          else problem.textContent = page.say("nothing_typed");
        }, { className: "main", id: "read" }),
        button(page.say("back"), () => this.start()),
      ),
    );
    area.focus();
  }

  /** A hand scanner types the text of a code and Enter, wherever the page is. */
  typed(event) {
    const into = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (into || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter" && /^MC[HT]/.test(this.typing)) {
      event.preventDefault();
      const text = this.typing;
      this.typing = "";
      this.take([text]);
    } else if (event.key.length === 1) {
      this.typing = (this.typing + event.key).slice(-4096);
      const at = this.typing.lastIndexOf("MC");
      if (at > 0) this.typing = this.typing.slice(at);
    }
  }

  // --- reading -------------------------------------------------------------------------------------------------------

  found(texts) {
    const bundleTexts = texts.filter(isBundleText);
    const cardTexts = texts.filter((text) => CARD_TEXT.test(text)); // another code beside the card says nothing of the card
    const fresh = cardTexts.filter((text) => !this.session.texts.has(text));
    if (bundleTexts.length > 0) this.issuers.scanned(bundleTexts, this);
    if (fresh.length === 0) return;
    fresh.forEach((text) => this.session.texts.add(text));
    if (!this.settling) {
      this.settling = setTimeout(() => {
        this.settling = null;
        this.stopCamera();
        this.evaluate();
      }, this.session.texts.size === cardTexts.length ? 0 : MORE_PARTS);
    }
  }

  /** Take texts from a photo, the keyboard or a hand scanner. */
  async take(texts) {
    this.stopCamera();
    const bundleTexts = texts.filter(isBundleText);
    if (bundleTexts.length > 0) return this.issuers.scanned(bundleTexts, this);
    texts.forEach((text) => this.session.texts.add(text));
    return this.evaluate();
  }

  async evaluate() {
    const { known, curves, clinic } = this.tables;
    const { session } = this;
    const { bundle } = this.issuers;
    if (!bundle) return this.issuers.screen(this);
    const options = { bundle, now: this.today(), newestCard: this.newestCard, known, curves, tables: clinic, unseal: this.session.unseal };
    const reading = await read(Array.from(session.texts), options);
    if (this.session !== session) return; // cleared while it read
    this.reading = reading;
    const newest = newestCard(reading, this.newestCard);
    if (newest !== this.newestCard) {
      this.newestCard = newest;
      await keep("newest-card", newest);
    }
    document.body.dataset.verdict = reading.verdict;
    this.showReading();
    performance.mark("verdict");
  }

  showReading() {
    silence();
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

/** Whether a code is one that the scanner is for: of a card, or of a list of issuers. */
function isOurs(text) {
  return CARD_TEXT.test(text) || isBundleText(text);
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
  await install();
}

run();
