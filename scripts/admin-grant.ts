/**
 * Gives somebody a staff role from the command line: the first administrator of a new deployment, who
 * grants all others through the API. It goes through the database as its owner, so it opens no door
 * that whoever holds the database URL has not got already.
 */
import { parseArgs } from "node:util";
import postgres, { type Sql } from "postgres";
import { z } from "zod";

const LOCAL_DATABASE = "postgresql://postgres:postgres@127.0.0.1:54322/postgres";
const USAGE = `Usage: npm run admin:grant -- <e-mail address> <role> [--force]

Roles: support, reviewer, approver, compliance_admin, auditor, admin.
The account must exist and have confirmed its address. Without --force it works only as long as there
is no administrator. The database is that of SUPABASE_DB_URL, or the local stack's.`;

const request = z.object({
  email: z.email(),
  role: z.enum(["support", "reviewer", "approver", "compliance_admin", "auditor", "admin"]),
  force: z.boolean().default(false),
});
type GrantRequest = z.output<typeof request>;

/** A sentence for whoever typed the command; there is nothing to trace. */
class Refusal extends Error {
  override readonly name = "Refusal";
}

function readRequest(): GrantRequest {
  try {
    const { values, positionals } = parseArgs({
      options: { force: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [email, role, ...others] = positionals;
    if (others.length === 0) return request.parse({ email, role, ...values });
  } catch {
    // The usage says what was expected.
  }
  throw new Refusal(USAGE);
}

function databaseUrl(): string {
  const url = process.env.SUPABASE_DB_URL ?? LOCAL_DATABASE;
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new Refusal("SUPABASE_DB_URL is no postgresql:// URL.");
  return url;
}

async function grant(sql: Sql, { email, role, force }: GrantRequest): Promise<string> {
  const [row] = await sql<{ changed: boolean }[]>`
    select private.grant_role_as_owner(${email}, ${role}, ${force}) as changed`;
  return row?.changed
    ? `${email} is ${role} now. Sign in again to see it in the token; the API knows already.`
    : `${email} was ${role} before: nothing has changed.`;
}

/** What went wrong, in a sentence that leads on. */
function explain(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  switch (code) {
    case "NF010":
      return `${error.message} Ask them, or repeat with --force; either is written to the audit.`;
    case "NF020":
      return `${error.message} Sign up first.`;
    case "NF043":
      return error.message;
    case "42501":
      return "This database role may not grant roles: connect as the owner of the database.";
    case "42883":
    case "3F000":
      return "This database has no migrations yet: run `supabase db push` first.";
    default:
      return `The database cannot be used (${code || error.name}): is SUPABASE_DB_URL right?`;
  }
}

async function run(): Promise<void> {
  const wanted = readRequest();
  const sql = postgres(databaseUrl(), { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    console.log(await grant(sql, wanted));
  } finally {
    await sql.end({ timeout: 5 });
  }
}

await run().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
