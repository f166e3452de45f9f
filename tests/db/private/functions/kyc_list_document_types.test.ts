import { expect } from "vitest";
import { contractEnum } from "../../../helpers/contract-enum.ts";
import { anon, test } from "../../../helpers/db.ts";

test("everybody reads the document types with their sides and limits", async ({ db }) => {
  const [row] = await db.as(anon, (sql) => sql`select private.kyc_list_document_types() as types`);
  const sides = Object.fromEntries(
    row?.types.map((item: { type: string; sides: string[] }) => [item.type, item.sides.join()]),
  );
  expect(Object.keys(sides)).toEqual(contractEnum("DocumentType"));
  expect(sides).toEqual({
    passport: "front",
    national_id: "front,back",
    driving_licence: "front,back",
    residence_permit: "front,back",
    proof_of_address: "front",
    selfie: "front",
  });
  expect(row?.types[0]).toMatchObject({
    purpose: "identity",
    content_types: contractEnum("DocumentMediaType"),
    min_bytes: 2048,
    max_bytes: 10_485_760,
    min_pixels: 300,
    max_pixels: 8000,
  });
});
