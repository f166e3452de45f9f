import { exportJWK, generateKeyPair, type JWK } from "jose";
import { readAnchorEnvironment } from "../../supabase/functions/_shared/env-anchors.ts";
import { createAnchors } from "../../supabase/functions/worker/anchors.ts";
import { type Db, service } from "./db.ts";

/** What the database collects for an anchor. */
export type AnchorBody = {
  readonly version: number;
  readonly number: number;
  readonly previous: string | null;
  readonly at: string;
  readonly heads: readonly (readonly [string, number, string])[];
  readonly complete: boolean;
  readonly streams: number | null;
  readonly digest: string | null;
};

/** Somebody who signs anchors. */
export type Signer = {
  readonly sign: (body: object) => Promise<string>;
  readonly publicKey: JWK & { readonly kty: string };
};

/** A signer with a key of its own, under this key id. */
export async function createSigner(kid: string, alg: "EdDSA" | "ES256" = "EdDSA"): Promise<Signer> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const key = { ...(await exportJWK(pair.privateKey)), kid };
  const environment = readAnchorEnvironment({ AUDIT_ANCHOR_KEY: JSON.stringify(key) });
  const anchors = createAnchors(environment, { writeAnchor: async () => true });
  const { kty = "", ...publicKey } = await exportJWK(pair.publicKey);
  return { sign: anchors.sign, publicKey: { ...publicKey, kty, kid } };
}

/** Collects the next anchor, as the worker does; `null` when there is none to make. */
export async function beginAnchor(db: Db, limit = 10_000): Promise<AnchorBody | null> {
  const [row] = await db.as(
    service,
    (sql) =>
      sql<{ body: AnchorBody | null }[]>`select private.audit_anchor_begin(${limit}) as body`,
  );
  return row?.body ?? null;
}

/** Makes the next anchor now; fails when there is none to make. */
export async function makeAnchor(db: Db, signer: Signer, limit?: number): Promise<string> {
  await db.sql`update private.settings set audit_anchor_every = '0 seconds'`;
  const body = await beginAnchor(db, limit);
  if (!body) throw new Error("No anchor is due.");
  const document = await signer.sign(body);
  await db.as(
    service,
    (sql) => sql`select private.audit_anchor_sign(${body.number}, ${body.complete}, ${document})`,
  );
  return document;
}
