import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCursorCodec, cursorScope } from "../../../supabase/functions/_shared/http/cursor.ts";
import { type ListRow, readPage } from "../../../supabase/functions/_shared/http/page.ts";

const codec = createCursorCodec("a secret of thirty-two characters");
const refused = expect.objectContaining({ code: "invalid_cursor" });

test("a position comes back as it was, and the cursor fits into a URL", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.string(),
      async (text, scope) => {
        const position = text.toWellFormed();
        const cursor = await codec.encode(position, scope);
        expect(cursor).toMatch(/^[A-Za-z0-9_.-]+$/);
        expect(await codec.decode(cursor, scope)).toBe(position);
      },
    ),
  );
});

test("nobody but us can make one, and none fits elsewhere", async () => {
  const cursor = await codec.encode('{"id":1}', "mine");
  const other = createCursorCodec("another secret of many characters");
  const [payload = "", signature = ""] = cursor.split(".");
  await expect(codec.decode(cursor, "theirs")).rejects.toThrow(refused);
  await expect(other.decode(cursor, "mine")).rejects.toThrow(refused);
  for (const forged of [
    "",
    ".",
    payload,
    `${payload}.`,
    `.${signature}`,
    `x${cursor}`,
    `${payload}.!!!!`,
    "é.é",
  ]) {
    await expect(codec.decode(forged, "mine")).rejects.toThrow(refused);
  }
});

test("what moves between payload and scope changes the signature", async () => {
  const cursor = await codec.encode("ab", "c");
  const [, signature] = cursor.split(".");
  const moved = `${btoa("a").replaceAll("=", "")}.${signature}`;
  await expect(codec.decode(moved, "bc")).rejects.toThrow(refused);
});

test("a scope knows its filters, in whatever order they come", () => {
  const scope = cursorScope("admin.listKyc", "me", { status: ["draft"], sort: "x", q: undefined });
  expect(cursorScope("admin.listKyc", "me", { sort: "x", status: ["draft"] })).toBe(scope);
  expect(cursorScope("admin.listKyc", "me", { sort: "x" })).not.toBe(scope);
  expect(cursorScope("admin.listKyc", "you", { sort: "x", status: ["draft"] })).not.toBe(scope);
});

describe("pages", () => {
  const all = Array.from({ length: 7 }, (_, index) => `item ${index}`);
  const read = async (position: string | null, count: number): Promise<ListRow<string>[]> => {
    const start = position === null ? 0 : Number(position) + 1;
    return all
      .slice(start, start + count)
      .map((item, index) => ({ item, position: String(start + index) }));
  };
  const request = (limit: number | undefined, cursor?: string) => ({
    operation: "admin.listKyc" as const,
    callerId: "me",
    filters: {},
    limit,
    cursor,
  });

  test.each([1, 2, 3, 6, 7, 8, 100])("of %d entries meet everything once", async (limit) => {
    const met: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await readPage(codec, request(limit, cursor), read);
      met.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(met).toEqual(all);
  });

  test.each([
    [undefined, 26],
    [3, 4],
    [1_000_000, 101],
  ])("a limit of %s asks for %d rows", async (limit, expected) => {
    let asked = 0;
    await readPage(codec, request(limit), async (_, count) => {
      asked = count;
      return [];
    });
    expect(asked).toBe(expected);
  });
});
