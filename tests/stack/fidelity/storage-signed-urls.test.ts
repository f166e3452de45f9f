import { decodeJwt, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Person, signedIn } from "./lib/accounts.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";

const BUCKET = "documents";

let platform: Platform;
let ada: Person;
let bob: Person;
beforeAll(async () => {
  platform = await startPlatform({
    storage: {
      buckets: { [BUCKET]: { file_size_limit: "1KiB", allowed_mime_types: ["text/plain"] } },
    },
  });
  await platform.sql.unsafe(`
    create policy own_insert on storage.objects for insert to authenticated
      with check (bucket_id = '${BUCKET}' and (storage.foldername(name))[1] = (select auth.uid())::text);
    create policy own_select on storage.objects for select to authenticated
      using (bucket_id = '${BUCKET}' and (storage.foldername(name))[1] = (select auth.uid())::text);
  `);
  ada = await signedIn(platform);
  bob = await signedIn(platform);
});
afterAll(() => platform.dispose());

const text = (content: string) => new Blob([content], { type: "text/plain" });
const files = (person: Person) => person.client.storage.from(BUCKET);
/** Somebody who has nothing but the URL. */
const stranger = () => platform.client().storage.from(BUCKET);

async function signUpload(name: string, options?: { upsert: boolean }) {
  const { data, error } = await files(ada).createSignedUploadUrl(`${ada.id}/${name}`, options);
  if (error) throw error;
  return data;
}

describe("signed upload URLs", () => {
  test("are valid for two hours, for one name", async () => {
    const { token, signedUrl, path } = await signUpload("two-hours.txt");
    const { exp = 0, iat = 0, url } = decodeJwt(token);
    expect(exp - iat).toBe(7200);
    expect(url).toBe(`${BUCKET}/${path}`);
    expect(signedUrl).toContain(`/storage/v1/object/upload/sign/${BUCKET}/`);
  });

  test.each([
    ["a form with a Blob", text("signed")],
    ["bytes", new TextEncoder().encode("signed")],
  ])("take %s from somebody without an account; the signer owns the object", async (kind, body) => {
    const { path, token } = await signUpload(`${kind}.txt`);
    const options = { contentType: "text/plain" };
    const { data, error } = await stranger().uploadToSignedUrl(path, token, body, options);
    expect(error).toBeNull();
    expect(data).toMatchObject({ path, fullPath: `${BUCKET}/${path}` });
    expect(await (await files(ada).download(path)).data?.text()).toBe("signed");
    const [row] = await platform.sql`select owner_id from storage.objects where name = ${path}`;
    expect(row).toEqual({ owner_id: ada.id });
  });

  test("the policies decide when the URL is signed", async () => {
    const { error } = await files(bob).createSignedUploadUrl(`${ada.id}/x.txt`);
    expect(error).toMatchObject({ status: 400, statusCode: "403" });
    const anonymous = await stranger().createSignedUploadUrl(`${ada.id}/x.txt`);
    expect(anonymous.error).toMatchObject({ statusCode: "403" });
    const [{ count } = { count: -1 }] = await platform.sql<{ count: number }[]>`
      select count(*)::int as count from storage.objects where name = ${`${ada.id}/x.txt`}`;
    expect(count).toBe(0);
  });

  test("do not overwrite, unless they were signed to", async () => {
    const first = await signUpload("overwrite.txt");
    await stranger().uploadToSignedUrl(first.path, first.token, text("one"));
    const again = await stranger().uploadToSignedUrl(first.path, first.token, text("two"), {
      upsert: true,
    });
    expect(again.error).toMatchObject({ statusCode: "409" });
    const taken = await files(ada).createSignedUploadUrl(first.path);
    expect(taken.error).toMatchObject({ statusCode: "409" });
    const admin = platform.admin().storage.from(BUCKET);
    const { data } = await admin.createSignedUploadUrl(first.path, { upsert: true });
    const replaced = await stranger().uploadToSignedUrl(
      first.path,
      data?.token ?? "",
      text("three"),
    );
    expect(replaced.error).toBeNull();
    expect(await (await files(ada).download(first.path)).data?.text()).toBe("three");
  });

  test("enforce size and type when the file comes", async () => {
    const { path, token } = await signUpload("limits.txt");
    const large = await stranger().uploadToSignedUrl(path, token, text("x".repeat(1025)));
    expect(large.error).toMatchObject({ statusCode: "413" });
    const html = new Blob(["<p>"], { type: "text/html" });
    expect((await stranger().uploadToSignedUrl(path, token, html)).error).toMatchObject({
      statusCode: "415",
    });
    expect((await files(ada).download(path)).error).toMatchObject({ statusCode: "404" });
  });

  test("of two uploads at once one is kept whole", async () => {
    const { path, token } = await signUpload("race.txt");
    const tries = await Promise.all(
      ["aaaa", "bbbb", "cccc"].map((content) =>
        stranger().uploadToSignedUrl(path, token, text(content)),
      ),
    );
    expect(tries.filter(({ error }) => error === null)).toHaveLength(1);
    expect(await (await files(ada).download(path)).data?.text()).toMatch(/^(a{4}|b{4}|c{4})$/);
  });
});

describe("signed download URLs", () => {
  test("open one private object for as long as they say", async () => {
    const path = `${ada.id}/download.txt`;
    await files(ada).upload(path, text("private"));
    const { data } = await files(ada).createSignedUrl(path, 60, { download: "name.txt" });
    const response = await fetch(data?.signedUrl ?? "");
    expect([response.status, await response.text()]).toEqual([200, "private"]);
    expect(response.headers.get("content-disposition")).toContain("name.txt");
    const other = await fetch((data?.signedUrl ?? "").replace("download.txt", "other.txt"));
    expect([other.status, (await other.json()).code]).toEqual([400, "InvalidSignature"]);
  });

  test("only whoever may read can sign; a missing object is named per path", async () => {
    const path = `${ada.id}/many.txt`;
    await files(ada).upload(path, text("x"));
    expect((await files(bob).createSignedUrl(path, 60)).error).toMatchObject({ statusCode: "404" });
    const { data } = await files(ada).createSignedUrls([path, `${ada.id}/none.txt`], 60);
    expect(data).toMatchObject([
      { path, error: null, signedUrl: expect.stringContaining("token=") },
      {
        error: "Either the object does not exist or you do not have access to it",
        signedUrl: null,
      },
    ]);
  });
});

describe("tokens of signed URLs stand for nothing else", () => {
  const get = (url: string) =>
    fetch(url).then(async (response) => [response.status, await response.json()]);

  test("expired, missing, forged, or a user's own token: 400", async () => {
    const path = `${ada.id}/tokens.txt`;
    await files(ada).upload(path, text("x"));
    const url = `${platform.url}/storage/v1/object/sign/${BUCKET}/${path}`;
    const forged = await new SignJWT({ url: `${BUCKET}/${path}`, use: "download", upsert: false })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode("a guessed secret that is long enough"));
    for (const token of ["", forged, ada.session.access_token, "x.y.z"]) {
      expect(await get(`${url}?token=${token}`)).toMatchObject([400, { code: "InvalidJWT" }]);
    }
    const { data } = await files(ada).createSignedUrl(path, 1);
    await expect
      .poll(async () => (await fetch(data?.signedUrl ?? "")).status, {
        timeout: 5_000,
        interval: 200,
      })
      .toBe(400);
  });

  test("an upload token does not download, a download token does not upload", async () => {
    const upload = await signUpload("purpose.txt");
    await stranger().uploadToSignedUrl(upload.path, upload.token, text("x"));
    const url = `${platform.url}/storage/v1/object/sign/${BUCKET}/${upload.path}`;
    expect(await get(`${url}?token=${upload.token}`)).toMatchObject([
      400,
      { code: "InvalidSignature" },
    ]);
    const { data } = await files(ada).createSignedUrl(upload.path, 60);
    const token = new URL(data?.signedUrl ?? "").searchParams.get("token") ?? "";
    const { error } = await stranger().uploadToSignedUrl(upload.path, token, text("y"));
    expect(error).toMatchObject({ status: 400 });
    expect(await (await files(ada).download(upload.path)).data?.text()).toBe("x");
  });

  test("no such token is a user token", async () => {
    const { token } = await signUpload("user.txt");
    const { error } = await platform.client().auth.getUser(token);
    expect(error).toMatchObject({ status: 403, code: "bad_jwt" });
  });
});
