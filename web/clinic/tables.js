/** What the clinic knows, read once from web/data/: the vocabulary, WHO's growth standards, rules, limits and the schedule. */

import { GrowthStandards } from "../growth.js";
import { readThresholds } from "./rules.js";

/** `known` is the Vocabulary; `clinic` and `growth` are the content of data/clinic.json and data/growth.json. */
export function readTables(known, clinic, growth) {
  const tables = { ...clinic, known, growth: new GrowthStandards(growth) };
  return { ...tables, thresholds: readThresholds(clinic.thresholds, tables) };
}
