import { expect, test } from "vitest";
import bundle from "../../openapi/bundle.generated.json" with { type: "json" };
import { call } from "../helpers/api.ts";
import { ownerConnection } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";

const owner = ownerConnection();

describeCommonAnswers("kyc.getStateMachine", { request: () => ({}) });

test("200 with the rows that the database obeys, for everyone", async () => {
  const { status, body } = await call("kyc.getStateMachine");
  const rules = await owner()`
    select from_status as from, to_status as to, actor from private.kyc_transitions
    order by transition_id
  `;
  expect(status).toBe(200);
  expect(
    body.transitions.map(({ from, to, actor }: Record<string, unknown>) => ({ from, to, actor })),
  ).toEqual([...rules]);
});

test("200 also for a session that has expired: everyone may see it", async () => {
  const { status } = await call("kyc.getStateMachine", { as: { authorization: "Bearer expired" } });
  expect(status).toBe(200);
});

test("the states are those of the contract and of the database's type, in the same order", async () => {
  const { body } = await call("kyc.getStateMachine");
  const served = body.states.map(({ status }: { status: string }) => status);
  const [type] = await owner()<{ labels: string[] }[]>`
    select array_agg(enumlabel::text order by enumsortorder) as labels from pg_enum
    where enumtypid = 'public.kyc_status'::regtype
  `;
  expect(served).toHaveLength(11);
  expect(bundle.components.schemas.KycStatus.enum).toEqual(served);
  expect(type?.labels).toEqual(served);
});
