/** The files of the pages that are one file: what scanner/source.js fetches stands in the page itself, and nothing is ever asked for. */

export const STANDALONE = true;

const files = JSON.parse(document.getElementById("files").textContent);

export async function json(path) {
  return files[path];
}

export function picture(name) {
  return `data:image/svg+xml,${encodeURIComponent(files[`pictograms/${name}.svg`])}`;
}

export async function publishedBundle() {
  throw new TypeError("one file asks no network");
}

export function carriedBundle() {
  return files.bundle ? bytes(files.bundle) : null;
}

export async function install() {}

/** WebAssembly of the code reader. */
export function wasm() {
  return bytes(files.wasm);
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
