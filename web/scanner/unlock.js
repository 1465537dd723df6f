/** Sealed entries for clinicians: an epoch's key file and its passphrase; the secret stays in memory until "Done". */

import { HealthcardError } from "../errors.js";
import { epochSecret } from "../keyfile.js";
import { button, h, show } from "./dom.js";

export function unlockScreen(app) {
  const { page, session } = app;
  const file = h("input", { type: "file", id: "epoch-key", "aria-label": page.say("epoch_key") });
  const passphrase = h("input", { type: "password", id: "passphrase", autocomplete: "off" });
  const problem = h("p", { role: "alert", className: "problem" });
  const open = async () => {
    if (!file.files[0]) return;
    problem.textContent = page.say("looking");
    try {
      const secret = await epochSecret(await file.files[0].text(), passphrase.value, app.issuers.bundle.network, app.tables.curves);
      if (app.session !== session) return; // cleared while it opened
      session.unseal = [secret];
      await app.evaluate();
    } catch (error) {
      if (!(error instanceof HealthcardError)) throw error;
      problem.textContent = page.say("wrong_passphrase");
    }
  };
  show(
    h("h1", {}, page.say("unlock")),
    h("label", {}, page.say("epoch_key"), file),
    h("label", {}, page.say("passphrase"), passphrase),
    problem,
    h("div", { className: "row" }, button(page.say("unlock"), open, { className: "main", id: "open-seal" }), button(page.say("back"), () => app.showReading())),
  );
}
