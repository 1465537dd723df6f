/** The texts that the scanner is for: of cards and stickers, and of lists of issuers. */

const BEGINNING = /MC[HT]B?\d:/; // M1 and M79 of the spec, in any version
const LINE_BEGINNING = new RegExp(`^[\\s"'“”„«»‘’\`]*${BEGINNING.source}`);
const AFTER = /[\s"'“”„«»‘’`]+$/; // what no text ends with: the last character of base45 is no space

export function isCardText(text) {
  return /^MC[HT]\d:/.test(text);
}

export function isBundleText(text) {
  return /^MC[HT]B\d:/.test(text);
}

/** Whether a text begins somewhere in what was typed. */
export function hasBeginning(typed) {
  return BEGINNING.test(typed.toUpperCase());
}

/**
 * The texts in what somebody typed or pasted, or a hand scanner wrote: in any case, each in one line or in several, in quotes or bare.
 *
 * What stands before the first is left out. A code itself is read exactly as it is (M1).
 */
export function textsTyped(typed) {
  const texts = [];
  for (const line of typed.toUpperCase().split(/[\r\n]+/)) {
    const begins = texts.length === 0 || LINE_BEGINNING.test(line) ? line.search(BEGINNING) : -1;
    if (begins >= 0) texts.push(line.slice(begins));
    else if (texts.length > 0 && line.trim() !== "") texts[texts.length - 1] += line;
  }
  return texts.map((text) => text.replace(AFTER, ""));
}
