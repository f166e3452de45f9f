/** `document_side_missing` → "Document side missing". */
export function words(code: string): string {
  const text = code.replaceAll(/[_.]/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

export const absoluteTime = (value: string) => moment.format(new Date(value));

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "5 min. ago", "in 2 days". */
export function relativeTime(value: string, now = Date.now()): string {
  const seconds = (new Date(value).getTime() - now) / 1_000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  if (unit === "second") return seconds > 0 ? "in a moment" : "just now";
  return relative.format(Math.round(seconds / size), unit);
}

/** Seconds as "3 h 20 min". */
export function duration(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) {
    const minutes = Math.round((seconds % 3_600) / 60);
    return `${Math.floor(seconds / 3_600)} h${minutes > 0 ? ` ${minutes} min` : ""}`;
  }
  return `${(seconds / 86_400).toFixed(1)} days`;
}

export const count = (value: number) => value.toLocaleString("en");

/** Bytes as "1.2 MB". */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  if (value < 1_000_000) return `${Math.round(value / 1_000)} kB`;
  return `${(value / 1_000_000).toFixed(1)} MB`;
}

export function fullName(person: {
  readonly first_name?: string | null;
  readonly middle_name?: string | null;
  readonly last_name?: string | null;
}): string {
  const parts = [person.first_name, person.middle_name, person.last_name].filter(Boolean);
  return parts.length > 0 ? parts.join(" ") : "Name not given";
}

/** The end of an id: ids that we make begin with the time, so neighbours begin alike. Names stay whole. */
export const shortId = (id: string) => (id.length > 20 ? id.slice(-8) : id);
