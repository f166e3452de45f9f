/** How calls are put together; see {@link batched}. */
type BatchOptions = {
  /** Calls in one batch. */
  readonly max: number;
  /** Batches under way at a time; what comes meanwhile waits for the next one. */
  readonly atOnce: number;
};

type Call<Input, Output> = {
  readonly input: Input;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Makes one call of many: those that come at the same time, or while batches are under way, are done
 * together. Nobody waits for a call that is not in his batch. A batch that fails is taken apart and each of its
 * calls is done alone, so that one that cannot succeed spoils no other.
 *
 * @param work takes inputs and returns their outputs in the same order; it may be repeated after a failure
 * @example const read = batched((ids) => readRows(ids), { max: 32, atOnce: 1 });
 */
export function batched<Input, Output>(
  work: (inputs: readonly Input[]) => Promise<readonly Output[]>,
  { max, atOnce }: BatchOptions,
): (input: Input) => Promise<Output> {
  const waiting: Call<Input, Output>[] = [];
  let running = 0;

  const perform = async (calls: readonly Call<Input, Output>[]): Promise<void> => {
    try {
      const outputs = await work(calls.map(({ input }) => input));
      if (outputs.length !== calls.length) {
        throw new Error(`Expected ${calls.length} results, got ${outputs.length}.`);
      }
      outputs.forEach((output, index) => {
        calls[index]?.resolve(output);
      });
    } catch (error) {
      if (calls.length === 1) calls[0]?.reject(error);
      else await Promise.all(calls.map((call) => perform([call])));
    }
  };

  const begin = async (): Promise<void> => {
    // The others of this moment come before the batch is closed.
    await Promise.resolve();
    while (waiting.length > 0) await perform(waiting.splice(0, max));
    running -= 1;
  };

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      if (running === atOnce) return;
      running += 1;
      void begin();
    });
}
