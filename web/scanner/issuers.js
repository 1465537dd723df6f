/** The trust bundle on this phone: where it came from, how old it is, how it gets newer, and how it goes on to a colleague. */

import { bundleFromTexts, bundleTexts, parseBundleText } from "../bundle_texts.js";
import { hex, isoDate } from "../bytes.js";
import { HealthcardError, Rollback, TrustError } from "../errors.js";
import { thumbprint } from "../sign.js";
import { TrustBundle } from "../trust.js";
import { daysBetween } from "../days.js";
import { button, h, show } from "./dom.js";
import { forget, keep, persist } from "./memory.js";
import { carriedBundle, publishedBundle, STANDALONE } from "./source.js";
import { symbolSvg } from "./symbols.js";

const LARGEST = 256 * 1024; // bytes
const SHOWN = 16; // bytes of a thumbprint

export function isBundleText(text) {
  return /^MC[HT]B\d:/.test(text);
}

/** A thumbprint in groups, as `healthcard trust` shows it: what two people compare on the telephone. */
async function fingerprint(key) {
  return hex((await thumbprint(key)).subarray(0, SHOWN)).match(/.{4}/g).join(" ");
}

export class Issuers {
  /** `raw` is the bundle kept on this phone, if any. */
  constructor(tables, raw, today) {
    Object.assign(this, { tables, raw, today, bundle: null, pieces: new Map() });
  }

  /** Read the bundle that is kept, or that came with the pages. */
  async load() {
    const raw = this.raw || carriedBundle();
    if (raw) this.bundle = await this.opened(raw);
  }

  async opened(raw) {
    const bundle = await TrustBundle.load(new Uint8Array(raw), this.tables);
    return Object.assign(bundle, { issuedOn: isoDate(bundle.issued) });
  }

  get age() {
    return Math.max(0, daysBetween(this.bundle.issuedOn, this.today()));
  }

  /**
   * Take a newer bundle; raises TrustError and Rollback. The first one is only given back: it vouches for itself alone, so somebody must
   * say that its root is right before `hold`.
   */
  async take(raw) {
    const newer = await this.opened(raw);
    if (!this.bundle) return newer;
    await this.hold(this.bundle.update(newer));
    return null;
  }

  async hold(bundle) {
    this.bundle = bundle;
    await keep("bundle", bundle.raw);
    await persist();
  }

  async forget() {
    Object.assign(this, { bundle: null, raw: null });
    await forget("bundle");
  }

  /** How old the list is, on the first screen. */
  line(app) {
    const { page, language } = app;
    const age = language.counted("bundle_age", this.age).text;
    const test = this.bundle.network === "test" ? ` · ${language.ui("test").text}` : "";
    return h("div", { className: "issuers" }, h("span", { className: "sentence" }, age + test), button(page.say("issuers"), () => this.screen(app), { className: "small", id: "issuers" }));
  }

  screen(app, said = "") {
    const { page, language } = app;
    const input = h("input", { type: "file", id: "bundle-file", className: "hidden", onchange: () => this.tried(app, () => this.fromFile(input.files[0])) });
    const own = this.bundle && [h("p", { className: "sentence" }, language.counted("bundle_age", this.age).text), about(app, this.bundle)];
    show(
      h("h1", {}, page.say("issuers")),
      own || h("p", {}, page.say("no_issuers")),
      h("p", { role: "status", id: "bundle-said" }, said),
      h("div", { className: "actions" },
        !STANDALONE && button(page.say("from_network"), () => this.tried(app, () => this.fromNetwork()), { id: "from-network" }),
        input,
        h("label", { htmlFor: "bundle-file", className: "button", tabIndex: 0, role: "button" }, page.say("from_file")),
        !STANDALONE && button(page.say("from_colleague"), () => app.scan(), { id: "from-colleague" }),
        this.bundle && button(page.say("show_issuers"), () => this.showCodes(app), { id: "show-issuers" }),
        this.bundle && !STANDALONE && button(page.say("issuers_forget"), () => this.forgetScreen(app), { id: "forget-issuers" }),
        this.bundle && button(page.say("back"), () => app.start()),
      ),
    );
  }

  /** The first list: whose it is, for somebody to compare before it is believed. */
  async firstScreen(app, bundle) {
    const { page } = app;
    const root = bundle.roots[bundle.roots.length - 1];
    const prints = await Promise.all(root.keys.map(fingerprint));
    const right = async () => {
      await this.hold(bundle);
      this.screen(app, page.say("issuers_new"));
    };
    show(
      h("h1", {}, page.say("issuers_first")),
      h("p", {}, page.say("issuers_compare")),
      about(app, bundle),
      h("p", {}, page.say("root_keys", { threshold: root.threshold, n: root.keys.length })),
      h("ul", { id: "root-keys" }, prints.map((print) => h("li", { className: "key", dir: "ltr" }, print))),
      h("div", { className: "row" }, button(page.say("issuers_right"), right, { className: "main", id: "issuers-right" }), button(page.say("cancel"), () => this.screen(app))),
    );
  }

  forgetScreen(app) {
    const { page } = app;
    const sure = async () => {
      await this.forget();
      this.screen(app);
    };
    show(
      h("h1", {}, page.say("issuers_forget")),
      h("p", {}, page.say("issuers_forget_help")),
      h("div", { className: "row" }, button(page.say("issuers_forget"), sure, { id: "forget-sure" }), button(page.say("cancel"), () => this.screen(app), { className: "main" })),
    );
  }

  async tried(app, work) {
    const { page } = app;
    try {
      const before = this.bundle && this.bundle.version;
      const first = await work();
      if (first) return await this.firstScreen(app, first);
      this.screen(app, page.say(this.bundle.version === before ? "issuers_same" : "issuers_new"));
    } catch (error) {
      if (error instanceof HealthcardError) this.screen(app, page.say(error instanceof Rollback ? "issuers_older" : "issuers_bad"));
      else if (error instanceof TypeError) this.screen(app, page.say("no_network"));
      else throw error;
    }
  }

  async fromNetwork() {
    return this.take(await publishedBundle());
  }

  async fromFile(file) {
    if (file.size > LARGEST) throw new TrustError("more than 256 KiB");
    return this.take(await file.arrayBuffer());
  }

  /** One or several symbols of a colleague's screen; the first that are complete and newer are taken. */
  async scanned(texts, app) {
    const { page } = app;
    for (const text of texts) {
      try {
        const { of, number, checksum } = await parseBundleText(text);
        if (!this.pieces.has(checksum)) this.pieces.clear();
        const held = this.pieces.get(checksum) || new Map();
        this.pieces.set(checksum, held.set(number, text));
        const hint = document.getElementById("hint");
        if (hint && of > 1) hint.textContent = page.say("pieces", { n: held.size, of });
        if (held.size < of) continue;
        this.pieces.clear();
        app.stopCamera();
        await this.tried(app, async () => this.take((await bundleFromTexts([...held.values()], this.tables)).raw));
        return;
      } catch (error) {
        if (!(error instanceof HealthcardError)) throw error;
        app.stopCamera();
        this.screen(app, page.say("issuers_bad"));
        return;
      }
    }
  }

  /** The bundle as symbols, for a colleague to scan; several take turns, or wait for a touch where no motion is wanted. */
  async showCodes(app) {
    const texts = await bundleTexts(this.bundle);
    const place = h("div", { className: "code" });
    const said = h("p", { role: "status" });
    let at = -1;
    const next = () => {
      at = (at + 1) % texts.length;
      place.replaceChildren(symbolSvg(texts[at], "L"));
      said.textContent = texts.length > 1 ? app.page.say("pieces", { n: at + 1, of: texts.length }) : "";
    };
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const turning = texts.length > 1 && !still ? setInterval(next, 1500) : null;
    show(h("h1", {}, app.page.say("show_issuers")), h("p", {}, app.page.say("show_issuers_help")), place, said, still && texts.length > 1 && button(app.page.say("next_code"), next), button(app.page.say("back"), () => {
      clearInterval(turning);
      this.screen(app);
    }));
    next();
  }
}

/** What a list says of itself: which network, how new, whose cards. */
function about({ page, language }, bundle) {
  const network = bundle.network === "test" ? language.ui("test").text : page.say("network_real");
  return [
    h("p", { className: "quiet" }, page.say("bundle_about", { version: bundle.version, day: language.day(bundle.issuedOn), network })),
    h("ul", { className: "quiet" }, bundle.organisations.map(({ name }) => h("li", {}, name))),
  ];
}
