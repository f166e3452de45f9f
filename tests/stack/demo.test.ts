import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const demo = fileURLToPath(new URL("../../scripts/demo.ts", import.meta.url));
const run = (environment: NodeJS.ProcessEnv) =>
  promisify(execFile)(process.execPath, [demo], { env: { ...process.env, ...environment } });

test("the demo takes three people through and each ends as expected", async () => {
  const { stdout } = await run({});
  expect(stdout).toContain("All three ended as expected");
  expect(stdout.match(/ → approved\n/g)).toHaveLength(2);
  expect(stdout.match(/ → declined\n/g)).toHaveLength(1);
  // The verdict came by itself, on the person's own channel.
  expect(stdout.match(/answer arrives: \w+, told without a question\n/g)).toHaveLength(3);
  // Every step is told with its time.
  expect(stdout.match(/^ +\d+ ms {2}\S/gm)?.length).toBeGreaterThan(30);
});

test("the demo says in one sentence that nobody answers, and fails", async () => {
  await expect(run({ SUPABASE_URL: "http://127.0.0.1:1" })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^\nThe demo stopped\. http:\/\/127\.0\.0\.1:1\S+ does not answer/,
    ),
  });
});

test("a story that cannot go on ends the demo, whatever it had opened", async () => {
  await expect(run({ DEMO_REVIEWER_PASSWORD: "Not-The-Password-1!" })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^\nThe demo stopped\. .*sign/i),
  });
});
