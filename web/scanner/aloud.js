/** Words read aloud for a holder who does not read, where the device itself has a voice for her language. */

import { button, h } from "./dom.js";

/** A place for the button that reads `element` aloud in the language `code`; it stays empty without a voice, and nothing goes to a network. */
export function aloud(page, element, code) {
  const place = h("span");
  if (!("speechSynthesis" in window)) return place;
  const offer = () => {
    const voice = speechSynthesis.getVoices().find(({ lang, localService }) => localService && lang.slice(0, 2).toLowerCase() === code.slice(0, 2));
    if (!voice) return;
    place.replaceChildren(button(page.say("aloud"), () => {
      silence();
      for (const line of element.innerText.split("\n").filter((text) => text.trim())) {
        speechSynthesis.speak(Object.assign(new SpeechSynthesisUtterance(line), { voice, lang: voice.lang, rate: 0.9 }));
      }
    }, { id: "aloud" }));
  };
  offer();
  speechSynthesis.onvoiceschanged = offer;
  return place;
}

/** Stop reading aloud, and hold nothing that could be read. */
export function silence() {
  if (!("speechSynthesis" in window)) return;
  speechSynthesis.cancel();
  speechSynthesis.onvoiceschanged = null;
}
