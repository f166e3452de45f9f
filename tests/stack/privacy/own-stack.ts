import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { createStack, type Stack } from "../../../scripts/stack/create-stack.ts";

/**
 * A stack that one test file has to itself: what it keeps on disk can be searched, its clock moved, and no
 * worker but the test's takes what is due. Returns where it keeps things.
 */
export function ownStack(): () => string {
  let stack: Stack | undefined;
  let dataDir = "";
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "nff-privacy-"));
    stack = await createStack({ dataDir, temporary: true, ports: "free", mockTimeScale: 0 });
    Object.assign(process.env, stack.env);
  });
  afterAll(() => stack?.dispose());
  return () => dataDir;
}
