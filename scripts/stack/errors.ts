/** What can go wrong with the stack, as the caller sees it; the README's table lists the same codes. */
export type StackErrorCode =
  | "port_in_use"
  | "already_running"
  | "disk_full"
  | "data_folder_broken"
  | "data_folder_unusable"
  | "wrong_node"
  | "unsupported_platform"
  | "missing_package"
  | "no_network"
  | "migration_failed"
  | "seed_failed"
  | "config_invalid"
  | "service_failed";

/** An error whose message is one sentence for a person: what happened and what to do about it. */
export class StackError extends Error {
  override readonly name = "StackError";
  readonly code: StackErrorCode;

  constructor(code: StackErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}

/** The `code` of a Node system error, or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
