/** Days as they are written, 2026-07-02: arithmetic on whole days of UTC, so that no clock and no time zone plays a part. */

const DAY = 86400000; // milliseconds

export function addDays(day, count) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY).toISOString().slice(0, 10);
}

/** Days from one day to another, negative where the other is earlier. */
export function daysBetween(from, to) {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY;
}

/** Year, month and day of the month. */
export function parts(day) {
  return day.split("-").map(Number);
}

export function lastOfMonth(day) {
  const [year, month] = parts(day);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

/** The latest of some days; null where there are none. */
export function latest(days) {
  return days.reduce((last, day) => (last === null || day > last ? day : last), null);
}
