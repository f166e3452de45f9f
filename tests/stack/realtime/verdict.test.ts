import { afterAll, expect, test } from "vitest";
import { type Account, createAccount, ownerConnection } from "../../helpers/api-accounts.ts";
import { readyToSubmit, submit } from "../../helpers/api-kyc.ts";
import { eventually, type Heard, listen } from "./lib/channels.ts";

const owner = ownerConnection();
const people: Account[] = [];
afterAll(() => Promise.all(people.map(({ client }) => client.removeAllChannels())));

async function person(tag: string): Promise<Account> {
  const account = await createAccount({ tag });
  people.push(account);
  return account;
}

const statuses = ({ messages }: Heard) =>
  messages.map(({ payload }) =>
    typeof payload === "object" && payload !== null && "status" in payload ? payload.status : null,
  );

test("a person sees the verdict come, with ids and status only, without asking", async () => {
  const ada = await person("+kyc-approve");
  const heard = listen(ada.client, `user:${ada.id}`);
  expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
  const { verification_id } = await readyToSubmit(ada).then((draft) => submit(ada, draft));
  await eventually(() => statuses(heard).includes("approved"));
  expect(statuses(heard)).toEqual(["draft", "submitted", "processing", "approved"]);
  expect(heard.messages.map(({ event }) => event)).toEqual(Array(4).fill("kyc.status"));
  expect(heard.messages.at(-1)?.payload).toEqual({
    id: expect.any(String),
    verification_id,
    status: "approved",
    user_status: "approved",
    version: expect.any(Number),
  });
});

test("somebody else's verdict is not to be heard, whoever asks", async () => {
  const [ada, eve] = [await person("+kyc-approve"), await person("")];
  const topic = `user:${ada.id}`;
  const heard = listen(eve.client, topic);
  expect(await heard.state()).toEqual({
    status: "CHANNEL_ERROR",
    message: `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`,
  });
  const draft = await readyToSubmit(ada);
  await submit(ada, draft);
  const sent = () => owner()`
    select 1 from realtime.messages where topic = ${topic} and payload ->> 'status' = 'approved'`;
  await expect.poll(async () => (await sent()).length, { timeout: 10_000 }).toBe(1);
  expect(heard.messages).toEqual([]);
});

test("a person can't send to the own channel as if it were the backend", async () => {
  const ada = await person("");
  const heard = listen(ada.client, `user:${ada.id}`, { broadcast: { ack: true, self: true } });
  expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
  const message = {
    type: "broadcast" as const,
    event: "kyc.status",
    payload: { status: "approved" },
  };
  expect(await heard.channel.send(message, { timeout: 300 })).toBe("timed out");
  expect(heard.messages).toEqual([]);
});
