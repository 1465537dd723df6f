/** The trust bundle on this phone: where it came from, how old it is, how it gets newer, and how it goes on to a colleague. */

import { bundleFromTexts, bundleTexts, parseBundleText } from "../bundle_texts.js";
import { hex, isoDate } from "../bytes.js";
import { HealthcardError, Rollback, TrustError } from "../errors.js";
import { thumbprint } from "../sign.js";
import { TrustBundle } from "../trust.js";
import { daysBetween } from "../days.js";
import { button, fileButton, h, show } from "./dom.js";
import { forget, keep, persist, recall } from "./memory.js";
import { carriedBundle, publishedBundle, STANDALONE } from "./source.js";
import { symbolSvg } from "./symbols.js";

const LARGEST = 256 * 1024; // bytes
const SHOWN = 16; // bytes of a thumbprint

/** A thumbprint in groups, as `healthcard trust` shows it: what two people compare on the telephone. */
async function fingerprint(key) {
  return hex((await thumbprint(key)).subarray(0, SHOWN)).match(/.{4}/g).join(" ");
}

export class Issuers {
  /** `raw` is the bundle kept on this phone, if any. */
  constructor(tables, raw, today) {
    Object.assign(this, { tables, raw, today, bundle: null, kept: true, pieces: new Map() });
  }

  /** Read the bundle that is kept, or that came with the pages, unless a newer one is held; one that can't be read any more is none. */
  async load(raw = this.raw || carriedBundle()) {
    try {
      const kept = raw && (await this.opened(raw));
      if (kept && (!this.bundle || kept.version > this.bundle.version)) this.bundle = kept;
    } catch (error) {
      if (!(error instanceof HealthcardError)) throw error;
    }
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
    await this.load(await recall("bundle")); // another page of this phone may hold a newer one, and no version goes down
    const newer = await this.opened(raw);
    if (!this.bundle) return newer;
    await this.hold(this.bundle.update(newer));
    return null;
  }

  async hold(bundle) {
    this.bundle = bundle;
    this.kept = await keep("bundle", bundle.raw);
    await persist();
  }

  async forget() {
    Object.assign(this, { bundle: null, raw: null, kept: true });
    await forget("bundle");
  }

  /** How old the list is, on the first screen. */
  line(app) {
    const { page, language } = app;
    const age = language.counted("bundle_age", this.age).text;
    const test = this.bundle.network === "test" ? ` · ${language.ui("test").text}` : "";
    return h("div", { className: "issuers" }, h("span", { className: "sentence" }, age + test), button(page.say("issuers"), () => this.screen(app), { className: "small", id: "issuers" }));
  }

  screen(app, said = "", id = "bundle-said") {
    const { page, language } = app;
    const own = this.bundle && [h("p", { className: "sentence" }, language.counted("bundle_age", this.age).text), about(app, this.bundle)];
    show(
      h("header", {}, h("h1", {}, page.say("issuers")), !this.bundle && app.languageChoice()),
      own || h("p", {}, page.say("no_issuers")),
      h("p", { role: "status", id }, said),
      !this.kept && h("p", { className: "problem" }, page.say("not_kept")),
      h("div", { className: "actions" },
        !STANDALONE && button(page.say("from_network"), () => this.tried(app, () => this.fromNetwork()), { id: "from-network" }),
        fileButton(page.say("from_file"), "bundle-file", (file) => this.tried(app, () => this.fromFile(file))),
        !STANDALONE && button(page.say("from_colleague"), () => app.scan(), { id: "from-colleague" }),
        this.bundle && button(page.say("show_issuers"), () => this.showCodes(app), { id: "show-issuers" }),
        this.bundle && !STANDALONE && button(page.say("issuers_forget"), () => this.forgetScreen(app), { id: "forget-issuers" }),
        this.bundle && button(page.say("back"), () => app.start()),
      ),
    );
  }

  /** The first list: whose it is, for somebody to compare before it is believed; `prints` are those of its root's keys. */
  firstScreen(app, bundle, prints) {
    const { page } = app;
    const { threshold } = lastRoot(bundle);
    const right = async () => {
      await this.hold(bundle);
      this.screen(app, page.say("issuers_new"));
    };
    show(
      h("h1", {}, page.say("issuers_first")),
      h("p", {}, page.say("issuers_compare")),
      about(app, bundle),
      h("p", {}, page.say("root_keys", { threshold, n: prints.length })),
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

  /** Do `work`, and say what came of it where somebody still waits for that: a late answer takes no other screen's place. */
  async tried(app, work) {
    const { page } = app;
    this.screen(app, page.say("looking"), "bundle-asked");
    const asked = document.getElementById("bundle-asked");
    let said = "";
    try {
      const before = this.bundle && this.bundle.version;
      const first = await work();
      if (first) {
        const prints = await Promise.all(lastRoot(first).keys.map(fingerprint));
        return asked.isConnected && this.firstScreen(app, first, prints);
      }
      said = this.bundle.version === before ? "issuers_same" : "issuers_new";
    } catch (error) {
      if (error instanceof HealthcardError) said = error instanceof Rollback ? "issuers_older" : "issuers_bad";
      else if (error instanceof TypeError) said = "no_network";
      else throw error;
    }
    if (asked.isConnected) this.screen(app, page.say(said));
  }

  async fromNetwork() {
    return this.take(await publishedBundle());
  }

  async fromFile(file) {
    if (file.size > LARGEST) throw new TrustError("more than 256 KiB");
    return this.take(await file.arrayBuffer());
  }

  /** One or several symbols of a colleague's screen: a list is taken once it is whole; until then it is said how much of it is there. */
  async scanned(texts, app) {
    const { page } = app;
    let said = "";
    for (const text of texts) {
      try {
        const { of, number, checksum } = await parseBundleText(text);
        const held = this.pieces.get(checksum) || new Map();
        this.pieces.set(checksum, held.set(number, text));
        said = page.say("pieces_held", { n: held.size, of });
        if (held.size < of) continue;
        this.pieces.clear();
        app.stopCamera();
        return this.tried(app, async () => this.take((await bundleFromTexts([...held.values()], this.tables)).raw));
      } catch (error) {
        if (!(error instanceof HealthcardError)) throw error;
        said = page.say("issuers_bad");
      }
    }
    if (app.camera) document.getElementById("hint").textContent = said;
    else this.screen(app, said);
  }

  /** The bundle as symbols, for a colleague to scan; several take turns, or wait for a touch where no motion is wanted. */
  async showCodes(app) {
    const texts = await bundleTexts(this.bundle);
    const place = h("div", { className: "code" });
    const said = h("p", { role: "status" });
    let at = -1;
    const next = () => {
      at = (at + 1) % texts.length;
      place.replaceChildren(symbolSvg(texts[at], "L", app.page.say("issuers")));
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

function lastRoot({ roots }) {
  return roots[roots.length - 1];
}

/** What a list says of itself: which network, how new, whose cards. */
function about({ page, language }, bundle) {
  const network = bundle.network === "test" ? language.ui("test").text : page.say("network_real");
  return [
    h("p", { className: "quiet" }, page.say("bundle_about", { version: bundle.version, day: language.day(bundle.issuedOn), network })),
    h("ul", { className: "quiet" }, bundle.organisations.map(({ name }) => h("li", {}, name))),
  ];
}
