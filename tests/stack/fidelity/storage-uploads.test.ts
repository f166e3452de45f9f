import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Person } from "./lib/accounts.ts";
import { BUCKET, filesOf as files, LIMIT, startCabinet, text } from "./lib/cabinet.ts";
import { type Platform, PUBLISHABLE_KEY } from "./lib/platform.ts";

let platform: Platform;
let ada: Person;
let bob: Person;
beforeAll(async () => {
  ({ platform, ada, bob } = await startCabinet());
});
afterAll(() => platform.dispose());

const service = () => platform.admin().storage.from(BUCKET);
const stored = async (name: string) => {
  const [row] = await platform.sql`
    select owner_id, metadata from storage.objects where bucket_id = ${BUCKET} and name = ${name}`;
  return row;
};

describe("buckets", () => {
  test("those of config.toml exist, private unless said", async () => {
    const { data } = await platform.admin().storage.listBuckets();
    expect(data?.map(({ id, public: isPublic }) => [id, isPublic])).toEqual([
      [BUCKET, false],
      ["large", false],
      ["open", true],
    ]);
    const { data: bucket } = await platform.admin().storage.getBucket(BUCKET);
    expect(bucket).toMatchObject({
      file_size_limit: LIMIT,
      allowed_mime_types: ["text/plain", "image/*"],
    });
  });

  test("are the secret key's: users see none and make none", async () => {
    expect((await ada.client.storage.listBuckets()).data).toEqual([]);
    const { error } = await ada.client.storage.createBucket("mine");
    expect(error).toMatchObject({ status: 400, statusCode: "403" });
    const admin = platform.admin().storage;
    expect((await admin.createBucket("temp", { public: false })).error).toBeNull();
    expect((await admin.createBucket("temp")).error).toMatchObject({ statusCode: "409" });
    expect((await admin.updateBucket("temp", { public: true })).error).toBeNull();
    expect((await admin.from("temp").upload("a", text("a"))).error).toBeNull();
    expect((await admin.deleteBucket("temp")).error).toMatchObject({ statusCode: "409" });
    expect((await admin.emptyBucket("temp")).error).toBeNull();
    expect((await admin.deleteBucket("temp")).error).toBeNull();
    expect((await admin.getBucket("temp")).error).toMatchObject({ statusCode: "404" });
  });
});

describe("uploading", () => {
  test.each([
    ["a form with a Blob", text("hello")],
    ["bytes", new TextEncoder().encode("hello")],
    [
      "a stream",
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("hel"));
          controller.enqueue(new TextEncoder().encode("lo"));
          controller.close();
        },
      }),
    ],
  ])("%s arrives as it was sent", async (kind, body) => {
    const path = `${ada.id}/${kind}.txt`;
    const { data, error } = await files(ada).upload(path, body, { contentType: "text/plain" });
    expect(error).toBeNull();
    expect(data).toMatchObject({ path, fullPath: `${BUCKET}/${path}` });
    expect(await (await files(ada).download(path)).data?.text()).toBe("hello");
    expect(await stored(path)).toMatchObject({
      owner_id: ada.id,
      metadata: { size: 5, mimetype: "text/plain", cacheControl: "max-age=3600" },
    });
  });

  test("the policies decide with the caller's role: another folder, or nobody", async () => {
    const path = `${ada.id}/stolen.txt`;
    const denied = {
      name: "StorageApiError",
      status: 400,
      statusCode: "403",
      message: "new row violates row-level security policy",
    };
    expect((await files(bob).upload(path, text("x"))).error).toMatchObject(denied);
    const anon = platform.client().storage.from(BUCKET);
    expect((await anon.upload(path, text("x"))).error).toMatchObject(denied);
    expect(await stored(path)).toBeUndefined();
  });

  test("the same name twice: 409, and the first content stays", async () => {
    const path = `${ada.id}/once.txt`;
    await files(ada).upload(path, text("first"));
    const { error } = await files(ada).upload(path, text("second"));
    expect(error).toMatchObject({ status: 400, statusCode: "409" });
    expect(await (await files(ada).download(path)).data?.text()).toBe("first");
  });

  test("upsert needs the right to update", async () => {
    const path = `${ada.id}/upsert.txt`;
    await files(ada).upload(path, text("first"));
    const denied = await files(ada).upload(path, text("second"), { upsert: true });
    expect(denied.error).toMatchObject({ statusCode: "403" });
    expect((await service().upload(path, text("third"), { upsert: true })).error).toBeNull();
    expect(await (await files(ada).download(path)).data?.text()).toBe("third");
  });

  test.each([
    ["announced", (size: number) => new Uint8Array(size)],
    ["as a form", (size: number) => new Blob([new Uint8Array(size)], { type: "text/plain" })],
    ["streamed without a length", (size: number) => new Blob([new Uint8Array(size)]).stream()],
  ])("a file over the limit: 413, %s; at the limit it passes", async (kind, body) => {
    const path = `${ada.id}/size ${kind}`;
    const options = { contentType: "text/plain" };
    const { error } = await files(ada).upload(path, body(LIMIT + 1), options);
    expect(error).toMatchObject({
      status: 400,
      statusCode: "413",
      message: "The object exceeded the maximum allowed size",
    });
    expect(await stored(path)).toBeUndefined();
    expect((await files(ada).upload(path, body(LIMIT), options)).error).toBeNull();
  });

  test("the project's limit holds where a bucket allows more", async () => {
    const large = platform.admin().storage.from("large");
    const { error } = await large.upload("big", new Uint8Array(2049), {
      contentType: "text/plain",
    });
    expect(error).toMatchObject({ statusCode: "413" });
    expect((await large.upload("big", new Uint8Array(2048))).error).toBeNull();
  });

  test("a type that the bucket does not allow: 415, families do", async () => {
    const upload = (name: string, contentType: string) =>
      files(ada).upload(`${ada.id}/${name}`, new Uint8Array(3), { contentType });
    expect((await upload("page", "text/html")).error).toMatchObject({
      status: 400,
      statusCode: "415",
      message: "mime type text/html is not supported",
    });
    expect((await upload("image", "image/png")).error).toBeNull();
    expect((await upload("charset", "text/plain; charset=utf-8")).error).toBeNull();
  });

  test.each(["../escape", "a/../../b", "tab\there", "back\\slash", `${"x".repeat(1025)}`])(
    "an invalid key: 400 (%j)",
    async (name) => {
      const response = await fetch(
        `${platform.url}/storage/v1/object/${BUCKET}/${ada.id}/${encodeURIComponent(name)}`,
        {
          method: "POST",
          headers: {
            apikey: PUBLISHABLE_KEY,
            authorization: `Bearer ${ada.session.access_token}`,
            "content-type": "text/plain",
          },
          body: "x",
        },
      );
      expect([response.status, (await response.json()).code]).toEqual([400, "InvalidKey"]);
    },
  );

  test("names may hold spaces and letters of every script", async () => {
    const path = `${ada.id}/Führerschein 免許 (1).txt`;
    expect((await files(ada).upload(path, text("ok"))).error).toBeNull();
    expect(await (await files(ada).download(path)).data?.text()).toBe("ok");
  });

  test("metadata of its own", async () => {
    const path = `${ada.id}/meta.txt`;
    await files(ada).upload(path, text("x"), {
      metadata: { kind: "passport" },
      cacheControl: "60",
    });
    const { data } = await files(ada).info(path);
    expect(data).toMatchObject({
      name: path,
      size: 1,
      contentType: "text/plain",
      cacheControl: "max-age=60",
      metadata: { kind: "passport" },
    });
  });

  test("into a bucket that does not exist: 404", async () => {
    const { error } = await ada.client.storage.from("nowhere").upload("a", text("x"));
    expect(error).toMatchObject({ status: 400, statusCode: "404", message: "Bucket not found" });
  });
});
