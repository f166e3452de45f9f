import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  createStorage,
  type Storage,
} from "../../../supabase/functions/_shared/storage/storage.ts";

/** What Storage answers next, and what it was asked. */
let answer: { status: number; body: unknown };
let asked: { method: string; url: string; apikey: string | undefined; body: unknown } | null;
let storage: Storage;

const server = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const { method = "", url = "", headers } = request;
  asked = { method, url, apikey: headers.apikey?.toString(), body: JSON.parse(text) };
  response.writeHead(answer.status, { "content-type": "application/json" });
  response.end(JSON.stringify(answer.body));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  storage = createStorage({
    apiUrl: `http://127.0.0.1:${address.port}`,
    publicApiUrl: "https://project.example",
    publishableKey: "publishable",
    secretKey: "secret",
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = null;
});

test("a link to one file, as the service of Supabase makes it", async () => {
  answer = {
    status: 200,
    body: { signedURL: "/object/sign/kyc-documents/person/case/document?token=t.o.k" },
  };
  expect(await storage.signDownload("person/case/document", 60)).toBe(
    "https://project.example/storage/v1/object/sign/kyc-documents/person/case/document?token=t.o.k",
  );
  expect(asked).toEqual({
    method: "POST",
    url: "/storage/v1/object/sign/kyc-documents/person/case/document",
    apikey: "secret",
    body: { expiresIn: 60 },
  });
});

test.each([400, 404])("no link to a file that is gone, said with %i", async (status) => {
  const body = { statusCode: "404", error: "not_found", message: "Object not found" };
  answer = { status, body };
  expect(await storage.signDownload("person/case/document", 60)).toBeNull();
});

test("any other refusal is a defect, and not a missing file", async () => {
  const body = { statusCode: "400", error: "InvalidRequest", message: "Bad." };
  answer = { status: 400, body };
  await expect(storage.signDownload("x", 60)).rejects.toThrow("Storage answered 400.");
});

test.each([500, 503, 429])("%i may pass", async (status) => {
  answer = { status, body: {} };
  await expect(storage.signDownload("x", 60)).rejects.toMatchObject({
    code: "service_unavailable",
  });
});
