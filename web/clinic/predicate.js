/**
 * The language of rules: `comparison` and `condition` turn text into tests of the facts of one contact.
 *
 *     condition = all ("or" all)*           all = term ("and" term)*
 *     term = "pregnant" | "not pregnant" | "finding" word,word,... (any of them) | value (">=" | ">" | "<" | "=") limit
 *
 * A test answers with the inputs that made it true, `[[name, value], ...]`, or with null; what is not known is never true. The facts
 * are `{ values, behind, ages, findings, pregnant }`: `values` is a Map of what was observed and derived, `behind` the values that a
 * derived one came from, `ages` the ends of the span of ages that the day of birth allows.
 */

const COMPARE = { ">=": (a, b) => a >= b, ">": (a, b) => a > b, "<": (a, b) => a < b, "=": (a, b) => a === b };

/** The test that the value called `key` stands in relation `op` to `value`; throws where that can't be meant. */
export function comparison(key, op, value, role, tables) {
  const quantity = tables.known.observations[role].byKey.get(key);
  if (!quantity && !tables.derived[role].includes(key)) throw new Error(`${key} is no value of a ${role}`);
  const holds = quantity && quantity.kind === "coded" ? coded(quantity, op, value, tables.ordered) : compared(op, value);
  return ({ values, behind, ages }) => {
    if (!values.has(key)) return null;
    const possible = key === "age_days" ? ages : [values.get(key)];
    return possible.some(holds) ? [key, ...(behind[key] || [])].map((name) => [name, values.get(name)]) : null;
  };
}

/** The test of a `when` cell; an empty one always holds. Throws for a word that it does not understand. */
export function condition(text, role, tables) {
  if (!text) return () => [];
  const alternatives = text.split(" or ").map((alternative) => {
    const terms = alternative.split(" and ").map((part) => term(part, role, tables));
    return atLeast(terms.length, terms);
  });
  return atLeast(1, alternatives);
}

function term(text, role, tables) {
  const words = text.trim().split(/\s+/);
  if (role === "mother" && words.join(" ") === "pregnant") return pregnant(true);
  if (role === "mother" && words.join(" ") === "not pregnant") return pregnant(false);
  if (words.length === 2 && words[0] === "finding") return finding(words[1].split(","), tables.known);
  if (words.length === 3 && words[1] in COMPARE) return comparison(words[0], words[1], words[2], role, tables);
  throw new Error(`not understood: ${text}`);
}

function finding(words, known) {
  const strange = words.find((word) => !known.findings.byKey.has(word));
  if (strange) throw new Error(`no such finding: ${strange}`);
  return ({ findings }) => {
    const found = words.filter((word) => findings.includes(word));
    return found.length ? found.map((word) => ["finding", word]) : null;
  };
}

function pregnant(wanted) {
  const key = wanted ? "gestation_days" : "postpartum_days";
  return (facts) => {
    if (facts.pregnant !== wanted) return null;
    return facts.values.has(key) ? [[key, facts.values.get(key)]] : [["finding", "pregnant"]];
  };
}

function atLeast(least, tests) {
  return (facts) => {
    const held = tests.map((test) => test(facts)).filter((inputs) => inputs !== null);
    return held.length >= least ? [].concat(...held) : null;
  };
}

function compared(op, value) {
  const limits = value.split(",").map(Number);
  const [low, high] = limits;
  if (limits.length === 1 && op in COMPARE) return (number) => COMPARE[op](number, low);
  if (limits.length === 1 && op === "abs >") return (number) => Math.abs(number) > low;
  if (limits.length === 2 && op === "outside") return (number) => !(low <= number && number <= high);
  throw new Error(`no comparison of numbers: ${op} ${value}`);
}

function coded(quantity, op, value, ordered) {
  const order = Object.values(quantity.words);
  const words = value.split(",");
  if (!words.every((word) => order.includes(word))) throw new Error(`${value} is not of the list of ${quantity.key}`);
  const chosen = () => {
    if (op === "in" || (op === "=" && words.length === 1)) return words;
    if (op === "not in") return order.filter((word) => !words.includes(word));
    if (op in COMPARE && words.length === 1 && ordered.includes(quantity.key)) {
      return order.filter((word) => COMPARE[op](order.indexOf(word), order.indexOf(words[0])));
    }
    throw new Error(`no comparison of ${quantity.key}: ${op} ${value}`);
  };
  const set = new Set(chosen());
  return (word) => set.has(word);
}
