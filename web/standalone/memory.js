/** What scanner/memory.js keeps, kept until the page is closed: a copy on a stick leaves nothing on a computer of others. */

const kept = new Map();

export async function recall(name) {
  return kept.get(name);
}

export async function keep(name, value) {
  kept.set(name, value);
  return true;
}

export async function forget(name) {
  kept.delete(name);
}

export async function persist() {
  return false;
}
