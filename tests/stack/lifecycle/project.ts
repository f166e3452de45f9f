import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout under test, and its cache of binaries: the small projects use both. */
export const checkout = fileURLToPath(new URL("../../../", import.meta.url));
export const cacheDir = join(checkout, ".stack", "cache");

const CONFIG = `
project_id = "lifecycle"
[auth]
site_url = "http://127.0.0.1:3000"
[functions.hello]
verify_jwt = false
[functions.off]
enabled = false
`;

const MIGRATION = `
create table public.notes (id int primary key, text text not null);
alter table public.notes enable row level security;
grant select, insert on public.notes to service_role;
`;

const SEED = "insert into public.notes values (1, 'seeded') on conflict do nothing;\n";

/** Answers with what the tests ask about: a text to change, the environment, the end of the process. */
export function helloFunction(text: string): string {
  return `
export default {
  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/hello/crash") Deno.exit(3);
    if (pathname === "/hello/env") return Response.json(Deno.env.toObject());
    if (pathname === "/hello/write") {
      try {
        Deno.writeTextFileSync("written.txt", "");
        return new Response("wrote");
      } catch (error) {
        return new Response(String(error));
      }
    }
    return new Response(${JSON.stringify(text)});
  },
};
`;
}

/** Speaks the mock server's protocol with its parent and does nothing else. */
const MOCK_KYC = `
import { createServer } from "node:http";
const server = createServer((_request, response) => response.end("mock"));
server.listen(Number(process.env.MOCK_KYC_PORT), "127.0.0.1", () => {
  console.log(JSON.stringify({ event: "ready" }));
});
`;

export interface Project extends AsyncDisposable {
  readonly root: string;
  /** A data folder that the project's removal takes along. */
  readonly dataDir: string;
  write(path: string, text: string): Promise<void>;
}

/**
 * A small Supabase project in a temporary folder: one migration, a seed, one function. The lifecycle of
 * a stack does not depend on what it serves, and this one starts fast.
 */
export async function makeProject(name = "project"): Promise<Project> {
  const top = await mkdtemp(join(tmpdir(), "nff-lifecycle-"));
  const root = join(top, name);
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  await write("supabase/config.toml", CONFIG);
  await write("supabase/migrations/20260101000000_create_notes.sql", MIGRATION);
  await write("supabase/seed.sql", SEED);
  await write("supabase/functions/hello/index.ts", helloFunction("first"));
  await write("supabase/functions/off/index.ts", helloFunction("off"));
  await write(
    "supabase/functions/.env.example",
    "GREETING=from the example\nSUPABASE_URL=forged\n",
  );
  await write("mock-kyc/main.ts", MOCK_KYC);
  return {
    root,
    dataDir: join(root, ".stack", "data"),
    write,
    [Symbol.asyncDispose]: () => rm(top, { recursive: true, force: true }),
  };
}
