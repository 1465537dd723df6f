/** An epoch's key file opened in the page itself, which stands still meanwhile: a file may start no worker. */

import { loadCurves } from "../curves.js";
import { epochSecret } from "../keyfile.js";

const PAINTED = 100; // milliseconds, in which what was said before is on the screen

export async function opened(text, passphrase, network, progress) {
  progress(0);
  await new Promise((resolve) => setTimeout(resolve, PAINTED));
  const secret = await epochSecret(text, passphrase, network, await loadCurves());
  return progress(1) ? secret : null;
}
