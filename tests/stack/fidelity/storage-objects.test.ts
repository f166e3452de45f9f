import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Person } from "./lib/accounts.ts";
import { BUCKET, filesOf as files, startCabinet, text } from "./lib/cabinet.ts";
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

describe("reading", () => {
  test("what the policies hide does not exist", async () => {
    const path = `${ada.id}/mine.txt`;
    await files(ada).upload(path, text("mine"));
    for (const client of [bob.client, platform.client()]) {
      const { data, error } = await client.storage.from(BUCKET).download(path);
      expect(data).toBeNull();
      expect(error).toMatchObject({ status: 400, statusCode: "404", message: "Object not found" });
    }
    expect((await files(ada).exists(path)).data).toBe(true);
    expect((await files(bob).exists(path)).data).toBe(false);
    expect(await (await service().download(path)).data?.text()).toBe("mine");
  });

  test("ranges and conditions", async () => {
    const path = `${ada.id}/range.txt`;
    await files(ada).upload(path, text("0123456789"));
    const get = (headers: Record<string, string>) =>
      fetch(`${platform.url}/storage/v1/object/${BUCKET}/${path}`, {
        headers: {
          apikey: PUBLISHABLE_KEY,
          authorization: `Bearer ${ada.session.access_token}`,
          ...headers,
        },
      });
    const whole = await get({});
    expect([whole.status, whole.headers.get("content-length"), await whole.text()]).toEqual([
      200,
      "10",
      "0123456789",
    ]);
    const part = await get({ range: "bytes=2-4" });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
    const end = await get({ range: "bytes=-3" });
    expect(await end.text()).toBe("789");
    const same = await get({ "if-none-match": whole.headers.get("etag") ?? "" });
    expect(same.status).toBe(304);
  });

  test("a public bucket is read by its public URL, a private one is not", async () => {
    await platform.admin().storage.from("open").upload("logo.txt", text("logo"));
    const { data } = platform.client().storage.from("open").getPublicUrl("logo.txt");
    const response = await fetch(data.publicUrl);
    expect([response.status, await response.text()]).toEqual([200, "logo"]);
    const path = `${ada.id}/private.txt`;
    await files(ada).upload(path, text("x"));
    const closed = await fetch(files(ada).getPublicUrl(path).data.publicUrl);
    expect([closed.status, (await closed.json()).message]).toEqual([400, "Bucket not found"]);
  });

  test("list shows one level, folders first, as far as the policies allow", async () => {
    const folder = `${bob.id}/list`;
    for (const name of ["b.txt", "a.txt", "sub/deep.txt", "hidden.txt"]) {
      await service().upload(`${folder}/${name}`, text(name));
    }
    const { data } = await files(bob).list(folder);
    expect(data?.map(({ name, id }) => [name, id === null])).toEqual([
      ["sub", true],
      ["a.txt", false],
      ["b.txt", false],
    ]);
    const sorted = await files(bob).list(folder, {
      limit: 2,
      offset: 1,
      sortBy: { column: "name", order: "desc" },
    });
    expect(sorted.data?.map(({ name }) => name)).toEqual(["b.txt", "a.txt"]);
    expect((await files(bob).list(folder, { search: "A" })).data).toMatchObject([
      { name: "a.txt" },
    ]);
    expect((await files(ada).list(folder)).data).toEqual([]);
  });
});

describe("removing, moving, copying", () => {
  test("remove takes what the policies let the caller delete, and says what it was", async () => {
    const path = `${ada.id}/remove.txt`;
    await files(ada).upload(path, text("x"));
    expect((await files(ada).remove([path])).data).toEqual([]);
    expect(await stored(path)).toBeDefined();
    const { data } = await service().remove([path, "not/there.txt"]);
    expect(data).toMatchObject([{ name: path, bucket_id: BUCKET }]);
    expect((await service().download(path)).error).toMatchObject({ statusCode: "404" });
  });

  test("SQL may not delete: it would orphan the bytes", async () => {
    const path = `${ada.id}/kept.txt`;
    await files(ada).upload(path, text("x"));
    await expect(
      platform.sql`delete from storage.objects where name = ${path}`,
    ).rejects.toMatchObject({ code: "42501" });
    expect(await stored(path)).toBeDefined();
  });

  test("move and copy keep the content", async () => {
    const path = `${ada.id}/from.txt`;
    await files(ada).upload(path, text("content"));
    expect((await service().copy(path, `${ada.id}/copy.txt`)).error).toBeNull();
    expect((await service().move(path, `${ada.id}/moved.txt`)).error).toBeNull();
    expect((await files(ada).download(path)).error).toMatchObject({ statusCode: "404" });
    for (const name of ["copy.txt", "moved.txt"]) {
      expect(await (await files(ada).download(`${ada.id}/${name}`)).data?.text()).toBe("content");
    }
    const denied = await files(ada).move(`${ada.id}/moved.txt`, `${bob.id}/gift.txt`);
    expect(denied.error).not.toBeNull();
    expect(await stored(`${bob.id}/gift.txt`)).toBeUndefined();
  });
});
