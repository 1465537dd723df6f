/** The locked station: nothing but its name and a field for the passphrase. */

import { button, h, show } from "../scanner/dom.js";
import { Refused } from "./service.js";

const MOMENT = 400; // milliseconds; a key takes seconds to open on a slow computer (Argon2)

/** `opened()` is called once the passphrase was right. */
export function unlockScreen(desk, opened) {
  const { page } = desk;
  const passphrase = h("input", { type: "password", id: "passphrase", autocomplete: "off", required: true });
  const problem = h("p", { role: "alert", className: "problem" });
  const underWay = h("p", { role: "status", className: "waiting", id: "unlocking" });
  const unlock = h("button", { type: "submit", className: "main", id: "unlock" }, page.say("desk_unlock"));
  const open = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    unlock.disabled = true; // once is enough
    const saying = setTimeout(() => { underWay.textContent = page.say("desk_unlocking"); }, MOMENT);
    try {
      await desk.service.post("unlock", { passphrase: passphrase.value });
      await opened();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.textContent = page.say(error.code === "wrong-passphrase" ? "desk_wrong_passphrase" : "desk_bad_key");
      passphrase.value = "";
      passphrase.focus();
    } finally {
      clearTimeout(saying);
      underWay.textContent = "";
      unlock.disabled = false;
    }
  };
  show(
    h("h1", {}, page.say("desk_locked")),
    h("p", {}, page.say("desk_locked_help")),
    h("form", { onsubmit: open }, h("label", { htmlFor: "passphrase" }, page.say("passphrase")), passphrase, problem, underWay, h("div", { className: "row" }, unlock)),
  );
  passphrase.focus();
}

/** The page without its station, or in a browser that was not let in. */
export function strangerScreen(desk) {
  show(h("h1", {}, desk.page.say("desk_title")), h("p", { id: "stranger" }, desk.page.say("desk_stranger")), button(desk.page.say("desk_retry"), () => window.location.reload()));
}

/** The page in a second tab, where another woman's form would take the place of the first one's. */
export function secondScreen({ page }) {
  show(h("h1", {}, page.say("desk_title")), h("p", { id: "second" }, page.say("desk_second")));
}
