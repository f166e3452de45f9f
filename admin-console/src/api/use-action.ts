import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { ApiError, ConnectionError, mayRetry } from "./problem.ts";

const RETRIES = 2;
const RETRY_DELAY_MS = 600;

interface Attempt {
  readonly input: string;
  readonly key: string;
}

interface ActionOptions<Input, Output> {
  /** Sends the change once; the key stays the same until its outcome is known. */
  readonly send: (input: Input, idempotencyKey: string) => Promise<Output>;
  /** What shows other data afterwards. */
  readonly invalidates?: readonly QueryKey[];
  readonly onDone?: (output: Output) => void;
  readonly onRefused?: (error: unknown) => void;
}

export interface Action<Input> {
  readonly run: (input: Input) => Promise<boolean>;
  readonly isRunning: boolean;
  readonly error: unknown;
  readonly reset: () => void;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function persist<Output>(send: () => Promise<Output>): Promise<Output> {
  for (let left = RETRIES; ; left -= 1) {
    try {
      return await send();
    } catch (error) {
      if (left === 0 || !mayRetry(error)) throw error;
      await pause(RETRY_DELAY_MS);
    }
  }
}

/** Whether it is still open what the server has made of the request. */
const isOpen = (error: unknown) =>
  error instanceof ConnectionError ||
  (error instanceof ApiError &&
    (error.problem.status >= 500 || error.code === "idempotency_in_progress"));

/**
 * A change that takes effect once: a second click while it runs sends nothing, and a retry of the
 * same input repeats the Idempotency-Key until the outcome is known.
 */
export function useAction<Input, Output>(options: ActionOptions<Input, Output>): Action<Input> {
  const queries = useQueryClient();
  const attempt = useRef<Attempt | null>(null);
  const running = useRef(false);
  const latest = useRef(options);
  latest.current = options;
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const run = useCallback(
    async (input: Input) => {
      if (running.current) return false;
      running.current = true;
      setRunning(true);
      setError(null);
      const { send, invalidates = [], onDone, onRefused } = latest.current;
      const text = JSON.stringify(input) ?? "";
      if (attempt.current?.input !== text) {
        attempt.current = { input: text, key: crypto.randomUUID() };
      }
      const { key } = attempt.current;
      try {
        const output = await persist(() => send(input, key));
        attempt.current = null;
        await Promise.all(invalidates.map((queryKey) => queries.invalidateQueries({ queryKey })));
        onDone?.(output);
        return true;
      } catch (failure) {
        if (!isOpen(failure)) attempt.current = null;
        setError(failure);
        onRefused?.(failure);
        return false;
      } finally {
        running.current = false;
        setRunning(false);
      }
    },
    [queries],
  );
  const reset = useCallback(() => setError(null), []);
  return { run, isRunning, error, reset };
}
