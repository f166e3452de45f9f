import { expect, test } from "vitest";
import { call } from "../helpers/api.ts";
import { ownerConnection } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

const owner = ownerConnection();

describeCommonAnswers("kyc.listReasonCodes", { request: () => ({}) });

test("200 with every reason a person may see, and none of the internal ones", async () => {
  const { status, body } = await call("kyc.listReasonCodes");
  const codes = body.items.map(({ code }: { code: string }) => code);
  const internal = await owner()`
    select code from private.kyc_reason_codes where not is_user_visible
  `;
  expect(status).toBe(200);
  expect(codes).toContain("image_unreadable");
  expect(internal.length).toBeGreaterThan(3);
  expect(internal.filter(({ code }) => codes.includes(code))).toEqual([]);
});
