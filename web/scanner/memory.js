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

function within(database, mode, work) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const asked = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = () => reject(transaction.error || new DOMException("aborted", "AbortError"));
  });
}

/** What `work` asks of the store; undefined where this browser keeps nothing: its disk is full, or it may not. */
async function asked(mode, work) {
  let database = null;
  try {
    database = await opened();
    return await within(database, mode, work);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  } finally {
    if (database) database.close();
  }
}

/** The value kept under `name`, or undefined. */
export function recall(name) {
  return asked("readonly", (store) => store.get(name));
}

/** Keep `value` under `name`: whether it is on the disk. */
export async function keep(name, value) {
  return (await asked("readwrite", (store) => store.put(value, name))) === name;
}

export function forget(name) {
  return asked("readwrite", (store) => store.delete(name));
}

/** Ask that the browser does not clear what is kept when space is short. */
export async function persist() {
  return navigator.storage && navigator.storage.persist ? navigator.storage.persist() : false;
}
