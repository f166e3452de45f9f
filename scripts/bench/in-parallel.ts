/** Does something with each item, so many at a time; the results keep the order of the items. */
export async function inParallel<Item, Result>(
  width: number,
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<number, Result>();
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) results.set(index, await act(item));
  };
  await Promise.all(Array.from({ length: width }, worker));
  return items.flatMap((_, index) => {
    const result = results.get(index);
    return result === undefined ? [] : [result];
  });
}
