import { randomUUID } from "node:crypto";
import { CompactSign, decodeProtectedHeader, generateKeyPair } from "jose";
import { describe, expect } from "vitest";
import { checkChains, lateFindings } from "../../scripts/audit/check-chains.ts";
import { readAnchors } from "../../scripts/audit/read-anchors.ts";
import { type Db, type Sql, test } from "../helpers/db.ts";
import { createSigner, makeAnchor, type Signer } from "../helpers/db-anchors.ts";

const signer = await createSigner("key-1");

const append = (db: Db, stream: string, count: number) =>
  db.sql`select private.audit_append(${stream}, 'staff', 'actor', 'test.done', 'thing', n::text)
    from generate_series(1, ${count}::integer) as n`;

async function withoutTriggers(db: Db): Promise<void> {
  for (const table of ["audit_log", "audit_heads"]) {
    await db.sql`alter table ${db.sql(`private.${table}`)} disable trigger user`;
  }
}

async function withTriggers(db: Db): Promise<void> {
  for (const table of ["audit_log", "audit_heads"]) {
    await db.sql`alter table ${db.sql(`private.${table}`)} enable trigger user`;
  }
}

/** Two chains, and two anchors: the first before, the second after the chain in question grew. */
async function arrange(db: Db) {
  const [stream, other] = [`test:${randomUUID()}`, `test:${randomUUID()}`];
  await append(db, stream, 4);
  await append(db, other, 2);
  const documents = [await makeAnchor(db, signer)];
  await append(db, stream, 2);
  documents.push(await makeAnchor(db, signer));
  return { stream, other, documents };
}

/** Everything that a check from outside finds. */
async function findings(
  db: Db,
  documents: readonly string[],
  signers: readonly Signer[] = [signer],
) {
  const report = await readAnchors(documents, { keys: signers.map(({ publicKey }) => publicKey) });
  const chains = await checkChains(db.sql, report.heads);
  return [...report.findings, ...chains.findings].map(({ where, what }) => `${where}: ${what}`);
}

/** Writes the hashes of a chain anew from the first entry on, and its head: as if it had always been so. */
async function rewrite(sql: Sql, stream: string): Promise<void> {
  await sql.unsafe(`do $$
    declare
      v_entry private.audit_log;
      v_hash bytea;
      v_sequence bigint := 0;
    begin
      for v_entry in select * from private.audit_log where stream = '${stream}' order by sequence loop
        v_sequence := v_sequence + 1;
        v_hash := private.audit_hash(v_hash, v_entry.audit_id, v_entry.stream, v_sequence, v_entry.at, v_entry.actor_kind,
          v_entry.actor_id, v_entry.action, v_entry.subject_type, v_entry.subject_id, v_entry.reason_code,
          v_entry.request_id, v_entry.details);
        update private.audit_log set sequence = v_sequence, hash = v_hash where audit_id = v_entry.audit_id;
      end loop;
      update private.audit_heads set sequence = v_sequence, hash = v_hash where stream = '${stream}';
    end $$`);
}

test("nothing is found where nothing was done", async ({ db }) => {
  const { documents, other } = await arrange(db);
  expect(await findings(db, documents)).toEqual([]);
  // More than nine, so that the order of numbers is not that of their digits.
  await append(db, other, 20);
  expect(await findings(db, documents)).toEqual([]);
  documents.push(await makeAnchor(db, signer));
  expect(await findings(db, documents)).toEqual([]);
});

describe("[AUDIT-01] somebody with every right, all triggers off", () => {
  const attacks: readonly (readonly [
    string,
    (sql: Sql, stream: string) => Promise<unknown>,
    readonly ("chain" | "anchor")[],
  ])[] = [
    [
      "edits an entry",
      (sql, stream) =>
        sql`update private.audit_log set actor_id = 'another' where stream = ${stream} and sequence = 2`,
      ["chain"],
    ],
    [
      "gives an entry another id",
      (sql, stream) =>
        sql`update private.audit_log set audit_id = gen_random_uuid() where stream = ${stream} and sequence = 2`,
      ["chain"],
    ],
    [
      "removes an entry from the middle",
      (sql, stream) => sql`delete from private.audit_log where stream = ${stream} and sequence = 2`,
      ["chain"],
    ],
    [
      "cuts the tail",
      (sql, stream) => sql`delete from private.audit_log where stream = ${stream} and sequence > 3`,
      ["chain", "anchor"],
    ],
    [
      "cuts the tail and writes the head anew",
      async (sql, stream) => {
        await sql`delete from private.audit_log where stream = ${stream} and sequence > 3`;
        await rewrite(sql, stream);
      },
      ["anchor"],
    ],
    [
      "edits the first entry and computes all hashes anew",
      async (sql, stream) => {
        await sql`update private.audit_log set actor_id = 'another' where stream = ${stream} and sequence = 1`;
        await rewrite(sql, stream);
      },
      ["anchor"],
    ],
    [
      "removes an entry and numbers the others anew",
      async (sql, stream) => {
        await sql`delete from private.audit_log where stream = ${stream} and sequence = 2`;
        await rewrite(sql, stream);
      },
      ["anchor"],
    ],
    [
      "drops a whole chain",
      async (sql, stream) => {
        await sql`delete from private.audit_log where stream = ${stream}`;
        await sql`delete from private.audit_heads where stream = ${stream}`;
      },
      ["anchor"],
    ],
  ];

  test.for(attacks)("%s: found", async ([, attack, by], { db }) => {
    const { stream, documents } = await arrange(db);
    await withoutTriggers(db);
    await attack(db.sql, stream);
    const alone = await findings(db, []);
    const inside = await db.sql`select * from private.audit_verify(${stream})`;
    // The check of the database and the one from outside agree on what the chain alone can show.
    expect([alone.length > 0, inside.length > 0]).toEqual([
      by.includes("chain"),
      by.includes("chain"),
    ]);
    const found = await findings(db, documents);
    expect(found.length).toBeGreaterThan(0);
    expect(found.some((finding) => finding.endsWith("is not what an anchor says"))).toBe(
      by.includes("anchor"),
    );
  });

  test("dropped from what the anchors are made of too, a chain is missed by the next digest", async ({
    db,
  }) => {
    const { stream, other, documents } = await arrange(db);
    await withoutTriggers(db);
    for (const table of ["audit_log", "audit_heads", "audit_anchored_heads"]) {
      await db.sql`delete from ${db.sql(`private.${table}`)} where stream = ${stream}`;
    }
    await withTriggers(db);
    await append(db, other, 1);
    documents.push(await makeAnchor(db, signer));
    const report = await readAnchors(documents, { keys: [signer.publicKey] });
    expect(report.findings).toEqual([
      { where: "anchor 3", what: expect.stringMatching(/^the audit had \d+ chains/) },
    ]);
  });

  test("an honest anchor made of a rewritten chain does not wash it clean", async ({ db }) => {
    const { stream, documents } = await arrange(db);
    await withoutTriggers(db);
    await db.sql`update private.audit_log set actor_id = 'another' where stream = ${stream} and sequence = 1`;
    await rewrite(db.sql, stream);
    await withTriggers(db);
    await append(db, stream, 1);
    documents.push(await makeAnchor(db, signer));
    const found = await findings(db, documents);
    expect(found).toEqual([
      `${stream} 4: is not what an anchor says`,
      `${stream} 6: is not what an anchor says`,
    ]);
  });
});

describe("anchors that are not what they were", () => {
  test("signed with another key, under the same key id or another", async ({ db }) => {
    const { documents } = await arrange(db);
    for (const kid of ["key-1", "key-2"]) {
      const other = await createSigner(kid);
      const [first = "", second = ""] = documents;
      const payload = JSON.parse(Buffer.from(second.split(".")[1] ?? "", "base64url").toString());
      const forged = [first, await other.sign(payload)];
      expect(await findings(db, forged)).toEqual([
        expect.stringMatching(/: is not signed with any of the keys$/),
      ]);
    }
  });

  test("with another content", async ({ db }) => {
    const { documents } = await arrange(db);
    const [header = "", payload = "", signature = ""] = (documents[1] ?? "").split(".");
    const changed = JSON.parse(Buffer.from(payload, "base64url").toString());
    changed.heads = [];
    const forged = [header, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature];
    expect(await findings(db, [documents[0] ?? "", forged.join(".")])).toEqual([
      expect.stringMatching(/: is not signed with any of the keys$/),
    ]);
  });

  test("without a signature, or with another algorithm or type", async ({ db }) => {
    const { documents } = await arrange(db);
    const [, payload = "", signature] = (documents[0] ?? "").split(".");
    const none = Buffer.from('{"alg":"none","kid":"key-1","typ":"audit-anchor+jws"}').toString(
      "base64url",
    );
    const own = await createSigner("key-1");
    const { privateKey } = await generateKeyPair("EdDSA");
    const foreign = await new CompactSign(Buffer.from(payload, "base64url"))
      .setProtectedHeader({ alg: "EdDSA", kid: "key-1", typ: "JWT" })
      .sign(privateKey);
    expect(own.publicKey.kid).toBe("key-1");
    for (const forged of [`${none}.${payload}.`, `${none}.${payload}.${signature}`, foreign, "x"]) {
      expect((await findings(db, [forged]))[0]).toMatch(/^anchor with sha256 [0-9a-f]{16}: /);
    }
  });

  test("a missing one in the middle, a missing first one, one that is there twice", async ({
    db,
  }) => {
    const { stream, documents } = await arrange(db);
    await append(db, stream, 1);
    documents.push(await makeAnchor(db, signer));
    const [one = "", two = "", three = ""] = documents;
    expect(await findings(db, [one, three])).toContain("anchor 3: the 1 before it are missing");
    expect(await findings(db, [two, three])).toContain("anchor 2: the 1 before it are missing");
    expect(await findings(db, [one, two, two, three])).toEqual(["anchor 2: exists twice"]);
    // The order in which they are read does not matter.
    expect(await findings(db, [three, one, two])).toEqual([]);
  });

  test("one that was replaced by another of the same key", async ({ db }) => {
    const { stream, documents } = await arrange(db);
    await append(db, stream, 1);
    documents.push(await makeAnchor(db, signer));
    const [one = "", two = "", three = ""] = documents;
    const payload = JSON.parse(Buffer.from(two.split(".")[1] ?? "", "base64url").toString());
    const replaced = await signer.sign({ ...payload, at: "2030-01-01T00:00:00.000Z" });
    expect(await findings(db, [one, replaced, three])).toEqual([
      "anchor 3: names another anchor before it",
    ]);
  });
});

test("more ends than one anchor holds make several, and the last one has the digest", async ({
  db,
}) => {
  const prefix = `test:${randomUUID()}`;
  for (let index = 0; index < 7; index += 1) await append(db, `${prefix}:${index}`, 1);
  const documents: string[] = [];
  for (let isComplete = false; !isComplete; ) {
    const document = await makeAnchor(db, signer, 3);
    documents.push(document);
    const payload = JSON.parse(Buffer.from(document.split(".")[1] ?? "", "base64url").toString());
    expect(payload.heads.length).toBeLessThanOrEqual(3);
    isComplete = payload.complete;
    expect([payload.digest === null, payload.streams === null]).toEqual([!isComplete, !isComplete]);
  }
  expect(documents.length).toBeGreaterThanOrEqual(3);
  expect(await findings(db, documents)).toEqual([]);
});

test("after a change of keys both are needed, and either algorithm will do", async ({ db }) => {
  const { stream, documents } = await arrange(db);
  const next = await createSigner("key-2", "ES256");
  await append(db, stream, 1);
  const document = await makeAnchor(db, next);
  expect(decodeProtectedHeader(document)).toEqual({
    alg: "ES256",
    kid: "key-2",
    typ: "audit-anchor+jws",
  });
  expect(await findings(db, [...documents, document], [signer, next])).toEqual([]);
  expect(await findings(db, [...documents, document], [signer])).toHaveLength(1);
});

test("[AUDIT-03] anchors that are made no longer are missed after an hour", async ({ db }) => {
  const { stream, documents } = await arrange(db);
  const late = async (hours: number) => {
    const { heads } = await readAnchors(documents, { keys: [signer.publicKey] });
    const { unanchoredSince } = await checkChains(db.sql, heads);
    return lateFindings(unanchoredSince, Date.now() + hours * 3_600_000);
  };
  expect(await late(48)).toEqual([]);
  await append(db, stream, 1);
  expect(await late(0)).toEqual([]);
  expect(await late(2)).toEqual([
    { where: "anchors", what: expect.stringMatching(/^none covers what was recorded since 2/) },
  ]);
});
