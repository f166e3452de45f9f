import { createClient } from "@supabase/supabase-js";
import { beforeAll, expect, test } from "vitest";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { type Account, createAccount, ownerConnection } from "../helpers/api-accounts.ts";
import { startVerification } from "../helpers/api-kyc.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();
let person: Account;
let draft: Verification;

beforeAll(async () => {
  person = await createAccount();
  draft = await startVerification(person);
});

const clientWith = (key: string) =>
  createClient(stackEnv().supabaseUrl, key, {
    auth: { persistSession: false, autoRefreshToken: false },
  });

const rows = () =>
  owner()`select * from public.kyc_verifications where user_id = ${person.id} order by 1`;

/** Everybody who can speak to the Data API. */
const clients = [
  ["nobody", () => clientWith(stackEnv().publishableKey)],
  ["the owner", () => person.client],
  ["the secret key", () => clientWith(stackEnv().secretKey)],
] as const;

test.each(clients)("[ENGINE-01] supabase-js as %s writes no status", async (_who, clientOf) => {
  const before = await rows();
  const table = () => clientOf().from("kyc_verifications");
  const changes = { status: "approved", expires_at: "2099-01-01T00:00:00Z" };
  const id = draft.verification_id;
  const answers = [
    await table().update(changes).eq("verification_id", id).select(),
    await table().update(changes).gte("attempt", 0),
    await table().upsert({ verification_id: id, user_id: person.id, max_attempts: 3, ...changes }),
    await table().insert({ user_id: person.id, max_attempts: 3, ...changes }),
    await table().delete().eq("verification_id", id),
  ];
  expect(answers.map(({ error }) => error?.code)).toEqual(answers.map(() => "42501"));
  expect(await rows()).toEqual(before);
});

test.each(clients)(
  "[FUNC-02] supabase-js as %s calls no function of the engine",
  async (_who, clientOf) => {
    const before = await rows();
    const args = {
      p_verification_id: draft.verification_id,
      p_to: "approved",
      p_actor: "provider",
      p_actor_id: "x",
    };
    for (const answer of [
      await clientOf().rpc("kyc_transition", args),
      await clientOf().schema("private").rpc("kyc_transition", args),
      await clientOf().schema("private").from("kyc_transitions").select(),
    ]) {
      expect(answer.error?.code).toMatch(/^(PGRST202|PGRST106|42501)$/);
      expect(answer.data).toBeNull();
    }
    expect(await rows()).toEqual(before);
  },
);

test("[ENGINE-01] the owner of the tables writes no status by SQL either", async () => {
  const before = await rows();
  const id = draft.verification_id;
  const tries = [
    () =>
      owner()`update public.kyc_verifications set status = 'approved' where verification_id = ${id}`,
    () => owner()`set role nff_engine`,
    () => owner()`set session authorization nff_engine`,
  ];
  const codes: unknown[] = [];
  for (const attempt of tries) {
    codes.push(
      await attempt().then(
        () => "done",
        (error: { code: string }) => error.code,
      ),
    );
  }
  expect(codes).toEqual(["NF010", "42501", "42501"]);
  expect(await rows()).toEqual(before);
});
