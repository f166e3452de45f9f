/** Tells what happens, each step with the time it took. */
export class Narrator {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  title(text: string): void {
    this.#write(`\n${text}`);
  }

  note(text: string): void {
    this.#write(`             ${text}`);
  }

  /** Does one step; `detail` says what came of it. */
  async step<Result>(
    text: string,
    act: () => Promise<Result>,
    detail: (result: Result) => string = () => "",
  ): Promise<Result> {
    const started = performance.now();
    const result = await act();
    const took = `${(performance.now() - started).toFixed(0)} ms`.padStart(9);
    const outcome = detail(result);
    this.#write(`  ${took}  ${text}${outcome ? `: ${outcome}` : ""}`);
    return result;
  }
}
