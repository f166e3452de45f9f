import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createLogger } from "../../../supabase/functions/_shared/log/logger.ts";
import { createWakeWorker } from "../../../supabase/functions/_shared/wake-worker.ts";

const URL_ = "https://api.example.com/functions/v1/worker/run";
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

/** A worker whose runs end when the test says so. */
function slowWorker() {
  const runs: (() => void)[] = [];
  let started = 0;
  const keys = new Set<string | null>();
  server.use(
    http.post(URL_, async ({ request }) => {
      started += 1;
      keys.add(request.headers.get("apikey"));
      await new Promise<void>((resolve) => runs.push(resolve));
      return HttpResponse.json({});
    }),
  );
  return { runs, keys, started: () => started };
}

function waker(lines: string[] = []) {
  const log = createLogger({ level: "info", write: (line) => void lines.push(line) });
  return createWakeWorker({ url: URL_, secretKey: "sb_secret_x", log });
}

test("many wake-ups of one moment are one run", async () => {
  const worker = slowWorker();
  const wake = waker();
  for (let count = 0; count < 50; count += 1) wake();
  await vi.waitFor(() => expect(worker.runs).toHaveLength(1));
  expect(worker.started()).toBe(1);
  expect(worker.keys).toEqual(new Set(["sb_secret_x"]));
  worker.runs[0]?.();
});

test("a run that hangs does not keep the next ones waiting, up to four", async () => {
  const worker = slowWorker();
  const wake = waker();
  for (const expected of [1, 2, 3, 4]) {
    wake();
    await vi.waitFor(() => expect(worker.runs).toHaveLength(expected));
  }
  wake();
  wake();
  // The fifth starts when one of the four ends, and not before.
  worker.runs[0]?.();
  await vi.waitFor(() => expect(worker.started()).toBe(5));
  for (const end of worker.runs) end();
  await vi.waitFor(() => expect(worker.runs).toHaveLength(5));
  expect(worker.started()).toBe(5);
  worker.runs[4]?.();
});

test.each([
  ["refuses", () => new HttpResponse("", { status: 401 }), "worker refused to wake"],
  ["is not there", () => HttpResponse.error(), "worker could not be woken"],
])(
  "a worker that %s is a line in the log, and the next wake-up is tried",
  async (_what, answer, message) => {
    let calls = 0;
    server.use(
      http.post(URL_, () => {
        calls += 1;
        return answer();
      }),
    );
    const lines: string[] = [];
    const wake = waker(lines);
    wake();
    await vi.waitFor(() => expect(lines.join()).toContain(message));
    wake();
    await vi.waitFor(() => expect(calls).toBe(2));
  },
);
