import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chooseScenario } from "../../mock-kyc/scenarios/choose.ts";
import { OUTCOMES } from "../../mock-kyc/scenarios/outcomes.ts";
import { NewVerification } from "../../mock-kyc/schemas.ts";
import { application, Provider } from "./lib/provider.ts";

const plain = application();
const [passport] = plain.documents;

/** The scenario that a body chooses, as `OUTCOME.FAULT=n`. */
function chosen(change: Record<string, unknown>, header?: string): string {
  const { outcome, faults } = chooseScenario(
    header,
    NewVerification.parse({ ...plain, ...change }),
  );
  return [outcome.name, ...faults.map(({ name, n }) => `${name}=${n}`)].join(".");
}
const withNumber = (document_number: string) => ({
  applicant: { ...plain.applicant, document_number },
});
const withEmail = (email: string) => ({ applicant: { ...plain.applicant, email } });
const withFile = (file_name: string) => ({ documents: [passport, { ...passport, file_name }] });

describe("a scenario is chosen", () => {
  test("by the header before all others", () => {
    expect(chosen(withNumber("MOCK-REVIEW"), "MOCK-REJECT-FINAL")).toBe("REJECT-FINAL");
  });

  test("by the number of the document, in any case of letters", () => {
    expect(chosen(withNumber("mock-reject-retry.dup=2.ooo"))).toBe("REJECT-RETRY.DUP=2.OOO=0");
    expect(chosen({ documents: [passport, { ...passport, number: "MOCK-PEP" }] })).toBe("PEP");
  });

  test("by the number before the e-mail tag", () => {
    const applicant = { ...plain.applicant, document_number: "MOCK-PEP", email: "a+kyc-slow@b.ch" };
    expect(chosen({ applicant })).toBe("PEP");
  });

  test.each([
    ["anna+kyc-retry@example.com", "REJECT-RETRY"],
    ["anna+2+kyc-review-ok+x@example.com", "REVIEW-THEN-APPROVE"],
    ["Anna+KYC-Dup@example.com", "APPROVE.DUP=3"],
    ["anna+kyc-retry-ok.oldattempt@example.com", "RETRY-THEN-APPROVE.OLDATTEMPT=0"],
    ["anna+kyc-reject-final@example.com", "REJECT-FINAL"],
  ])("by the e-mail tag: %s", (email, scenario) => {
    expect(chosen(withEmail(email))).toBe(scenario);
  });

  test.each([
    ["mock-retry.jpg", "REJECT-RETRY"],
    ["mock-reject-retry.PNG", "REJECT-RETRY"],
    ["mock-retry (1).jpg", "REJECT-RETRY"],
    ["mock-approve.dup=4.badsig.pdf", "APPROVE.DUP=4.BADSIG=0"],
  ])("by the file name: %s", (name, scenario) => {
    expect(chosen(withFile(name))).toBe(scenario);
  });

  test("as approval when nothing asks for another", () => {
    expect(chosen({})).toBe("APPROVE");
    expect(chosen(withNumber("X1234567"))).toBe("APPROVE");
    expect(chosen(withEmail("anna+news@example.com"))).toBe("APPROVE");
    expect(chosen(withFile("mockingbird.jpg"))).toBe("APPROVE");
  });

  test("by a tag for each outcome that has one", () => {
    const tagged = OUTCOMES.filter(({ tag }) => tag);
    expect(tagged.length).toBeGreaterThan(15);
    for (const { tag, name } of tagged) {
      expect(chosen(withEmail(`a+kyc-${tag}@example.com`))).toBe(name);
    }
  });
});

describe("an unknown value is refused and creates nothing", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await Provider.start();
  });
  afterAll(() => provider.close());
  beforeEach(() => provider.reset());

  test.each([
    ["a header", {}, "APPROVE"],
    ["a number", withNumber("MOCK-APROVE"), undefined],
    ["a fault", withNumber("MOCK-APPROVE.DUPP"), undefined],
    ["an empty fault", withNumber("MOCK-APPROVE."), undefined],
    ["a fault named twice", withNumber("MOCK-APPROVE.DUP.DUP"), undefined],
    ["a number out of range", withNumber("MOCK-APPROVE.DUP=1"), undefined],
    ["a number that is none", withNumber("MOCK-APPROVE.DUP=x"), undefined],
    ["a number where none belongs", withNumber("MOCK-APPROVE.OOO=2"), undefined],
    ["an e-mail tag", withEmail("anna+kyc-aprove@example.com"), undefined],
    ["a file name", withFile("mock-aprove.jpg"), undefined],
  ])("%s", async (_what, change, scenario) => {
    const body = application(change);
    const reply = await provider.post(body, scenario ? { scenario } : {});
    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ code: "unknown_scenario" });
    expect(await provider.list(body.external_id)).toEqual([]);
    expect(provider.receiver.received).toEqual([]);
  });
});
