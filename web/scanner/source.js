/** Where the pages have their files from: beside them, by the network once and then by the service worker. standalone/source.js says it for one file. */

export const STANDALONE = false;

/** The JSON at `path`, as "data/vocabulary.json". */
export async function json(path) {
  const response = await fetch(new URL(`../${path}`, import.meta.url));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** The address of a pictogram. */
export function picture(name) {
  return new URL(`../pictograms/${name}.svg`, import.meta.url).href;
}

/** The trust bundle of the service that the pages came from; rejects with a TypeError where there is none. */
export async function publishedBundle() {
  const response = await fetch(new URL("../v1/trust", import.meta.url), { cache: "no-cache" });
  if (!response.ok) throw new TypeError("no trust bundle there");
  return response.arrayBuffer();
}

/** The trust bundle that came with the pages themselves: none. */
export function carriedBundle() {
  return null;
}

/** Keep every file on this phone: whether it is so. Where one is lost on the way, it is never so on this visit. */
export async function install() {
  if (!("serviceWorker" in navigator)) return false;
  await navigator.serviceWorker.register(new URL("../sw.js", import.meta.url));
  return Boolean(await navigator.serviceWorker.ready);
}
