/**
 * WHO z-scores of a child's measurements, birth to 60 months: `zScores` and their words (`classify`).
 *
 * The same arithmetic in the same order as healthcard/growth.py, which names the sources; limits and tables come from its data. Only
 * powers may differ between engines, in the last of sixteen digits: no measurement of a child brings that into the second decimal.
 */

export class GrowthStandards {
  /** From data/growth.json: a column is the second differences of L, M or S, and two running sums give it back. */
  constructor(data) {
    this.limits = data.limits;
    this.indicators = data.indicators;
    this.plain = data.plain;
    this.plausible = data.plausible;
    this.classes = data.classes;
    this.axes = data.axes;
    this.tables = { male: {}, female: {} };
    for (const [name, ofSex] of Object.entries(data.columns)) {
      for (const [sex, columns] of Object.entries(ofSex)) {
        this.tables[sex][name] = columns.map((column, n) => summed(column, data.scales[n]));
      }
    }
  }

  /**
   * Every score that these measurements allow: `{ z, flags, lengthCm }`, scores by indicator to two decimals, those left out that
   * can't be computed. `flags` names the implausible ones; `lengthCm` is the length used, after the correction for position.
   */
  zScores({ sex, ageDays = null, weightKg, lengthCm, position = null, headCm, muacMm, oedema = false }) {
    const { sixty_months, arm_from_day } = this.limits;
    const length = this.corrected(measured(lengthCm), position, ageDays);
    const tables = sex === "male" || sex === "female" ? this.tables[sex] : null;
    const z = {};
    if (tables === null || (ageDays !== null && !(ageDays >= 0 && ageDays < sixty_months))) {
      return { z, flags: new Set(), lengthCm: length };
    }
    const weight = oedema ? null : measured(weightKg);
    const arm = measured(muacMm);

    if (ageDays !== null) {
      const measurements = {
        weight_for_age: weight,
        length_for_age: length,
        bmi_for_age: weight !== null && length !== null ? weight / ((length / 100) ** 2) : null,
        head_circumference_for_age: measured(headCm),
        arm_circumference_for_age: arm !== null && ageDays >= arm_from_day ? arm / 10 : null,
      };
      for (const [name, y] of Object.entries(measurements)) {
        if (y !== null) z[name] = score(y, row(tables[name], Math.trunc(ageDays) - this.axes[name].first), this.plain.includes(name));
      }
    }
    if (weight !== null && length !== null) {
      const name = this.byHeight(length, position, ageDays) ? "weight_for_height" : "weight_for_length";
      const at = rowAt(tables[name], this.axes[name], length);
      if (at !== null) z.weight_for_length = score(weight, at, false);
    }
    const implausible = ([name, value]) => !(this.plausible[name][0] <= value && value <= this.plausible[name][1]);
    const flags = new Set(Object.entries(z).filter(implausible).map(([name]) => name));
    return { z, flags, lengthCm: length };
  }

  /** WHO's word for each score that has one, by indicator, or "implausible"; none at an age past 60 months. */
  classify({ z, flags }, ageDays) {
    const words = {};
    if (ageDays !== null && !(ageDays >= 0 && ageDays < this.limits.sixty_months)) return words;
    for (const name of this.indicators.filter((indicator) => indicator in z)) {
      const value = z[name];
      if (flags.has(name)) words[name] = "implausible";
      else if (name in this.classes) words[name] = this.classes[name][step(value)];
    }
    return words;
  }

  corrected(length, position, ageDays) {
    const { nine_months, standing_from_day, standing_correction_cm } = this.limits;
    if (length === null || ageDays === null) return length;
    if (position === "standing" && ageDays >= nine_months && ageDays < standing_from_day) return measured(length + standing_correction_cm);
    if (position === "lying" && ageDays >= standing_from_day) return measured(length - standing_correction_cm);
    return length;
  }

  byHeight(length, position, ageDays) {
    if (ageDays !== null) return ageDays >= this.limits.standing_from_day;
    if (position === "lying" || position === "standing") return position === "standing";
    return length >= this.limits.standing_from_cm;
  }
}

/** A value that somebody can have measured, or null. */
function measured(value) {
  return typeof value === "number" && value > 1e-6 && value < 1e6 ? value : null;
}

/** In which of WHO's six classes a score falls, the lowest first. */
function step(z) {
  return (z >= -3) + (z >= -2) + (z > 1) + (z > 2) + (z > 3);
}

function summed(column, scale) {
  const out = new Float64Array(column.length);
  let slope = 0;
  let sum = 0;
  column.forEach((difference, n) => {
    slope += difference;
    sum += slope;
    out[n] = sum / scale;
  });
  return out;
}

function row(columns, n) {
  return columns.map((column) => column[n]);
}

/** L, M and S at `length`, on a straight line between the rows below and above; null outside the table. */
function rowAt(columns, axis, length) {
  const place = length * axis.per_unit - axis.first;
  if (!(place >= 0 && place <= columns[0].length - 1)) return null;
  const below = Math.trunc(place);
  const part = place - below;
  return part ? columns.map((column) => column[below] + part * (column[below + 1] - column[below])) : row(columns, below);
}

function score(y, lms, plain) {
  const [l, m, s] = lms;
  let z = ((y / m) ** l - 1) / (s * l);
  if (Math.abs(z) > 3 && !plain) {
    const side = z > 0 ? 1 : -1;
    const three = measurement(lms, 3 * side);
    const two = measurement(lms, 2 * side);
    z = side * 3 + (y - three) / Math.abs(three - two);
  }
  return twoDecimals(z);
}

/** The measurement at `z` by the formula, unrounded. */
function measurement([l, m, s], z) {
  return m * (1 + l * s * z) ** (1 / l);
}

/** As Python rounds: to the nearest of the exact value, an exact half (an odd number of eighths) to the even side. */
function twoDecimals(z) {
  const eighths = Math.abs(z) * 8;
  if (eighths % 2 !== 1) return Number(z.toFixed(2)) + 0; // + 0: never -0
  const hundredths = Math.floor(eighths * 12.5);
  return (Math.sign(z) * (hundredths + (hundredths % 2))) / 100;
}
