import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { tablesWith } from "../../helpers/db-search.ts";
import { stackEnv } from "../../helpers/stack-env.ts";
import type { Canary } from "./life.ts";

/** Where a stack keeps what is not in a table. */
const FOLDERS = ["storage", "logs"] as const;

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** The files of a stack that hold the canary. */
export async function filesWith(dataDir: string, { word, digits }: Canary): Promise<string[]> {
  const found: string[] = [];
  for (const folder of FOLDERS) {
    for (const path of await filesBelow(join(dataDir, folder))) {
      const bytes = await readFile(path);
      if (path.includes(word) || bytes.includes(word) || bytes.includes(digits)) {
        found.push(path.slice(dataDir.length + 1));
      }
    }
  }
  return found;
}

/** The tables that hold the canary, looked at with every right there is. */
export async function tablesHolding(dataDir: string, { word, digits }: Canary): Promise<string[]> {
  const url = new URL(stackEnv().dbUrl);
  url.username = "supabase_admin";
  url.password = (await readFile(join(dataDir, "postgres/superuser-password"), "utf8")).trim();
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    const { found } = await sql.begin(async (tx) => ({
      found: await tablesWith(tx, [word, digits]),
    }));
    return found;
  } finally {
    await sql.end();
  }
}

/** What the mock KYC server still knows of anybody with the canary. */
export async function providerKnows({ word, digits }: Canary): Promise<boolean> {
  const { mockKycUrl, mockKycAdminKey } = stackEnv();
  const response = await fetch(`${mockKycUrl}/__mock/requests`, {
    headers: { "x-mock-admin": mockKycAdminKey },
  });
  if (!response.ok) throw new Error(`The mock KYC server answered ${response.status}.`);
  const text = await response.text();
  return text.includes(word) || text.includes(digits);
}
