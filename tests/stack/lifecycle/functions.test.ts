import { appendFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStack, type Stack } from "../../../scripts/stack/create-stack.ts";
import { poll } from "../../../scripts/stack/poll.ts";
import { cacheDir, helloFunction, makeProject, type Project } from "./project.ts";

let project: Project;
let stack: Stack;
const lines: string[] = [];

beforeAll(async () => {
  project = await makeProject();
  stack = await createStack({
    root: project.root,
    dataDir: project.dataDir,
    cacheDir,
    ports: "free",
    watch: true,
    log: (line) => lines.push(line),
  });
});
afterAll(async () => {
  await stack.dispose();
  await project[Symbol.asyncDispose]();
});

async function call(path: string): Promise<string> {
  return (await fetch(`${stack.apiUrl}/functions/v1/${path}`)).text();
}

async function answers(path: string, wanted: string): Promise<void> {
  const found = await poll(async () => (await call(path)) === wanted, { timeoutMs: 10_000 });
  expect(found ? wanted : await call(path)).toBe(wanted);
}

async function printed(text: string): Promise<void> {
  await poll(async () => lines.some((line) => line.includes(text)), { timeoutMs: 10_000 });
  expect(lines.join("\n")).toContain(text);
}

test("a function finds the platform's environment and its secrets, and nothing of ours", async () => {
  const env: Record<string, string> = JSON.parse(await call("hello/env"));
  expect(
    Object.keys(env)
      .filter((name) => !/^(DENO_|NO_COLOR|PATH)/.test(name))
      .sort(),
  ).toEqual([
    "DATABASE_URL",
    "GREETING",
    "KYC_MOCK_URL",
    "SUPABASE_DB_URL",
    "SUPABASE_FUNCTION_SLUG",
    "SUPABASE_JWKS",
    "SUPABASE_PUBLISHABLE_KEYS",
    "SUPABASE_SECRET_KEYS",
    "SUPABASE_URL",
  ]);
  expect(env).toMatchObject({
    // A name of the platform in a file does not count.
    SUPABASE_URL: stack.apiUrl,
    SUPABASE_DB_URL: stack.dbUrl,
    SUPABASE_FUNCTION_SLUG: "hello",
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
    GREETING: "from the example",
  });
  const jwks: { keys: Record<string, unknown>[] } = JSON.parse(env.SUPABASE_JWKS ?? "");
  expect(jwks.keys).toMatchObject([{ kty: "EC", crv: "P-256", alg: "ES256" }]);
  expect(jwks.keys[0]).not.toHaveProperty("d");
});

test("a function cannot write to the disk", async () => {
  expect(await call("hello/write")).toContain("NotCapable");
});

test("a function that config.toml turns off is not served", async () => {
  expect(stack.functions).toEqual(["hello"]);
  expect((await fetch(`${stack.apiUrl}/functions/v1/off`)).status).toBe(404);
});

test("a function that crashes is started again, and a line says so", async () => {
  const before = stack.pids()["function hello"];
  await call("hello/crash");
  await printed("Function hello ended with exit code 3: starting it again.");
  await answers("hello", "first");
  expect(stack.pids()["function hello"]).not.toBe(before);
});

test("a change is served at once, however the editor writes it", async () => {
  const file = join(project.root, "supabase/functions/hello/index.ts");
  await project.write("supabase/functions/hello/index.ts", helloFunction("written over"));
  await answers("hello", "written over");
  await project.write("supabase/functions/hello/index.ts.new", helloFunction("replaced"));
  await rename(`${file}.new`, file);
  await answers("hello", "replaced");
  await appendFile(file, "// The file is another one since the rename, and still watched.\n");
  await printed("Function hello was started again with the change.");
});

test("a change that does not start leaves the version before in service, and says why", async () => {
  const file = "supabase/functions/hello/index.ts";
  await project.write(file, "throw new Error('half a thought');");
  await printed("the version before the change is still served");
  expect(lines.join("\n")).toContain("half a thought");
  expect(await call("hello")).toBe("replaced");
  await project.write(file, helloFunction("mended"));
  await answers("hello", "mended");
});

test("a new function is served, and a removed one is not", async () => {
  await project.write("supabase/functions/added/index.ts", helloFunction("added"));
  await project.write(
    "supabase/config.toml",
    "[functions.added]\nverify_jwt = false\n[functions.hello]\nverify_jwt = false\n",
  );
  await project.write("supabase/functions/_shared/touched.ts", "");
  await answers("added", "added");
  await rename(
    join(project.root, "supabase/functions/added"),
    join(project.root, "supabase/removed"),
  );
  await printed("Function added is gone.");
  expect((await fetch(`${stack.apiUrl}/functions/v1/added`)).status).toBe(404);
});

test("a function that calls Deno.serve is served as well", async () => {
  await project.write(
    "supabase/functions/called/index.ts",
    'Deno.serve(() => new Response("by Deno.serve"));',
  );
  await project.write(
    "supabase/config.toml",
    "[functions.called]\nverify_jwt = false\n[functions.hello]\nverify_jwt = false\n",
  );
  await project.write("supabase/functions/_shared/touched.ts", "// once more");
  await answers("called", "by Deno.serve");
});

test("a change of the secrets reaches the functions", async () => {
  await project.write("supabase/functions/.env", "GREETING=from the own file\n");
  const greeting = async () => {
    const env: Record<string, string> = JSON.parse(await call("hello/env"));
    return env.GREETING === "from the own file";
  };
  expect(await poll(greeting, { timeoutMs: 10_000 })).toBe(true);
});

test("the worker function is woken regularly, with the secret key, until the stack ends", async () => {
  await using other = await makeProject();
  await other.write("supabase/config.toml", "[functions.worker]\nverify_jwt = false\n");
  await other.write(
    "supabase/functions/worker/index.ts",
    `let runs = 0;
     export default {
       fetch(request: Request): Response {
         const wakes = request.method === "POST" && new URL(request.url).pathname === "/worker/run";
         if (wakes && request.headers.get("apikey")?.startsWith("sb_secret_")) runs += 1;
         return Response.json({ runs });
       },
     };`,
  );
  await using timed = await createStack({
    root: other.root,
    dataDir: other.dataDir,
    cacheDir,
    ports: "free",
    workerIntervalMs: 20,
  });
  const runs = async (): Promise<number> => {
    const answer: { runs: number } = await (
      await fetch(`${timed.apiUrl}/functions/v1/worker`)
    ).json();
    return answer.runs;
  };
  expect(await poll(async () => (await runs()) >= 3, { timeoutMs: 10_000 })).toBe(true);
});
