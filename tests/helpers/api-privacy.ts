import { randomUUID } from "node:crypto";
import { strFromU8, unzipSync } from "fflate";
import type postgres from "postgres";
import { expect, vi } from "vitest";
import { createAccounts } from "../../supabase/functions/_shared/accounts/accounts.ts";
import type { UserPrincipal } from "../../supabase/functions/_shared/auth/principal.ts";
import type { CoreDeps } from "../../supabase/functions/_shared/core-deps.ts";
import type { Export } from "../../supabase/functions/_shared/generated/contract.ts";
import { createCursorCodec } from "../../supabase/functions/_shared/http/cursor.ts";
import { type Buckets, createBuckets } from "../../supabase/functions/_shared/storage/buckets.ts";
import { createApp as createUsersApp } from "../../supabase/functions/users/app.ts";
import { type Credential, call, type Target, urlOf } from "./api.ts";
import { type Account, secretKey } from "./api-accounts.ts";
import { asFunction, fakeDeps } from "./api-in-process.ts";
import { newKey } from "./api-kyc.ts";

/** Asks for an export. */
export async function createExport({ credential: as }: Account): Promise<Export> {
  const { status, body } = await call("users.createExport", { as, headers: newKey() });
  expect(status).toBe(202);
  return body;
}

export async function getExport({ credential: as }: Account, id: string): Promise<Export> {
  const { status, body } = await call("users.getExport", { as, params: { export_id: id } });
  expect(status).toBe(200);
  return body;
}

/** An export that the worker has built; asking has woken it. */
export async function readyExport(account: Account): Promise<Export> {
  const { export_id: id } = await createExport(account);
  return vi.waitFor(
    async () => {
      const found = await getExport(account, id);
      expect(found.status).toBe("ready");
      return found;
    },
    { timeout: 15_000, interval: 50 },
  );
}

/** An archive, opened: names to bytes. */
export type Archive = Readonly<Record<string, Uint8Array>>;

/** Fetches an archive as a front end does, byte for byte. */
export async function download(as: Credential, url: string): Promise<Archive> {
  const response = await fetch(url, { headers: as });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/zip");
  return unzipSync(new Uint8Array(await response.arrayBuffer()));
}

/** Reads a JSON file of an archive. */
// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it.
export function jsonIn(archive: Archive, name: string): any {
  const bytes = archive[name];
  if (!bytes) throw new Error(`The archive has no ${name}.`);
  return JSON.parse(strFromU8(bytes));
}

export const archiveUrl = (id: string) =>
  urlOf("users.downloadExport", { params: { export_id: id } });

/** Runs the worker once, with these jobs of time made due. */
export async function runWorker(sql: postgres.Sql, ...jobs: string[]): Promise<void> {
  await sql`update private.schedules set next_run_at = '-infinity' where job = any (${jobs})`;
  const { status } = await call("worker.run", { as: secretKey(), body: { budget_ms: 20_000 } });
  expect(status).toBe(200);
}

/** Makes what an erasure waits for due, and runs the worker until all of it is done and the request in this state. */
export async function erasureIn(
  sql: postgres.Sql,
  { id }: Pick<Account, "id">,
  status: string,
): Promise<void> {
  await vi.waitFor(
    async () => {
      await sql`
        update private.outbox set next_attempt_at = now()
        where status = 'pending' and lease_id is null
          and message_id in (select message_id from private.erasure_messages(${id}))
      `;
      await runWorker(sql);
      await sql`
        update private.erasure_requests set next_run_at = now()
        where user_id = ${id} and status <> 'completed'
      `;
      await runWorker(sql, "advance_erasures");
      const [row] = await sql`
        select status, last_error, account_erased_at is not null as is_account_erased,
          exists (select from private.erasure_messages(user_id) where status <> 'sent') as is_sending
        from private.erasure_requests where user_id = ${id}
      `;
      const done = { status, last_error: null, is_account_erased: true, is_sending: false };
      expect({ ...row }).toEqual(done);
    },
    { timeout: 20_000, interval: 50 },
  );
}

/** Asks for one's erasure. */
export async function requestErasure({ credential: as }: Account) {
  const { status, body } = await call("users.requestErasure", { as, headers: newKey() });
  expect(status).toBe(202);
  return body;
}

/** Places a hold on a person. */
export async function placeHold({ credential: as }: Account, userId: string, reason = "dispute") {
  const { status, body } = await call("admin.placeLegalHold", {
    as,
    params: { user_id: userId },
    headers: newKey(),
    body: { reason_code: reason },
  });
  expect(status).toBe(201);
  return body;
}

/** An id that nobody has. */
export const unknownId = (): string => randomUUID();

/** The function `users` inside of this process, for one person, with other transactions or buckets. */
export function usersFunctionAs(
  { id, token }: Account,
  transactionsFor: CoreDeps["transactionsFor"],
  buckets: Partial<Buckets> = {},
): Target {
  const principal: UserPrincipal = {
    kind: "user",
    id,
    claims: { sub: id, role: "authenticated" },
    token,
  };
  const { verifiers, ...deps } = fakeDeps({ transactionsFor });
  const nowhere = { apiUrl: "", secretKey: "" };
  const { fetch } = createUsersApp({
    ...deps,
    verifiers: { ...verifiers, verifyUserToken: async () => principal },
    accounts: createAccounts({ ...nowhere, log: deps.log }),
    buckets: { ...createBuckets(nowhere), ...buckets },
    cursors: createCursorCodec("a secret of this test alone"),
    wakeWorker: () => {},
    publicUrl: "",
  });
  return async (request) => fetch(asFunction(request));
}
