import { describe, expect, test } from "vitest";
import { ownerConnection } from "../../helpers/api-accounts.ts";
import { erasureIn, requestErasure } from "../../helpers/api-privacy.ts";
import { liveUnverified, liveVerified, newCanary } from "./life.ts";
import { ownStack } from "./own-stack.ts";
import { filesWith, providerKnows, tablesHolding } from "./search.ts";

// Mails are left out: they lie in the mailbox of the person.
const dataDirOf = ownStack();
const owner = ownerConnection();

const auditFaults = () => owner()`select * from private.audit_verify()`;

describe("after an erasure nothing is left of the person", () => {
  test("[PRIV-03] who never got as far as a verification: at once", async () => {
    const [dataDir, sql, canary] = [dataDirOf(), owner(), newCanary()];
    const account = await liveUnverified(canary);
    expect((await tablesHolding(dataDir, canary)).length).toBeGreaterThan(5);
    expect((await filesWith(dataDir, canary)).length).toBeGreaterThan(1);
    expect(await requestErasure(account)).toMatchObject({ status: "accepted" });
    await erasureIn(sql, account, "completed");
    expect(await tablesHolding(dataDir, canary)).toEqual([]);
    expect(await filesWith(dataDir, canary)).toEqual([]);
    expect([...(await auditFaults())]).toEqual([]);
  });

  test("[PRIV-03] who was verified: what may go at once, the rest after five years", async () => {
    const [dataDir, sql, canary] = [dataDirOf(), owner(), newCanary()];
    const account = await liveVerified(sql, canary);
    const before = await tablesHolding(dataDir, canary);
    expect(before).toEqual(
      expect.arrayContaining([
        "auth.audit_log_entries",
        "auth.identities",
        "auth.mfa_factors",
        "auth.one_time_tokens",
        "auth.sessions",
        "auth.users",
        "private.idempotency_keys",
        "private.kyc_approvals",
        "private.kyc_attempts",
        "private.kyc_notes",
        "private.kyc_reviews",
        "private.outbox",
        "private.webhook_inbox",
        "public.addresses",
        "public.profiles",
      ]),
    );
    expect((await filesWith(dataDir, canary)).length).toBeGreaterThan(3);
    expect(await providerKnows(canary)).toBe(true);

    expect(await requestErasure(account)).toMatchObject({ status: "scheduled" });
    await erasureIn(sql, account, "scheduled");
    // What the law wants kept, and nothing else: no file, no account, not the provider's copy.
    expect(await tablesHolding(dataDir, canary)).toEqual([
      "private.kyc_approvals",
      "private.kyc_attempts",
      "private.kyc_notes",
      "private.kyc_reviews",
      "private.outbox",
      "public.addresses",
      "public.profiles",
    ]);
    expect(await filesWith(dataDir, canary)).toEqual([]);
    expect(await providerKnows(canary)).toBe(false);

    await sql`select private.shift_clock('5 years 1 day')`;
    await erasureIn(sql, account, "completed");
    expect(await tablesHolding(dataDir, canary)).toEqual([]);
    expect(await filesWith(dataDir, canary)).toEqual([]);
    expect([...(await auditFaults())]).toEqual([]);
    await sql`select private.shift_clock(null)`;
  });
});
