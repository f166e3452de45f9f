/** How much is written: each level includes those after it. */
const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** A severity of a log line. */
type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Everything that a log line may say. The list is closed so that personal data cannot slip in: ids,
 * codes, counts and times, never names, addresses, bodies, tokens or query strings.
 */
type LogFields = {
  readonly function?: string;
  readonly request_id?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly execution_id?: string;
  readonly operation?: string;
  readonly method?: string;
  readonly status?: number;
  readonly duration_ms?: number;
  /** An {@link ErrorCode}, or the SQLSTATE or name of an unexpected error. */
  readonly code?: string;
  readonly error?: ErrorDescription;
  /** The id of a row: verification, document, message, event. */
  readonly resource_id?: string;
  readonly provider?: string;
  readonly task?: string;
  readonly result?: string;
  readonly attempt?: number;
  readonly count?: number;
};

/** Writes log lines; see {@link createLogger}. */
export type Logger = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: LogFields): Logger;
};

export type LoggerOptions = {
  readonly level: LogLevel;
  readonly fields?: LogFields;
  /** Where lines go; the platform collects the console. */
  readonly write?: (line: string) => void;
};

/**
 * Logs one JSON object per line. Messages are constant sentences, so that they can be searched and
 * counted; what varies stands in the fields.
 *
 * @example createLogger({ level: "info" }).info("request", { operation: "users.getMe", status: 200 });
 */
export function createLogger({ level, fields = {}, write = toConsole }: LoggerOptions): Logger {
  const threshold = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel) => {
    if (LOG_LEVELS.indexOf(name) < threshold) return () => {};
    return (message: string, more: LogFields = {}) =>
      write(
        JSON.stringify({
          time: new Date().toISOString(),
          level: name,
          message,
          ...fields,
          ...more,
        }),
      );
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (more) => createLogger({ level, fields: { ...fields, ...more }, write }),
  };
}

function toConsole(line: string): void {
  // biome-ignore lint/suspicious/noConsole: the one place that writes to the console
  console.log(line);
}

/** What a log line may tell of an unexpected error. */
export type ErrorDescription = {
  readonly name: string;
  readonly code?: string;
  readonly message?: string;
  readonly frames?: readonly string[];
  readonly cause?: ErrorDescription;
};

/**
 * Describes an error for the log. The messages of the JSON parser and of the database quote the
 * values they stumbled over, so theirs are left out; a code and the stack say enough to find the
 * place.
 */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, stack, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const quotesValues = name === "SyntaxError" || name === "PostgresError" || name === "ZodError";
  const frames = stack?.split("\n").flatMap((line) => /^ {4}at (.+)$/.exec(line)?.[1] ?? []);
  return {
    name,
    ...(code !== undefined && { code }),
    ...(!quotesValues && { message }),
    ...(frames && { frames: frames.slice(0, 8) }),
    ...(cause instanceof Error && { cause: describeError(cause) }),
  };
}
