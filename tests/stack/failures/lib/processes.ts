import { expect, vi } from "vitest";
import type { Stack } from "../../../../scripts/stack/create-stack.ts";
import { urlOf } from "../../../helpers/api.ts";
import { secretKey } from "../../../helpers/api-accounts.ts";

/** Ends the process of a function as a crash does, and waits until the stack has a new one that answers. */
export async function crash(stack: Stack, name: "kyc" | "worker" | "kyc-webhook"): Promise<void> {
  const pid = stack.pids()[`function ${name}`];
  if (pid === undefined) throw new Error(`The function ${name} does not run.`);
  process.kill(pid, "SIGKILL");
  await vi.waitFor(
    async () => {
      const now = stack.pids()[`function ${name}`];
      expect(now).toBeDefined();
      expect(now).not.toBe(pid);
      const response = await fetch(
        `${urlOf("meta.getHealth").replace("/meta/health", "")}/${name}`,
        {
          headers: secretKey(),
        },
      );
      await response.arrayBuffer();
      expect(response.status).toBe(404);
    },
    { timeout: 15_000, interval: 50 },
  );
}
