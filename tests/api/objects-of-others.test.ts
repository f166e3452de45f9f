import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import {
  type OperationMetadata,
  operations,
} from "../../supabase/functions/_shared/generated/operations.ts";
import { type ApiAnswer, type Credential, call } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection } from "../helpers/api-accounts.ts";
import { newKey } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let eve: Account;

/** An object of a person for each parameter that can name one. */
const OBJECTS: Readonly<Record<string, (person: Account) => Promise<string>>> = {
  session_id: async ({ id }) => {
    const [row] = await owner()`select id from auth.sessions where user_id = ${id}`;
    return row?.id;
  },
  export_id: async ({ credential: as }) => {
    const { body } = await call("users.createExport", { as, headers: newKey() });
    return body.export_id;
  },
};

beforeAll(async () => {
  eve = await createAccount();
});

/** Operations of the group on a person's own objects, from the contract. */
const OWN = Object.values(operations).filter(
  ({ group, auth, path }) => group === "users" && auth === "user" && path.includes(":"),
);

const parametersOf = ({ path }: Pick<OperationMetadata, "path">) =>
  [...path.matchAll(/:([a-z_]+)/g)].map(([, name = ""]) => name);

/** What must not differ between "not yours" and "not there". */
function telling({ status, body }: ApiAnswer) {
  const { request_id: _, instance: __, ...rest } = Object(body);
  return { status, ...rest };
}

test.each(OWN.map((operation) => [operation.id, operation] as const))(
  "[OBJ-01] %s: the objects of others are like none, and stay as they are",
  async (id, operation) => {
    const names = parametersOf(operation);
    const anna = await createAccount();
    const foreign: Record<string, string> = {};
    for (const name of names) {
      const object = OBJECTS[name];
      if (!object) throw new Error(`Say in this file how somebody comes by a ${name}.`);
      foreign[name] = await object(anna);
    }
    const unknown = Object.fromEntries(names.map((name) => [name, randomUUID()]));
    const ask = (params: Record<string, string>, as: Credential) =>
      call(id, { as, params, headers: { ...newKey(), "if-match": "*" } });
    const [theirs, nobodys] = [
      await ask(foreign, eve.credential),
      await ask(unknown, eve.credential),
    ];
    expect(theirs.status, theirs.text).toBe(404);
    expect(telling(theirs)).toEqual(telling(nobodys));
    // The same request is a good one for the owner, or the refusal would mean nothing.
    expect((await ask(foreign, anna.credential)).status).not.toBe(404);
  },
);

test("the contract has such operations", () => {
  expect(OWN.length).toBeGreaterThanOrEqual(2);
});
