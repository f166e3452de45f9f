import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { RunTransaction } from "../../../supabase/functions/_shared/db/transaction.ts";
import { createLogger } from "../../../supabase/functions/_shared/log/logger.ts";
import {
  type KycProvider,
  ProviderError,
} from "../../../supabase/functions/_shared/providers/kyc-provider.ts";
import { type Drain, drainOutbox } from "../../../supabase/functions/worker/tasks/drain-outbox.ts";
import type { Message } from "../../../supabase/functions/worker/tasks/message.ts";

const message = (number: number, changes: Partial<Message> = {}): Message => ({
  message_id: `message-${number}`,
  topic: "provider.submit",
  subject_id: `verification-${number}`,
  provider: "mock",
  idempotency_key: `submit:${number}`,
  payload: { attempt: 1 },
  attempts: 1,
  last_status_code: null,
  lease_id: `lease-${number}`,
  ...changes,
});

const submission = {
  verification_id: "verification",
  attempt: 1,
  provider_reference: null,
  applicant: { first_name: "Anna" },
  documents: [],
  is_wanted: true,
};

/** A database that hands these messages out, and writes down what it is told of them. */
function outbox(
  messages: Message[],
  changes: Partial<typeof submission> = {},
  refused: string | null = null,
) {
  const told: string[] = [];
  /** How many acceptances came in one statement, where it was more than one. */
  const together: number[] = [];
  const waiting = [...messages];
  const answers: [RegExp, (values: unknown[]) => unknown[]][] = [
    [/outbox_claim/, ([limit]) => waiting.splice(0, Number(limit))],
    [
      /kyc_submission/,
      ([wanted]) => rowsOf(wanted).map(() => ({ submission: { ...submission, ...changes } })),
    ],
    [
      /kyc_provider_accepted/,
      (values) => {
        const taken = values.flatMap(rowsOf);
        if (taken.length > 1) together.push(taken.length);
        const poison = taken.find(({ id }) => id === refused);
        if (poison) throw new Error("It cannot be noted.");
        return taken.map(({ id, reference }) => told.push(`accepted ${id} ${reference}`));
      },
    ],
    [/outbox_sent/, ([id]) => [told.push(`sent ${id}`)]],
    [
      /outbox_failed/,
      ([id, , status, reason, wait]) => {
        told.push(`failed ${id} ${status} ${wait} ${reason}`);
        return [{ failed: { status: status === 422 ? "dead" : "pending" } }];
      },
    ],
  ];
  const run = async (strings: readonly string[], ...values: unknown[]) => {
    const [, answer] = answers.find(([pattern]) => pattern.test(strings.join("?"))) ?? [];
    if (!answer) throw new Error(`An unexpected statement: ${strings.join("?")}`);
    return answer(values);
  };
  const tx = Object.assign(run, { json: (value: unknown) => value });
  const transaction: RunTransaction = (_, work) =>
    work(tx as unknown as Parameters<typeof work>[0]);
  return { told, together, transaction };
}

/** The rows of a parameter that is a list of objects. */
function rowsOf(value: unknown): Record<string, unknown>[] {
  return z.array(z.record(z.string(), z.unknown())).safeParse(value).data ?? [];
}

function provider(changes: Partial<KycProvider> = {}): KycProvider {
  const unused = () => Promise.reject(new Error("This call is not expected."));
  return {
    name: "mock",
    submit: async (_, key) => `reference of ${key}`,
    find: unused,
    fetch: unused,
    cancel: unused,
    redact: unused,
    readWebhook: unused,
    ...changes,
  };
}

function drain(
  { transaction }: { transaction: RunTransaction },
  kycProvider: KycProvider,
  changes: Partial<Drain> = {},
) {
  const lines: string[] = [];
  const log = createLogger({ level: "info", write: (line) => void lines.push(line) });
  const deps = { provider: kycProvider, storage: { signDownloads: async () => [] } };
  const given = { deps, transaction, log, until: Date.now() + 5_000, ...changes };
  return { lines, report: drainOutbox(given as unknown as Drain) };
}

describe("draining", () => {
  test("sends everything, and says so", async () => {
    const queue = outbox(Array.from({ length: 25 }, (_, index) => message(index)));
    const { report } = drain(queue, provider());
    expect(await report).toEqual({ claimed: 25, sent: 25, retried: 0, dead: 0, more: false });
    expect(queue.told).toHaveLength(25);
    expect(queue.told).toContain("accepted message-7 reference of submit:7");
  });

  test("a message that hangs holds up no other", async () => {
    let release = () => {};
    const hanging = new Promise<string>((resolve) => {
      release = () => resolve("late");
    });
    const queue = outbox(Array.from({ length: 30 }, (_, index) => message(index)));
    const { report } = drain(
      queue,
      provider({ submit: (_, key) => (key === "submit:0" ? hanging : Promise.resolve(key)) }),
    );
    await vi.waitFor(() => expect(queue.told).toHaveLength(29));
    release();
    expect(await report).toMatchObject({ sent: 30 });
  });

  test("begins nothing when the time is up", async () => {
    const queue = outbox([message(1)]);
    const { report } = drain(queue, provider(), { until: Date.now() });
    expect(await report).toEqual({ claimed: 0, sent: 0, retried: 0, dead: 0, more: true });
  });

  test("acknowledges together, and one that cannot be noted spoils no other", async () => {
    const messages = Array.from({ length: 40 }, (_, index) => message(index));
    const queue = outbox(messages, {}, "message-5");
    expect(await drain(queue, provider()).report).toMatchObject({ sent: 39, retried: 1 });
    expect(Math.max(...queue.together)).toBe(16);
    expect(queue.told.filter((line) => line.startsWith("accepted"))).toHaveLength(39);
    expect(queue.told).toContain("failed message-5 null null Error");
  });

  test("has 32 under way at most", async () => {
    let running = 0;
    let most = 0;
    const queue = outbox(Array.from({ length: 90 }, (_, index) => message(index)));
    const submit = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return "reference";
    };
    await drain(queue, provider({ submit })).report;
    expect(most).toBe(32);
  });
});

describe("failures", () => {
  const failing = (error: unknown) => provider({ submit: () => Promise.reject(error) });

  test.each([
    [
      new ProviderError("unavailable", "Busy.", { status: 503, retryAfterSeconds: 7 }),
      "503 7 Busy.",
      "retried",
    ],
    [new ProviderError("timeout", "Late."), "null null Late.", "retried"],
    [new ProviderError("refused", "No.", { status: 422 }), "422 null No.", "dead"],
  ])("%s is told to the database", async (error, told, outcome) => {
    const queue = outbox([message(1)]);
    const { report } = drain(queue, failing(error));
    expect(await report).toMatchObject({ sent: 0, [outcome]: 1 });
    expect(queue.told).toEqual([`failed message-1 ${told}`]);
  });

  test("what others say goes neither into the queue nor into the log", async () => {
    const queue = outbox([message(1)]);
    const error = Object.assign(new Error("duplicate key (Anna)"), { name: "PostgresError" });
    const { report, lines } = drain(queue, failing(error));
    await report;
    expect(queue.told).toEqual(["failed message-1 null null PostgresError"]);
    expect(lines.join()).not.toContain("Anna");
  });

  test("one that cannot even be noted ends neither the run nor the process", async () => {
    const { transaction, told } = outbox([message(1), message(2)]);
    let statements = 0;
    const flaky: RunTransaction = (caller, work) => {
      statements += 1;
      // All that comes after the claim and the reading.
      return statements > 2 && statements < 5
        ? Promise.reject(new Error("The database is gone."))
        : transaction(caller, work);
    };
    const { report, lines } = drain({ transaction: flaky }, failing(new Error("x")));
    expect(await report).toMatchObject({ claimed: 2, retried: 2 });
    expect(lines.join()).toContain("failure not noted");
    expect(told.length).toBeLessThan(2);
  });

  test("a provider without an adapter is not called", async () => {
    const queue = outbox([message(1, { provider: "other" })]);
    await drain(queue, provider()).report;
    expect(queue.told).toEqual([
      "failed message-1 null null No adapter for this provider is configured.",
    ]);
  });
});

describe("sending", () => {
  const found = { provider_reference: "mkv_1", outcome: "approved" };
  const knows = (answer: unknown) =>
    provider({ find: async () => answer as Awaited<ReturnType<KycProvider["find"]>> });

  test("after no answer it asks before it sends again", async () => {
    const queue = outbox([message(1, { attempts: 2 })]);
    const submit = vi.fn(async () => "another");
    await drain(queue, { ...knows(found), submit }).report;
    expect(submit).not.toHaveBeenCalled();
    expect(queue.told).toEqual(["accepted message-1 mkv_1"]);
  });

  test("what did not arrive is sent again with the same key", async () => {
    const queue = outbox([message(1, { attempts: 2 })]);
    await drain(queue, { ...knows(null), submit: async (_, key) => key }).report;
    expect(queue.told).toEqual(["accepted message-1 submit:1"]);
  });

  test("after an answer it does not ask", async () => {
    const queue = outbox([message(1, { attempts: 2, last_status_code: 500 })]);
    await drain(queue, provider()).report;
    expect(queue.told).toEqual(["accepted message-1 reference of submit:1"]);
  });

  test("a submission that nobody waits for any more is not sent", async () => {
    const queue = outbox([message(1)], { is_wanted: false });
    const submit = vi.fn(async () => "reference");
    await drain(queue, provider({ submit })).report;
    expect(submit).not.toHaveBeenCalled();
    expect(queue.told).toEqual(["sent message-1"]);
  });

  test("there is nothing to cancel where nothing arrived", async () => {
    const queue = outbox([message(1, { topic: "provider.cancel" })]);
    await drain(queue, provider()).report;
    expect(queue.told).toEqual(["sent message-1"]);
  });
});
