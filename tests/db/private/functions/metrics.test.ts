import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createSubmitted, createUser } from "../../../helpers/db-fixtures.ts";
import { loadList } from "../../../helpers/db-screening.ts";
import {
  claimOne,
  createEndpoint,
  emit,
  endpointOf,
  later,
  settle,
} from "../../../helpers/db-webhooks.ts";

test("the gauges count what is there", async ({ db }) => {
  const read = async () => {
    const rows = await db.as(
      service,
      (sql) => sql<{ name: string; label_value: string | null; value: number }[]>`
      select name, label_value, value from private.metrics()`,
    );
    return (name: string, label: string | null = null) =>
      rows.find((row) => row.name === name && row.label_value === label)?.value;
  };
  const before = await read();
  await createSubmitted(db);
  await ingest(db, { outcome: "approved", provider_reference: "unknown", sequence: 1 });
  await db.sql`select private.circuit_failure('metrics', 'x') from generate_series(1, 5)`;
  await loadList(db, [{ ref: "S-1", name: "Vladomir Grutschenko" }]);
  const after = await read();
  const grew = (name: string, label: string | null = null) =>
    (after(name, label) ?? 0) - (before(name, label) ?? 0);
  expect(grew("nff_kyc_verifications_open", "submitted")).toBe(1);
  expect(grew("nff_outbox_pending")).toBe(1);
  expect(grew("nff_inbox_events", "parked")).toBe(1);
  expect(grew("nff_screening_pending", "entries")).toBe(1);
  expect(after("nff_provider_circuit_open", "metrics")).toBe(1);
});

test("webhooks: what waits and since when, and how the endpoints are", async ({ db }) => {
  const read = async () => {
    const rows = await db.sql<{ name: string; label_value: string | null; value: number }[]>`
      select name, label_value, value from private.metrics() where name like 'nff_webhook%'`;
    return rows.map(({ name, label_value, value }) => [label_value ?? name, value]);
  };
  const { endpointId } = await createEndpoint(db);
  await emit(db);
  await later(db, "90 seconds");
  expect(await read()).toEqual([
    ["nff_webhook_deliveries_pending", 1],
    ["nff_webhook_oldest_due_seconds", 90],
    ["working", 1],
    ["failing", 0],
    ["disabled", 0],
  ]);
  await settle(db, await claimOne(db), 410);
  expect(await endpointOf(db, endpointId)).toMatchObject({ enabled: false });
  expect(await read()).toEqual([
    ["nff_webhook_deliveries_pending", 0],
    ["nff_webhook_oldest_due_seconds", 0],
    ["working", 0],
    ["failing", 0],
    ["disabled", 1],
  ]);
});

test("people cannot read them", async ({ db }) => {
  const id = await createUser(db);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) => sql`select * from private.metrics()`,
    keeps: (sql) => sql`select count(*) from private.outbox`,
  });
});
