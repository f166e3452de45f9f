/** What can go wrong with the stack, as the caller sees it. */
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

/** SQLSTATE of "disk full". */
const PG_DISK_FULL = "53100";

/** Gives the few system errors that a person can do something about their sentence. */
export function explainSystemError(error: unknown, stateDir: string): unknown {
  if (error instanceof StackError) return error;
  const code = systemErrorCode(error);
  if (code === "ENOSPC" || code === PG_DISK_FULL) {
    return new StackError("disk_full", `The disk is full: ${messageOf(error)}.`, { cause: error });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return new StackError(
      "data_folder_unusable",
      `${stateDir} cannot be used (${messageOf(error)}): choose another folder with --data-dir, and another cache with --cache-dir.`,
      { cause: error },
    );
  }
  return error;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
