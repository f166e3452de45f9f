import { expect, test } from "vitest";
import { call } from "../helpers/api.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

describeCommonAnswers("kyc.listDocumentTypes", { request: () => ({}) });

test("200 with each type, its sides and its limits", async () => {
  const { status, body } = await call("kyc.listDocumentTypes");
  expect(status).toBe(200);
  const sides = Object.fromEntries(
    body.items.map(({ type, sides }: { type: string; sides: string[] }) => [type, sides]),
  );
  expect(sides).toEqual({
    passport: ["front"],
    national_id: ["front", "back"],
    driving_licence: ["front", "back"],
    residence_permit: ["front", "back"],
    proof_of_address: ["front"],
    selfie: ["front"],
  });
  expect(body.items[0]).toMatchObject({
    min_bytes: 2_048,
    max_bytes: 10_485_760,
    min_pixels: 300,
    max_pixels: 8_000,
  });
});
