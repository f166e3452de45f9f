const YEAR = /\b(1[89]\d\d|20\d\d)\b/g;
const RANGE = /\b(to|and|between|bis)\b|\d{4}\s*[-–]\s*\d{4}/i;
const GUESS = /\b(circa|ca|approx\w*|about|around)\b/i;
/** How far off a guessed year may be. */
const GUESS_YEARS = 2;
/** A longer range than this is a mistake of the publisher, not a birth date. */
const LONGEST_RANGE = 50;

const between = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/**
 * The years that a published birth date allows: a day, a year, "circa 1951", "1951 to 1955".
 *
 * @returns `null` when no year can be read from it
 */
export function birthYears(published: string): number[] | null {
  const years = [...published.matchAll(YEAR)].map(([year]) => Number(year));
  const [first, last] = [Math.min(...years), Math.max(...years)];
  if (years.length === 0 || last - first > LONGEST_RANGE) return null;
  if (GUESS.test(published)) return between(first - GUESS_YEARS, last + GUESS_YEARS);
  return RANGE.test(published) ? between(first, last) : [...new Set(years)];
}
