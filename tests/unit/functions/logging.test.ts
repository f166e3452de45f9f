import { expect, test } from "vitest";
import { createLogger, describeError } from "../../../supabase/functions/_shared/log/logger.ts";

test("a line is one JSON object with its time, its level and its fields", () => {
  const lines: string[] = [];
  const log = createLogger({
    level: "info",
    fields: { function: "users" },
    write: (line) => void lines.push(line),
  });
  log.debug("not written");
  log.child({ request_id: "req_1" }).info("request", { status: 200 });
  expect(lines).toHaveLength(1);
  const [line = ""] = lines;
  expect(line).not.toContain("\n");
  expect(JSON.parse(line)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    level: "info",
    message: "request",
    function: "users",
    request_id: "req_1",
    status: 200,
  });
});

test("an error is described by name, code and place", () => {
  const cause = Object.assign(new Error("why"), { code: "ECONNRESET" });
  expect(describeError(new TypeError("what", { cause }))).toMatchObject({
    name: "TypeError",
    message: "what",
    frames: expect.arrayContaining([expect.stringContaining("logging.test.ts")]),
    cause: { name: "Error", code: "ECONNRESET", message: "why" },
  });
  expect(describeError("text")).toEqual({ name: "string" });
});

test("messages that quote values are left out", () => {
  const quoting = () => {
    try {
      JSON.parse('{"name":"Anna Schmidt"');
    } catch (error) {
      return describeError(error);
    }
  };
  expect(JSON.stringify(quoting())).not.toContain("Anna");
  const database = Object.assign(new Error('invalid input syntax for type uuid: "Anna"'), {
    name: "PostgresError",
    code: "22P02",
  });
  const described = describeError(database);
  expect(described).toMatchObject({ name: "PostgresError", code: "22P02" });
  expect(JSON.stringify(described)).not.toContain("Anna");
});
