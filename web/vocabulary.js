/** The code tables, from data/vocabulary.json: what every bit and number on a card means (spec section 6). */

export const FIRST_NUMBERED = 31; // observations below this number have a bit in the mask

/** The word for a number that has none here: "#77". */
export function unknown(number) {
  return `#${number}`;
}

/** The number behind "#77", or null where `word` is not of that form. */
export function unknownNumber(word) {
  return /^#(0|-?[1-9]\d{0,9})$/.test(word) ? Number(word.slice(1)) : null;
}

/** Entries by number, and numbers by key. */
export class Table {
  constructor(entries) {
    this.byNumber = new Map(entries.map((entry) => [entry.number, entry]));
    this.byKey = new Map(entries.map((entry) => [entry.key, entry]));
    this.numbers = new Map(entries.map((entry) => [entry.key, entry.number]));
  }

  get(number) {
    return this.byNumber.get(number);
  }

  word(number) {
    const entry = this.byNumber.get(number);
    return entry ? entry.key : unknown(number);
  }

  /** The number of a word or of "#77". */
  number(word) {
    return this.numbers.has(word) ? this.numbers.get(word) : Number(word.slice(1));
  }
}

/** An observation, profile field or medicine: how its numbers stand on the wire (spec section 6.1). */
export class Quantity {
  constructor(entry) {
    Object.assign(this, entry);
  }

  /** One correctly rounded division, so that every language gets the same double. */
  scaled(wire) {
    return ((wire + this.centre) * this.numerator) / this.denominator;
  }

  /** The word of a coded value; undefined where it has none here. */
  word(wire) {
    return this.words[wire + this.centre];
  }

  /** Whether nobody could have entered this number. */
  implausible(wire) {
    if (!this.reject) return false;
    const value = this.scaled(wire);
    return value < this.reject[0] || value > this.reject[1];
  }
}

/** All tables of one edition. */
export class Vocabulary {
  constructor(data) {
    for (const name of ["findings", "services", "vaccines", "timings", "allergies"]) this[name] = new Table(data[name]);
    this.medicines = quantities(data.medicines);
    this.languages = new Table(data.enumerations.language);
    this.urgencies = new Table(data.enumerations.urgency);
    this.observations = { mother: quantities(data.observations.mother), infant: quantities(data.observations.infant) };
    this.profile = { mother: quantities(data.profile.mother), infant: quantities(data.profile.infant) };
  }
}

function quantities(entries) {
  return new Table(entries.map((entry) => new Quantity(entry)));
}
