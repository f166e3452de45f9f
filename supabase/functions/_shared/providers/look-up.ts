/**
 * A word of somebody else in a table of ours. Words such as `constructor`, which every object
 * answers to, are unknown like any other.
 *
 * @example lookUp({ GREEN: "approved" }, "toString"); // undefined
 */
export function lookUp<Value>(
  table: Readonly<Record<string, Value>>,
  word: string,
): Value | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
