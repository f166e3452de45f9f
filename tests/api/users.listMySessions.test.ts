import { beforeAll, describe, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  ownerConnection,
  signIn,
  softDelete,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

const owner = ownerConnection();
let anna: Account;
beforeAll(async () => {
  anna = await createAccount();
});

const list = ({ credential: as }: Account) => call("users.listMySessions", { as });
const sessionOf = ({ token }: Account): string =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).session_id;

describeCommonAnswers("users.listMySessions", {
  caller: () => anna.credential,
  request: () => ({}),
});

describe("200", () => {
  test("the own sessions, newest first, and which one asks", async () => {
    const first = await createAccount();
    const second = await signIn(first.email);
    const { body } = await list(first);
    expect(body.items).toEqual([
      expect.objectContaining({ session_id: sessionOf(second), is_current: false }),
      {
        session_id: sessionOf(first),
        is_current: true,
        aal: "aal1",
        user_agent: expect.any(String),
        ip: expect.stringMatching(/^[0-9a-f.:]+$/),
        created_at: expect.any(String),
        last_active_at: expect.any(String),
      },
    ]);
    const other = await list(anna);
    expect(other.body.items).toHaveLength(1);
  });

  test("a session that has been signed out is gone", async () => {
    const first = await createAccount();
    const second = await signIn(first.email);
    await second.client.auth.signOut({ scope: "local" });
    const { body } = await list(first);
    expect(body.items.map(({ session_id }: { session_id: string }) => session_id)).toEqual([
      sessionOf(first),
    ]);
  });
});

describe("401", () => {
  test("session_ended, although the token has not expired", async () => {
    const person = await createAccount();
    await person.client.auth.signOut({ scope: "global" });
    const request = { as: person.credential };
    const { headers } = await expectProblem("users.listMySessions", 401, "session_ended", request);
    expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});

describe("403", () => {
  test.each([
    ["suspended", suspend],
    ["deleted", softDelete],
  ])("a %s person", async (_what, stop) => {
    const person = await createAccount();
    await stop(owner(), person);
    const request = { as: person.credential };
    await expectProblem("users.listMySessions", 403, "account_inactive", request);
  });
});
