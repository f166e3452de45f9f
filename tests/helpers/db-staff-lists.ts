import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, user } from "./db.ts";
import { createPerson, createStaff } from "./db-fixtures.ts";

/** A row of a list for staff. */
export type StaffRow<Item> = { readonly item: Item; readonly position: string };

/** How a page is asked for. */
export type PageWish = { newestFirst?: boolean; limit?: number; after?: string };

/** Walks through a list with pages of one, in both orders, and expects the whole list. */
export async function expectPages<Item>(
  read: (wish: PageWish) => Promise<readonly StaffRow<Item>[]>,
  count: number,
): Promise<void> {
  for (const newestFirst of [true, false]) {
    const whole = await read({ newestFirst });
    const walked: StaffRow<Item>[] = [];
    for (let after = ""; walked.length <= count; ) {
      const [row] = await read({ newestFirst, limit: 1, after });
      if (!row) break;
      walked.push(row);
      after = row.position;
    }
    expect(walked).toEqual([...whole]);
    expect(whole).toHaveLength(count);
  }
}

/** Expects that people with one of the roles may do it, and that nobody else may or changes anything. */
export async function expectRoles(
  db: Db,
  allowed: readonly string[],
  does: (sql: Sql) => Promise<unknown>,
  keeps: (sql: Sql) => Promise<readonly unknown[]>,
): Promise<void> {
  const roles = ["support", "reviewer", "approver", "compliance_admin", "auditor", "admin"];
  const others = user(await createStaff(db, ...roles.filter((role) => !allowed.includes(role))));
  for (const as of [user(await createPerson(db)), others]) {
    await expectDenied(db, "NF010", { as, does, keeps });
  }
  for (const as of [anon, service]) await expectDenied(db, "42501", { as, does, keeps });
  for (const role of allowed) {
    const as = user(await createStaff(db, role));
    await expect(db.as(as, does), role).resolves.toBeDefined();
  }
}
