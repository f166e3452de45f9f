import postgres from "postgres";
import { expect, test } from "vitest";
import { createStack } from "../../../scripts/stack/create-stack.ts";
import { processesBelow } from "./processes.ts";
import { cacheDir, makeProject } from "./project.ts";

test("two stacks start at the same time, keep apart, and one outlives the other", async () => {
  await using one = await makeProject("one");
  await using two = await makeProject("two");
  const start = (project: typeof one) =>
    createStack({ root: project.root, dataDir: project.dataDir, cacheDir, ports: "free" });
  const [first, second] = await Promise.all([start(one), start(two)]);

  const ports = [first, second].flatMap((stack) => [
    stack.apiUrl,
    stack.dbUrl,
    stack.mailUrl,
    stack.mockKycUrl,
  ]);
  expect(new Set(ports.map((url) => new URL(url).port)).size).toBe(8);

  const write = postgres(first.dbUrl, { max: 1 });
  await write`insert into public.notes values (2, 'in the first')`;
  await write.end();
  await first.dispose();

  const read = postgres(second.dbUrl, { max: 1 });
  expect([...(await read`select id from public.notes`)]).toEqual([{ id: 1 }]);
  await read.end();
  expect(await (await fetch(`${second.apiUrl}/functions/v1/hello`)).text()).toBe("first");
  expect(processesBelow(...Object.values(second.pids())).length).toBeGreaterThan(4);
  await second.dispose();
});
