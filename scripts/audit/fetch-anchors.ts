import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const BUCKET = "audit-anchors";
const PAGE = 1000;
const NAME = /^\d{12}\.jws$/;

const listing = z.array(z.object({ name: z.string() }));

async function request(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`Storage answers ${response.status} for ${url}.`);
  return response;
}

async function namesOf(base: string, headers: Record<string, string>): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const response = await request(`${base}/list/${BUCKET}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ prefix: "", limit: PAGE, offset: names.length }),
    });
    const page = listing.parse(await response.json());
    names.push(...page.map(({ name }) => name));
    if (page.length < PAGE) return names.filter((name) => NAME.test(name));
  }
}

/**
 * Copies anchors from Storage into a folder. One that is there already is kept as it is: the copy
 * that was made first is the one to trust.
 *
 * @returns how many are new
 */
export async function saveAnchors(
  apiUrl: string,
  secretKey: string,
  folder: string,
): Promise<number> {
  const base = `${apiUrl}/storage/v1/object`;
  const headers = { apikey: secretKey };
  await mkdir(folder, { recursive: true });
  const known = new Set(await readdir(folder));
  const missing = (await namesOf(base, headers)).filter((name) => !known.has(name));
  for (const name of missing) {
    const response = await request(`${base}/authenticated/${BUCKET}/${name}`, { headers });
    await writeFile(join(folder, name), await response.text(), { flag: "wx" });
  }
  return missing.length;
}

/** Reads the anchors of a folder. */
export async function loadAnchors(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  return Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
}
