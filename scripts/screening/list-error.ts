/** A list that cannot be loaded as it is; the message says where and what to do. */
export class ListError extends Error {
  override readonly name = "ListError";

  constructor(message: string, line?: number) {
    super(line === undefined ? message : `Line ${line}: ${message}`);
  }
}
