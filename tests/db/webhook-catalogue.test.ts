import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { contractEnum } from "../helpers/contract-enum.ts";
import { test } from "../helpers/db.ts";

test("the contract lists the events of the catalogue and what may be subscribed to, no others", async ({
  db,
}) => {
  const [row] = await db.sql<{ types: string[]; subscriptions: string[] }[]>`
    select array_agg(type order by type) as types,
      (select array_agg(distinct name order by name) from private.webhook_event_types, unnest(subscriptions) as name)
        as subscriptions
    from private.webhook_event_types`;
  expect([...contractEnum("AdminWebhookEventType")].sort()).toEqual(row?.types);
  expect([...contractEnum("AdminWebhookSubscription")].sort()).toEqual(row?.subscriptions);
});

test("the documentation says of each event when it comes and what it carries", async ({ db }) => {
  const page = readFileSync(new URL("../../docs/webhooks.md", import.meta.url), "utf8");
  const lines = [...page.matchAll(/^\| `([a-z]+\.[a-z_]+)` \| (.+) \| (.+) \|$/gm)];
  let members: string[] = [];
  const documented = lines.map(([, type, description, cell = ""]) => {
    if (cell !== "the same")
      members = [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name ?? "");
    return { type, description, members };
  });
  const rows = await db.sql`select type, description, members from private.webhook_event_types`;
  const byType = (left: { type?: unknown }, right: { type?: unknown }) =>
    String(left.type).localeCompare(String(right.type));
  expect(documented.sort(byType)).toEqual([...rows].sort(byType));
});

test("the documentation's periods are those of the settings", async ({ db }) => {
  const page = readFileSync(new URL("../../docs/webhooks.md", import.meta.url), "utf8");
  const [row] = await db.sql<{ waits: number[]; days: number; retention: number; most: number }[]>`
    select array(select extract(epoch from wait)::int from unnest(webhook_retry_delays) as wait) as waits,
      extract(day from webhook_disable_after)::int as days, extract(day from webhook_retention)::int as retention,
      webhook_max_endpoints as most
    from private.settings`;
  const seconds = { s: 1, min: 60, h: 3_600 };
  const [, cells = ""] = /^\| after \| at once \| (.+) \|$/m.exec(page) ?? [];
  const waits = cells.split(" | ").map((cell) => {
    const [amount, unit] = cell.split(" ");
    return Number(amount) * (unit === "s" || unit === "min" || unit === "h" ? seconds[unit] : 0);
  });
  expect(waits).toEqual(row?.waits);
  expect([row?.days, row?.retention, row?.most]).toEqual([3, 30, 20]);
});
