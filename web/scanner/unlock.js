/** Sealed entries for clinicians: an epoch's key file and its passphrase; the secret stays in memory until "Done". */

import { KeyFileError } from "../errors.js";
import { button, h, show } from "./dom.js";
import { opened } from "./opening.js";

const STEPS = 20; // of the bar, which jumps and never moves

export function unlockScreen(app) {
  const { page, session } = app;
  const file = h("input", { type: "file", id: "epoch-key", "aria-label": page.say("epoch_key") });
  const passphrase = h("input", { type: "password", id: "passphrase" });
  const problem = h("p", { role: "alert", className: "problem" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": page.say("unlocking") });
  const sign = h("div", { role: "status", id: "unlocking" });
  const progress = (done) => {
    bar.value = Math.floor(done * STEPS) / STEPS;
    return bar.isConnected; // else the screen was left
  };
  const open = async () => {
    if (!file.files[0]) return file.click(); // ask for it
    problem.textContent = "";
    unlock.disabled = true;
    sign.replaceChildren(h("p", {}, page.say("unlocking")), bar);
    try {
      const secret = await opened(await file.files[0].text(), passphrase.value, app.issuers.bundle.network, progress);
      if (!secret || app.session !== session) return; // left while it opened
      session.unseal = [secret];
      await app.evaluate();
    } catch (error) {
      if (!(error instanceof KeyFileError) && !(error instanceof DOMException)) throw error; // the latter: the file could not be read
      problem.textContent = page.say("wrong_passphrase");
      unlock.disabled = false;
      sign.replaceChildren();
    }
  };
  const unlock = button(page.say("unlock"), open, { className: "main", id: "open-seal" });
  show(
    h("h1", {}, page.say("unlock")),
    h("label", {}, page.say("epoch_key"), file),
    h("label", {}, page.say("passphrase"), passphrase),
    problem,
    sign,
    h("div", { className: "row" }, unlock, button(page.say("back"), () => app.showReading())),
  );
}
