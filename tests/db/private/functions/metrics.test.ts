import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createSubmitted, createUser } from "../../../helpers/db-fixtures.ts";
import { loadList } from "../../../helpers/db-screening.ts";

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

test("people cannot read them", async ({ db }) => {
  const id = await createUser(db);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) => sql`select * from private.metrics()`,
    keeps: (sql) => sql`select count(*) from private.outbox`,
  });
});
