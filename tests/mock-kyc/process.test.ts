import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { ADMIN_KEY, API_KEY, SECRET } from "./lib/provider.ts";

const main = fileURLToPath(new URL("../../mock-kyc/main.ts", import.meta.url));
const settings = {
  MOCK_KYC_PORT: "0",
  MOCK_KYC_API_KEY: API_KEY,
  MOCK_KYC_ADMIN_KEY: ADMIN_KEY,
  MOCK_KYC_WEBHOOK_SECRETS: SECRET,
};

function start(environment: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [main], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
}

async function firstLine(child: ChildProcess, stream: "stdout" | "stderr"): Promise<string> {
  const input = child[stream];
  if (!input) throw new Error(`no ${stream}`);
  for await (const line of createInterface({ input })) return line;
  throw new Error(`${stream} stayed empty`);
}

const Ready = z.object({ event: z.literal("ready"), url: z.url(), pid: z.number() });

test.each(["SIGTERM", "SIGINT"] as const)(
  "says in one line when it is ready and ends cleanly on %s, also with work left",
  async (signal) => {
    const child = start(settings);
    try {
      const ready = Ready.parse(JSON.parse(await firstLine(child, "stdout")));
      expect(ready.pid).toBe(child.pid);
      expect((await fetch(`${ready.url}/health`)).status).toBe(200);
      // A request without an answer and a timer of ten hours must not hold it.
      const headers = { "x-mock-admin": ADMIN_KEY, "content-type": "application/json" };
      const body = JSON.stringify({ outage: "hang" });
      await fetch(`${ready.url}/__mock/faults`, { method: "POST", headers, body });
      const hanging = fetch(`${ready.url}/v1/verifications`).catch(() => "cut off");
      child.kill(signal);
      expect(await once(child, "exit")).toEqual([0, null]);
      expect(await hanging).toBe("cut off");
      await expect(fetch(`${ready.url}/health`)).rejects.toThrow("fetch failed");
    } finally {
      child.kill("SIGKILL");
    }
  },
);

test.each([
  ["no API key", { MOCK_KYC_API_KEY: "" }, "MOCK_KYC_API_KEY"],
  ["a short API key", { MOCK_KYC_API_KEY: "short" }, "MOCK_KYC_API_KEY"],
  ["no signing secret", { MOCK_KYC_WEBHOOK_SECRETS: "" }, "MOCK_KYC_WEBHOOK_SECRETS"],
  ["a weak signing secret", { MOCK_KYC_WEBHOOK_SECRETS: "whsec_AAAA" }, "MOCK_KYC_WEBHOOK_SECRETS"],
  ["a wrong port", { MOCK_KYC_PORT: "http" }, "MOCK_KYC_PORT"],
])("with %s it does not start and says so in one line", async (_what, change, name) => {
  const child = start({ ...settings, ...change });
  const exited = once(child, "exit");
  expect(await firstLine(child, "stderr")).toContain(name);
  expect(await exited).toEqual([1, null]);
});

test("what is missing altogether is called required", async () => {
  const { MOCK_KYC_API_KEY: _key, ...rest } = settings;
  const child = start(rest);
  const exited = once(child, "exit");
  expect(await firstLine(child, "stderr")).toContain("MOCK_KYC_API_KEY: is required");
  expect(await exited).toEqual([1, null]);
});

test("a port in use is one sentence, not a stack trace", async () => {
  const first = start(settings);
  try {
    const { url } = Ready.parse(JSON.parse(await firstLine(first, "stdout")));
    const second = start({ ...settings, MOCK_KYC_PORT: new URL(url).port });
    const exited = once(second, "exit");
    expect(await firstLine(second, "stderr")).toMatch(/EADDRINUSE/);
    expect(await exited).toEqual([1, null]);
  } finally {
    first.kill("SIGTERM");
    await once(first, "exit");
  }
});
