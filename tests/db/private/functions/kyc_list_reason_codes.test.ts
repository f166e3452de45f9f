import { expect } from "vitest";
import { contractEnum } from "../../../helpers/contract-enum.ts";
import { anon, expectDenied, test } from "../../../helpers/db.ts";

test("everybody reads the reasons that a person may see, and only those", async ({ db }) => {
  const [row] = await db.as(anon, (sql) => sql`select private.kyc_list_reason_codes() as reasons`);
  expect(row?.reasons.map((reason: { code: string }) => reason.code)).toEqual(
    contractEnum("UserReasonCode"),
  );
  expect(row?.reasons[0]).toEqual({
    code: "image_unreadable",
    class: "retry",
    text: expect.stringMatching(/\.$/),
  });
});

test("the table has the contract's reasons, no more and no less", async ({ db }) => {
  const rows = await db.sql<
    { code: string }[]
  >`select code from private.kyc_reason_codes order by code`;
  expect(rows.map(({ code }) => code)).toEqual(contractEnum("ReasonCode").sort());
});

test("the internal ones are readable by nobody", async ({ db }) => {
  await expectDenied(db, "42501", {
    as: anon,
    does: (sql) => sql`select code from private.kyc_reason_codes`,
    keeps: (sql) => sql`select count(*) from private.kyc_reason_codes`,
  });
});
