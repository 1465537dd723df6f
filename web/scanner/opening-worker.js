import { loadCurves } from "../curves.js";
import { HealthcardError } from "../errors.js";
import { epochSecret } from "../keyfile.js";

onmessage = async ({ data: { text, passphrase, network } }) => {
  try {
    const secret = await epochSecret(text, passphrase, network, await loadCurves(), (done) => postMessage({ done }));
    postMessage({ done: 1, secret });
  } catch (error) {
    postMessage({ refused: error instanceof HealthcardError ? error.message : error.name });
  }
};
