/** An epoch's key file opened in a worker: Argon2id takes seconds, a minute on an old phone, and the page goes on meanwhile. */

import { KeyFileError } from "../errors.js";

/**
 * The X25519 secret of a key file; null where `progress`, which hears how much is done (0 to 1), says that nobody waits any more.
 * Raises KeyFileError.
 */
export function opened(text, passphrase, network, progress) {
  const worker = new Worker(new URL("opening-worker.js", import.meta.url), { type: "module" });
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { done, secret, refused } }) => {
      if (refused) reject(new KeyFileError(refused));
      else if (!progress(done)) resolve(null);
      else if (secret) resolve(secret);
    };
    worker.onerror = () => reject(new KeyFileError("it could not be opened here"));
  });
  worker.postMessage({ text, passphrase, network });
  return answer.finally(() => worker.terminate());
}
