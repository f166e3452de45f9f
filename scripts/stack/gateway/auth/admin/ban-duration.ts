import { validationFailed } from "../errors.ts";

const UNITS = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["µs", 1e-3],
  ["ms", 1],
  ["s", 1e3],
  ["m", 60e3],
  ["h", 3600e3],
]);

/** "none" lifts a ban, "24h" or "1h30m" sets one; as in Go, days are not a unit. */
export function banEnd(duration: string): Date | null {
  if (duration === "none") return null;
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== duration) {
    throw validationFailed(
      `invalid format for ban duration: time: invalid duration ${JSON.stringify(duration)}`,
    );
  }
  const ms = parts.reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (UNITS.get(unit) ?? 0),
    0,
  );
  return ms === 0 ? null : new Date(Date.now() + ms);
}
