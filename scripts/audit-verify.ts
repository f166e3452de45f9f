/**
 * Checks the audit from outside: recomputes every chain of the database in this process and compares
 * it with anchors. See docs/audit.md.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { exportJWK, generateKeyPair } from "jose";
import postgres from "postgres";
import { z } from "zod";
import { checkAudit, lateFindings } from "./audit/check-chains.ts";
import { loadAnchors, saveAnchors } from "./audit/fetch-anchors.ts";
import { type AnchorReport, type Finding, readAnchors } from "./audit/read-anchors.ts";

const LOCAL_DATABASE = "postgresql://postgres:postgres@127.0.0.1:54322/postgres";
const USAGE = `Usage: npm run audit:verify -- [--anchors <folder> --keys <file>] [--save] [--new-key <kid>]

  --anchors FOLDER  anchors to compare the audit with; without it only the chains themselves are checked
  --keys FILE       public keys of the anchors: a JWK Set
  --save            first copies new anchors from Storage into the folder (SUPABASE_URL, SUPABASE_SECRET_KEY)
  --new-key KID     makes a key for AUDIT_ANCHOR_KEY and its public half, and does nothing else

The database is that of SUPABASE_DB_URL, or the local stack's. Ends with 1 when something does not hold.`;

/** A sentence for whoever typed the command. */
class Refusal extends Error {}

const jwks = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).min(1),
});

function readOptions() {
  try {
    return parseArgs({
      options: {
        anchors: { type: "string" },
        keys: { type: "string" },
        save: { type: "boolean", default: false },
        "new-key": { type: "string" },
      },
    }).values;
  } catch {
    throw new Refusal(USAGE);
  }
}

async function printNewKey(kid: string): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", {
    crv: "Ed25519",
    extractable: true,
  });
  console.log(`AUDIT_ANCHOR_KEY=${JSON.stringify({ ...(await exportJWK(privateKey)), kid })}\n`);
  console.log(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, use: "sig" }] }));
}

async function readFolder(folder: string, keysFile: string, save: boolean): Promise<AnchorReport> {
  if (save) {
    const { SUPABASE_URL, SUPABASE_SECRET_KEY } = process.env;
    if (!SUPABASE_URL || !SUPABASE_SECRET_KEY) {
      throw new Refusal("--save needs SUPABASE_URL and SUPABASE_SECRET_KEY.");
    }
    const count = await saveAnchors(SUPABASE_URL, SUPABASE_SECRET_KEY, folder);
    console.log(`${count} anchors copied.`);
  }
  const keys = jwks.safeParse(JSON.parse(await readFile(keysFile, "utf8")));
  if (!keys.success) throw new Refusal(`${keysFile} is no JWK Set with key ids.`);
  return readAnchors(await loadAnchors(folder), keys.data);
}

/** The database may know of anchors that the folder lacks, and never the other way round. */
async function countFindings(sql: postgres.Sql, newest: number): Promise<Finding[]> {
  const [row] = await sql<{ number: number }[]>`
    select coalesce(max(number), 0)::integer as number from private.audit_anchors where stored_at is not null`;
  const made = row?.number ?? 0;
  if (made === newest) return [];
  const what =
    made > newest
      ? `the database has made anchors up to ${made}, the newest here is ${newest}`
      : `the newest anchor is ${newest}, the database knows only ${made}: it has gone back in time`;
  return [{ where: "anchors", what }];
}

async function verify(): Promise<number> {
  const { anchors, keys, save, "new-key": kid } = readOptions();
  if (kid !== undefined) {
    await printNewKey(kid);
    return 0;
  }
  if ((anchors === undefined) !== (keys === undefined) || (save && anchors === undefined)) {
    throw new Refusal(USAGE);
  }
  const report =
    anchors !== undefined && keys !== undefined ? await readFolder(anchors, keys, save) : null;
  const sql = postgres(process.env.SUPABASE_DB_URL ?? LOCAL_DATABASE, {
    max: 1,
    onnotice: () => {},
  });
  try {
    const chains = await checkAudit(sql, report?.heads ?? []);
    const findings = [
      ...(report?.findings ?? []),
      ...(report ? await countFindings(sql, report.newest) : []),
      ...(report ? lateFindings(chains.unanchoredSince) : []),
      ...chains.findings,
    ];
    for (const { where, what } of findings) console.log(`${where}: ${what}`);
    const against = report
      ? `${report.newest} anchors`
      : "no anchors: a rewritten chain cannot be seen";
    console.log(
      `${chains.entries} entries in ${chains.streams} chains, compared with ${against}; ${findings.length} faults.`,
    );
    return findings.length === 0 ? 0 : 1;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

process.exitCode = await verify().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  return 2;
});
