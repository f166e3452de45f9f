import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { call } from "../helpers/api.ts";
import { createAccount } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey } from "../helpers/api-kyc.ts";

describeCommonAnswers("users.listConsentDocuments", { request: () => ({}) });

describe("200", () => {
  test("whoever reads the texts can consent to exactly these versions, and has their hash", async () => {
    const { credential: as } = await createAccount();
    const { body } = await call("users.listConsentDocuments");
    expect(body.items).toHaveLength(3);
    for (const { document, version, text, text_sha256 } of body.items) {
      expect(createHash("sha256").update(text).digest("hex")).toBe(text_sha256);
      const given = await call("users.recordConsent", {
        as,
        headers: newKey(),
        body: { document, version },
      });
      expect(given.body).toMatchObject({ document, version, text_sha256 });
    }
  });
});
