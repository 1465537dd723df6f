/**
 * What this phone keeps: the trust bundle, the day of the newest verified card, settings, a station key of its own. Nothing of anybody.
 *
 * One IndexedDB store of name -> value; keys are CryptoKey objects that can't be taken out.
 */

const NAME = "healthcard";
const STORE = "kept";

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function within(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** The value kept under `name`, or undefined. */
export function recall(name) {
  return within("readonly", (store) => store.get(name));
}

/** Keep `value` under `name`; it is on the disk when the promise is kept. */
export function keep(name, value) {
  return within("readwrite", (store) => store.put(value, name));
}

export function forget(name) {
  return within("readwrite", (store) => store.delete(name));
}

/** Ask that the browser does not clear what is kept when space is short. */
export async function persist() {
  return navigator.storage && navigator.storage.persist ? navigator.storage.persist() : false;
}
