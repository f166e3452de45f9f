import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createSumsubProvider } from "../../../../supabase/functions/_shared/providers/sumsub/adapter.ts";
import {
  APPLICANT_ID,
  applicantAnswer,
  EXTERNAL_ID,
  environment,
  HOST,
  hmac,
  NOW,
  STORAGE,
  submission,
  VERIFICATION_ID,
} from "./fixtures.ts";

const provider = createSumsubProvider(environment, () => NOW);
const at = `${HOST}/resources/applicants/${APPLICANT_ID}`;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}
const calls: Call[] = [];
const server = setupServer();

/** Every call to the vendor, whatever answers it. */
server.events.on("request:start", async ({ request }) => {
  if (!request.url.startsWith(HOST)) return;
  const copy = request.clone();
  calls.push({
    method: copy.method,
    path: copy.url.slice(HOST.length),
    headers: copy.headers,
    body: new Uint8Array(await copy.arrayBuffer()),
  });
});
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => {
  server.resetHandlers();
  calls.length = 0;
});
afterAll(() => server.close());

const names = () => calls.map(({ method, path }) => `${method} ${path}`);
const ok = () => HttpResponse.json({ ok: 1 });

interface Uploaded {
  readonly metadata: unknown;
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** The vendor, so far as a submission meets it; `present`: names of the files that it has. */
function vendor({ isKnown = false, present = [] as string[] } = {}) {
  const uploads: Uploaded[] = [];
  const seen: { applicant?: unknown } = {};
  server.use(
    http.post(`${HOST}/resources/applicants`, async ({ request }) => {
      seen.applicant = await request.json();
      return isKnown
        ? HttpResponse.json({ code: 409, description: "Applicant already exists" }, { status: 409 })
        : HttpResponse.json(applicantAnswer({ reviewStatus: "init" }), { status: 201 });
    }),
    http.get(`${HOST}/resources/applicants/-;externalUserId=${EXTERNAL_ID}/one`, () =>
      HttpResponse.json(applicantAnswer({ reviewStatus: "init" })),
    ),
    http.get(`${at}/metadata/resources`, () =>
      HttpResponse.json({
        items: present.map((fileName, id) => ({ id: String(id), fileMetadata: { fileName } })),
        totalItems: present.length,
      }),
    ),
    http.get(`${STORAGE}/:name`, ({ params }) => HttpResponse.text(`bytes of ${params.name}`)),
    http.post(`${at}/info/idDoc`, async ({ request }) => {
      const form = await request.formData();
      const file = form.get("content");
      if (!(file instanceof File)) throw new Error("no file");
      const { name, type } = file;
      const metadata: unknown = JSON.parse(String(form.get("metadata")));
      uploads.push({ metadata, name, type, text: await file.text() });
      return HttpResponse.json({ idDocType: "ID_CARD", country: "DEU" });
    }),
    http.post(`${at}/status/pending`, ok),
  );
  return { uploads, seen };
}

describe("submit", () => {
  test("creates the applicant of this attempt, adds the files, asks for the check", async () => {
    const { uploads, seen } = vendor();
    expect(await provider.submit(submission, "key")).toBe(APPLICANT_ID);
    expect(names()).toEqual([
      "POST /resources/applicants?levelName=basic%20kyc-level",
      `GET /resources/applicants/${APPLICANT_ID}/metadata/resources`,
      ...Array(3).fill(`POST /resources/applicants/${APPLICANT_ID}/info/idDoc`),
      `POST /resources/applicants/${APPLICANT_ID}/status/pending`,
    ]);
    expect(seen.applicant).toEqual({
      externalUserId: EXTERNAL_ID,
      email: "zoe@example.com",
      phone: "+4915112345678",
      fixedInfo: {
        firstName: "Zoë",
        lastName: "Schmidt",
        dob: "1990-04-23",
        addresses: [
          {
            street: "Lindenstraße 12",
            town: "Berlin",
            state: "Berlin",
            postCode: "10969",
            country: "DEU",
          },
        ],
      },
    });
    expect(uploads).toEqual([
      {
        metadata: { idDocType: "ID_CARD", idDocSubType: "FRONT_SIDE", country: "DEU" },
        name: "national_id-front-aaaaaaaaaaaaaaaa.jpg",
        type: "image/jpeg",
        text: "bytes of front",
      },
      {
        metadata: { idDocType: "ID_CARD", idDocSubType: "BACK_SIDE", country: "DEU" },
        name: "national_id-back-bbbbbbbbbbbbbbbb.png",
        type: "image/png",
        text: "bytes of back",
      },
      {
        metadata: { idDocType: "UTILITY_BILL", country: "DEU" },
        name: "proof_of_address-front-cccccccccccccccc.pdf",
        type: "application/pdf",
        text: "bytes of bill",
      },
    ]);
  });

  test("signs every request over what it sends, byte for byte", async () => {
    vendor();
    await provider.submit(submission, "key");
    const seconds = String(NOW / 1000);
    for (const { method, path, headers, body } of calls) {
      const content = Buffer.concat([Buffer.from(`${seconds}${method}${path}`), body]);
      expect(headers.get("x-app-token")).toBe(environment.appToken);
      expect(headers.get("x-app-access-ts")).toBe(seconds);
      expect(headers.get("x-app-access-sig")).toBe(hmac("sha256", environment.secretKey, content));
    }
    expect(calls.some(({ body }) => body.byteLength > 0)).toBe(true);
  });

  test("goes on where an earlier try broke off: no second applicant, no file twice", async () => {
    const { uploads } = vendor({
      isKnown: true,
      present: ["national_id-front-aaaaaaaaaaaaaaaa.jpg"],
    });
    expect(await provider.submit(submission, "key")).toBe(APPLICANT_ID);
    expect(uploads.map(({ name }) => name)).toEqual([
      "national_id-back-bbbbbbbbbbbbbbbb.png",
      "proof_of_address-front-cccccccccccccccc.pdf",
    ]);
  });

  test("whose check was asked for already is done", async () => {
    vendor();
    server.use(
      http.post(`${at}/status/pending`, () => HttpResponse.json({}, { status: 409 })),
      http.get(`${at}/one`, () => HttpResponse.json(applicantAnswer({ reviewStatus: "queued" }))),
    );
    expect(await provider.submit(submission, "key")).toBe(APPLICANT_ID);
  });

  test("who lacks what the level wants is refused, though the vendor answers the same", async () => {
    vendor();
    const description = "Not all required documents or data are submitted.";
    server.use(
      http.post(`${at}/status/pending`, () =>
        HttpResponse.json({ code: 409, description }, { status: 409 }),
      ),
      http.get(`${at}/one`, () => HttpResponse.json(applicantAnswer({ reviewStatus: "init" }))),
    );
    await expect(provider.submit(submission, "key")).rejects.toMatchObject({
      failure: "refused",
      status: 409,
    });
  });

  test("is tried again when storage does not give a file, and no check is asked for", async () => {
    vendor();
    server.use(http.get(`${STORAGE}/back`, () => HttpResponse.json({}, { status: 500 })));
    await expect(provider.submit(submission, "key")).rejects.toMatchObject({
      failure: "unavailable",
    });
    expect(names()).not.toContain(`POST /resources/applicants/${APPLICANT_ID}/status/pending`);
  });

  test.each([
    [400, "refused"],
    [401, "refused"],
    [429, "unavailable"],
    [503, "unavailable"],
  ])("an answer %i means %s", async (status, failure) => {
    vendor();
    server.use(
      http.post(`${HOST}/resources/applicants`, () =>
        HttpResponse.json({ code: status }, { status, headers: { "retry-after": "7" } }),
      ),
    );
    await expect(provider.submit(submission, "key")).rejects.toMatchObject({
      failure,
      status,
      retryAfterSeconds: 7,
    });
    expect(calls).toHaveLength(1);
  });
});

describe("find and fetch", () => {
  const answer = (review: object) => HttpResponse.json(applicantAnswer(review));

  test("an applicant whose check was never asked for was not handed over", async () => {
    vendor();
    expect(await provider.find(VERIFICATION_ID, 2)).toBeNull();
  });

  test("an unknown one is none", async () => {
    const missing = () => HttpResponse.json({ code: 404 }, { status: 404 });
    server.use(http.get(`${HOST}/resources/applicants/:id/one`, missing));
    expect(await provider.find(VERIFICATION_ID, 2)).toBeNull();
    expect(await provider.fetch(APPLICANT_ID)).toBeNull();
  });

  test("a verdict comes with the earliest end of a document", async () => {
    server.use(
      http.get(`${at}/one`, () =>
        answer({
          reviewStatus: "completed",
          reviewDate: "2026-11-20 09:21:06+0000",
          reviewResult: { reviewAnswer: "GREEN" },
        }),
      ),
    );
    const sequence = Date.parse("2026-11-20T09:21:06Z") * 10 + 8;
    expect(await provider.fetch(APPLICANT_ID)).toMatchObject({
      event_id: `poll:${APPLICANT_ID}:${sequence}`,
      provider_reference: APPLICANT_ID,
      verification_id: VERIFICATION_ID,
      attempt: 2,
      sequence,
      outcome: "approved",
      document_expires_on: "2029-02-03",
      extracted: {
        first_name: "Zoë",
        last_name: "Schmidt",
        date_of_birth: "1990-04-23",
        nationality: null,
        document_number: null,
        issuing_country: "DE",
        document_expires_on: "2029-02-03",
      },
    });
  });

  test.each([
    ["PRK", "KP"],
    ["ZZZ", null],
    ["toString", null],
    [null, null],
  ])("the nationality %s is %s here", async (nationality, expected) => {
    const info = { nationality, dob: "23.04.1990" };
    const seen = applicantAnswer({ reviewStatus: "pending" }, { info });
    server.use(http.get(`${at}/one`, () => HttpResponse.json(seen)));
    expect((await provider.fetch(APPLICANT_ID))?.extracted).toMatchObject({
      nationality: expected,
      date_of_birth: null,
      issuing_country: null,
    });
  });

  test.each([
    ["init", null],
    ["queued", "processing"],
    ["pending", "processing"],
    ["prechecked", "processing"],
    ["onHold", "in_review"],
    ["awaitingUser", "in_review"],
    ["statusOfTomorrow", null],
    ["toString", null],
  ])("status %s means %s", async (reviewStatus, outcome) => {
    server.use(http.get(`${at}/one`, () => answer({ reviewStatus })));
    expect((await provider.fetch(APPLICANT_ID))?.outcome).toBe(outcome);
  });

  test("an answer of another shape is as good as none", async () => {
    server.use(http.get(`${at}/one`, () => HttpResponse.json({ id: "../x" })));
    await expect(provider.fetch(APPLICANT_ID)).rejects.toMatchObject({ failure: "unavailable" });
  });
});

describe("cancel and redact", () => {
  const refuse = (status: number) => () => HttpResponse.json({ code: status }, { status });

  test.each(["cancel", "redact"] as const)(
    "%s makes data and profile inactive",
    async (operation) => {
      server.use(http.post(`${at}/reset`, ok), http.patch(`${at}/presence/deactivated`, ok));
      await provider[operation](APPLICANT_ID);
      expect(names()).toEqual([
        `POST /resources/applicants/${APPLICANT_ID}/reset`,
        `PATCH /resources/applicants/${APPLICANT_ID}/presence/deactivated`,
      ]);
    },
  );

  test("cancel: one that is being checked stays, and that is no failure", async () => {
    server.use(http.post(`${at}/reset`, refuse(409)));
    await expect(provider.cancel(APPLICANT_ID)).resolves.toBeUndefined();
  });

  test("redact: a refusal is a failure, an unknown applicant is not", async () => {
    server.use(http.post(`${at}/reset`, refuse(409)));
    await expect(provider.redact(APPLICANT_ID)).rejects.toMatchObject({ failure: "refused" });
    server.use(http.post(`${at}/reset`, refuse(404)));
    await expect(provider.redact(APPLICANT_ID)).resolves.toBeUndefined();
  });
});
