import { strFromU8, unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { zipStream } from "../../../supabase/functions/_shared/http/zip-stream.ts";

const DATE = new Date("2026-11-20T09:21:07Z");

const streamOf = (...parts: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });

async function unzip(stream: ReadableStream<Uint8Array>): Promise<Record<string, string>> {
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return Object.fromEntries(
    Object.entries(unzipSync(bytes)).map(([name, content]) => [name, strFromU8(content)]),
  );
}

describe("an archive that is made while it is read", () => {
  test("holds the files by their names, empty ones too, and not those that have gone", async () => {
    const archive = zipStream(
      [
        { name: "contents.json", open: async () => streamOf("{", "}") },
        { name: "files/Größe.txt", open: async () => streamOf("") },
        { name: "gone.txt", open: async () => null },
        { name: "data/last.json", open: async () => streamOf("[1]") },
      ],
      DATE,
    );
    expect(await unzip(archive)).toEqual({
      "contents.json": "{}",
      "files/Größe.txt": "",
      "data/last.json": "[1]",
    });
  });

  test("of nothing is an empty archive", async () => {
    expect(await unzip(zipStream([], DATE))).toEqual({});
  });

  test("opens a file when its turn comes and not before", async () => {
    const opened: string[] = [];
    const file = (name: string) => ({
      name,
      open: async () => {
        opened.push(name);
        return streamOf("x");
      },
    });
    const reader = zipStream([file("a"), file("b"), file("c")], DATE).getReader();
    await reader.read();
    expect(opened).not.toContain("c");
    await reader.cancel();
    expect(opened).not.toContain("c");
  });

  test("ends with the error of a file that breaks off", async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("The file broke off.")),
    });
    const archive = zipStream([{ name: "a", open: async () => broken }], DATE);
    await expect(new Response(archive).arrayBuffer()).rejects.toThrow("The file broke off.");
  });

  test("lets go of the file that it reads when nobody wants the archive any more", async () => {
    let isLetGo = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => {
        isLetGo = true;
      },
    });
    const reader = zipStream([{ name: "a", open: async () => endless }], DATE).getReader();
    await reader.read();
    await reader.read();
    await reader.cancel();
    expect(isLetGo).toBe(true);
  });
});
