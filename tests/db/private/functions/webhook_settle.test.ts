import { describe, expect } from "vitest";
import { anon, type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import {
  type Claim,
  claim,
  claimOne,
  createEndpoint,
  emit,
  endpointOf,
  eventsOf,
  keepsWebhooks,
  later,
  settle,
} from "../../../helpers/db-webhooks.ts";

/** Seconds until the next attempt, from now. */
const waitOf = async (db: Db, { delivery_id }: Claim) => {
  const [row] = await db.sql<{ wait: number | null }[]>`
    select extract(epoch from next_attempt_at - private.now())::float8 as wait
    from private.webhook_deliveries where delivery_id = ${delivery_id}`;
  return row?.wait ?? null;
};
const logOf = async (db: Db, { delivery_id }: Claim) => {
  const [row] = await db.sql`
    select status, attempts, last_status_code, last_error, last_duration_ms
    from private.webhook_deliveries where delivery_id = ${delivery_id}`;
  return row;
};

const [S, M, H] = [1, 60, 3_600];
/** The table of waits that the documentation promises. */
const WAITS = [5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H];

test("a success is logged, and says that the endpoint works", async ({ db }) => {
  const { endpointId } = await createEndpoint(db);
  await emit(db);
  const claimed = await claimOne(db);
  expect(await settle(db, claimed, 204)).toBe("delivered");
  expect(await logOf(db, claimed)).toEqual({
    status: "delivered",
    attempts: 1,
    last_status_code: 204,
    last_error: null,
    last_duration_ms: 12,
  });
  expect(await endpointOf(db, endpointId)).toMatchObject({
    last_delivered_at: expect.any(String),
    failing_since: null,
    version: 1,
  });
  expect(await settle(db, claimed, 204)).toBe("superseded");
});

test("a receiver that is down gets every attempt of the table, each a little later than the last", async ({
  db,
}) => {
  // As long as the endpoint itself is not given up.
  await db.sql`update private.settings set webhook_disable_after = '30 days'`;
  await createEndpoint(db);
  await emit(db);
  for (const [index, seconds] of WAITS.entries()) {
    const claimed = await claimOne(db);
    expect(claimed.attempts).toBe(index + 1);
    expect(await settle(db, claimed, index % 2 === 0 ? null : 503)).toBe("retried");
    const wait = (await waitOf(db, claimed)) ?? 0;
    expect(wait).toBeGreaterThanOrEqual(seconds);
    expect(wait).toBeLessThanOrEqual(seconds * 1.2);
    await later(db, `${Math.floor(wait) - 1} seconds`);
    expect(await claim(db)).toEqual([]);
    await later(db, "2 seconds");
  }
  const last = await claimOne(db);
  expect(await settle(db, last, 500)).toBe("failed");
  expect(await waitOf(db, last)).toBeNull();
  expect(await logOf(db, last)).toMatchObject({ status: "failed", attempts: 10 });
});

test("waits differ, so that what failed together does not come back together", async ({ db }) => {
  await createEndpoint(db);
  for (let index = 0; index < 4; index += 1) await emit(db);
  const waits = new Set<number | null>();
  for (const claimed of await claim(db)) {
    await settle(db, claimed, 500);
    waits.add(await waitOf(db, claimed));
  }
  expect(waits.size).toBe(4);
});

describe("Retry-After", () => {
  test.for([
    [3_600, 3_600, 3_600],
    // Less than the table has, nonsense, and more than anybody may ask for.
    [1, 5, 6],
    [0, 5, 6],
    [999_999_999, 86_400, 86_400],
  ] as const)("of %i seconds means a wait of %i to %i", async ([asked, from, to], { db }) => {
    await createEndpoint(db);
    await emit(db);
    const claimed = await claimOne(db);
    await settle(db, claimed, 429, asked);
    const wait = (await waitOf(db, claimed)) ?? 0;
    expect(wait).toBeGreaterThanOrEqual(from);
    expect(wait).toBeLessThanOrEqual(to);
  });
});

describe("an endpoint is disabled", () => {
  const expectDisabled = async (db: Db, endpointId: string, reason: string) => {
    expect(await endpointOf(db, endpointId)).toMatchObject({
      enabled: false,
      disabled_reason: reason,
      disabled_at: expect.any(String),
      version: 2,
    });
    const [entry] = await db.sql`
      select action, actor_kind, subject_id, reason_code from private.audit_log
      where stream = 'webhook_endpoints' order by sequence desc limit 1`;
    expect(entry).toEqual({
      action: "webhook_endpoint.disabled",
      actor_kind: "system",
      subject_id: endpointId,
      reason_code: reason,
    });
  };

  test("by 410, at once, and the others hear of it", async ({ db }) => {
    const { endpointId, adminId } = await createEndpoint(db, ["user.*", "webhook.*"]);
    const other = await createEndpoint(db, ["webhook.endpoint_disabled"], {}, adminId);
    await emit(db);
    const claimed = await claimOne(db);
    expect(await settle(db, claimed, 410)).toBe("retried");
    await expectDisabled(db, endpointId, "gone");
    expect(await eventsOf(db, endpointId)).toEqual([
      expect.objectContaining({
        type: "webhook.endpoint_disabled",
        data: {
          endpoint_id: endpointId,
          reason: "gone",
          failing_since: expect.any(String),
          sequence: 1,
        },
      }),
    ]);
    const told = await claimOne(db);
    expect(told.endpoint_id).toBe(other.endpointId);
  });

  test("after three days of nothing but failures, not before", async ({ db }) => {
    const { endpointId } = await createEndpoint(db);
    await emit(db);
    const first = await claimOne(db);
    await settle(db, first, 500);
    await later(db, "71 hours");
    await emit(db);
    for (const claimed of await claim(db, 1)) await settle(db, claimed, 500);
    expect(await endpointOf(db, endpointId)).toMatchObject({ enabled: true });
    await later(db, "1 hour");
    for (const claimed of await claim(db, 1)) await settle(db, claimed, null);
    await expectDisabled(db, endpointId, "failing");
    expect(await claim(db)).toEqual([]);
  });

  test("never by failures between successes", async ({ db }) => {
    const { endpointId } = await createEndpoint(db);
    for (let day = 0; day < 6; day += 1) {
      const subject = await emit(db);
      for (const claimed of await claim(db)) {
        const isNew = claimed.body.includes("user.updated") && claimed.attempts === 1;
        await settle(db, claimed, isNew && subject !== "" ? 500 : 200);
      }
      await later(db, "1 day");
      for (const claimed of await claim(db)) await settle(db, claimed, 200);
    }
    expect(await endpointOf(db, endpointId)).toMatchObject({ enabled: true, failing_since: null });
  });

  test("by the last attempt of the table at the latest", async ({ db }) => {
    const [row] = await db.sql`
      select (select sum(wait) from unnest(webhook_retry_delays) as wait) > webhook_disable_after as "isLonger",
        webhook_max_endpoints * webhook_concurrency as places
      from private.settings`;
    expect(row).toEqual({ isLonger: true, places: 80 });
  });
});

test("what was dropped meanwhile stays dropped", async ({ db }) => {
  const { endpointId, adminId } = await createEndpoint(db);
  await emit(db);
  const claimed = await claimOne(db);
  await db.as(
    user(adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${endpointId}, null)`,
  );
  expect(await settle(db, claimed, 200)).toBe("superseded");
  expect(await logOf(db, claimed)).toMatchObject({ status: "dropped", last_status_code: null });
});

test("only the server settles", async ({ db }) => {
  const { adminId } = await createEndpoint(db);
  await emit(db);
  const { delivery_id, lease_id } = await claimOne(db);
  for (const as of [anon, user(adminId)]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) =>
        sql`select private.webhook_settle(${delivery_id}, ${lease_id}, 200, 1, null, null)`,
      keeps: keepsWebhooks,
    });
  }
});
