import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { importJWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Person, signedIn } from "../fidelity/lib/accounts.ts";
import {
  type Platform,
  PUBLISHABLE_KEY,
  SECRET_KEY,
  startPlatform,
} from "../fidelity/lib/platform.ts";
import { eventually, listen } from "./lib/channels.ts";

let platform: Platform;
let ada: Person;
let bob: Person;
const clients: SupabaseClient[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  await platform.sql.unsafe(`
    create policy own_topic on realtime.messages for select to authenticated
      using (extension = 'broadcast' and topic = 'user:' || (select auth.uid())::text);
    create policy rooms on realtime.messages for select to authenticated using (topic like 'room:%');
    create policy rooms_send on realtime.messages for insert to authenticated
      with check (topic = 'room:open');
    create policy broken on realtime.messages for select to authenticated
      using (case when topic = 'broken' then 1 / length(replace(topic, 'broken', '')) = 1 end);
  `);
  ada = await signedIn(platform);
  bob = await signedIn(platform);
});
afterAll(async () => {
  await Promise.all(
    [...clients, ada.client, bob.client].map((client) => client.removeAllChannels()),
  );
  await platform.dispose();
});

const send = (topic: string, payload: object, isPrivate = true) => platform.sql`
  select realtime.send(${platform.sql.json({ ...payload })}, 'told', ${topic}, ${isPrivate})`;

/** A client that acts by a token and not by a session. */
function withToken(token: string | null, key = PUBLISHABLE_KEY, url = platform.url) {
  const client = createClient(url, key, { auth: { persistSession: false } });
  clients.push(client);
  return { client, ready: token === null ? Promise.resolve() : client.realtime.setAuth(token) };
}

async function tokenOf(person: Person, secondsLeft: number, changes: object = {}) {
  const key = await importJWK(platform.signingKey, "ES256");
  return new SignJWT({ sub: person.id, role: "authenticated", aud: "authenticated", ...changes })
    .setProtectedHeader({ alg: "ES256", kid: platform.signingKey.kid ?? "" })
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + secondsLeft)
    .sign(key);
}

const denied = (topic: string) =>
  `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`;

describe("who may join", () => {
  test("the person whose channel it is, who then sees what the database sends", async () => {
    const topic = `user:${ada.id}`;
    const heard = listen(ada.client, topic);
    expect(await heard.state()).toEqual({ status: "SUBSCRIBED", message: undefined });
    await send(topic, { step: 1, name: "Zoë" });
    await send(topic, { step: 2 });
    await eventually(() => heard.messages.length === 2);
    expect(heard.messages).toEqual([
      { event: "told", payload: { step: 1, name: "Zoë", id: expect.any(String) } },
      { event: "told", payload: { step: 2, id: expect.any(String) } },
    ]);
    await ada.client.removeChannel(heard.channel);
  });

  test("by the first version of the protocol too", async () => {
    const client = createClient(platform.url, PUBLISHABLE_KEY, {
      auth: { persistSession: false },
      realtime: { vsn: "1.0.0" },
    });
    clients.push(client);
    await client.realtime.setAuth(ada.session.access_token);
    const heard = listen(client, `user:${ada.id}`);
    expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
    await send(`user:${ada.id}`, { old: true });
    await eventually(() => heard.messages.length === 1);
    expect(heard.messages).toEqual([
      { event: "told", payload: { old: true, id: expect.any(String) } },
    ]);
  });

  test("nobody else, in the words of the platform, and nothing arrives", async () => {
    const topic = `user:${ada.id}`;
    const heard = listen(bob.client, topic);
    expect(await heard.state()).toEqual({ status: "CHANNEL_ERROR", message: denied(topic) });
    const own = listen(ada.client, topic);
    expect(await own.state()).toMatchObject({ status: "SUBSCRIBED" });
    await send(topic, { secret: true });
    await eventually(() => own.messages.length === 1);
    expect(heard.messages).toEqual([]);
    await bob.client.removeChannel(heard.channel);
  });

  test("not an anonymous visitor", async () => {
    const topic = `user:${ada.id}`;
    const { client } = withToken(null);
    const heard = listen(client, topic);
    expect(await heard.state()).toEqual({ status: "CHANNEL_ERROR", message: denied(topic) });
    await client.removeChannel(heard.channel);
  });

  test("the secret key, which no policy binds", async () => {
    const { client } = withToken(null, SECRET_KEY);
    expect(await listen(client, `user:${ada.id}`).state()).toMatchObject({ status: "SUBSCRIBED" });
  });

  test("nobody where a policy fails", async () => {
    const heard = listen(bob.client, "broken");
    expect(await heard.state()).toEqual({ status: "CHANNEL_ERROR", message: denied("broken") });
    await bob.client.removeChannel(heard.channel);
  });
});

describe("tokens", () => {
  test.each([
    ["expired", () => tokenOf(ada, -30), /^InvalidJWTToken: Token has expired 3\d seconds ago$/],
    ["no JWT", async () => "not-a-token", /^MalformedJWT: The token provided is not a valid JWT$/],
    [
      "signed by somebody else",
      async () => `${(await tokenOf(ada, 60)).slice(0, -8)}AAAAAAAA`,
      /^JwtSignatureError: Failed to validate JWT signature$/,
    ],
    [
      "for a role that the API does not have",
      () => tokenOf(ada, 60, { role: "postgres" }),
      /^Unauthorized: The role postgres may not use channels$/,
    ],
  ])("that are %s do not let anybody in", async (_, make, message) => {
    const { client, ready } = withToken(await make());
    await ready;
    const heard = listen(client, `user:${ada.id}`);
    expect(await heard.state()).toEqual({
      status: "CHANNEL_ERROR",
      message: expect.stringMatching(message),
    });
    await client.removeChannel(heard.channel);
  });

  test("end the channel when they end", async () => {
    const { client, ready } = withToken(await tokenOf(ada, 2));
    await ready;
    const heard = listen(client, `user:${ada.id}`);
    expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
    expect(await heard.state(1)).toMatchObject({ status: "CLOSED" });
    expect(heard.notices).toContainEqual({
      extension: "system",
      status: "error",
      message: "Token has expired 0 seconds ago",
      channel: `user:${ada.id}`,
    });
  });

  test("can be renewed, so that the channel stays", async () => {
    const { client, ready } = withToken(await tokenOf(ada, 2));
    await ready;
    const heard = listen(client, `user:${ada.id}`);
    expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
    await client.realtime.setAuth(await tokenOf(ada, 600));
    const end = Date.now() + 2_500;
    await eventually(() => Date.now() > end);
    await send(`user:${ada.id}`, { still: "there" });
    await eventually(() => heard.messages.length === 1);
    expect(heard.states).toHaveLength(1);
  });

  test("of somebody else end the channel", async () => {
    const { client, ready } = withToken(await tokenOf(ada, 600));
    await ready;
    const heard = listen(client, `user:${ada.id}`);
    expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
    await client.realtime.setAuth(await tokenOf(bob, 600));
    expect(await heard.state(1)).toMatchObject({ status: "CLOSED" });
    expect(heard.notices).toContainEqual(
      expect.objectContaining({ message: denied(`user:${ada.id}`).replace("Unauthorized: ", "") }),
    );
    await send(`user:${ada.id}`, { secret: true });
    expect(heard.messages).toEqual([]);
  });
});

describe("what the local stack does not do", () => {
  test("postgres_changes", async () => {
    const heard = listen(bob.client, "room:changes", {
      prepare: (channel) =>
        channel.on("postgres_changes", { event: "*", schema: "public" }, () => {}),
    });
    expect(await heard.state()).toEqual({
      status: "CHANNEL_ERROR",
      message: expect.stringMatching(/^RealtimeDisabledForConfiguration: .* no postgres_changes/),
    });
    await bob.client.removeChannel(heard.channel);
  });

  test("presence", async () => {
    const heard = listen(bob.client, "room:presence", {
      prepare: (channel) => channel.on("presence", { event: "sync" }, () => {}),
    });
    expect(await heard.state()).toEqual({
      status: "CHANNEL_ERROR",
      message: expect.stringMatching(/^PresenceNotSupported: .* no presence/),
    });
    await bob.client.removeChannel(heard.channel);
  });

  test("presence on a channel that was joined without it", async () => {
    const heard = listen(bob.client, "room:later");
    expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
    expect(await heard.channel.track({ here: true })).toBe("error");
    await bob.client.removeChannel(heard.channel);
  });

  test("public channels", async () => {
    const heard = listen(bob.client, "room:public", { isPrivate: false });
    expect(await heard.state()).toEqual({
      status: "CHANNEL_ERROR",
      message: "PrivateOnly: This project only allows private channels",
    });
    await bob.client.removeChannel(heard.channel);
  });

  test("unless its configuration allows them; then they hear nothing private", async () => {
    const gateway = await platform.gateway({ realtimePublicChannels: true });
    const { client } = withToken(null, PUBLISHABLE_KEY, gateway.url);
    const heard = listen(client, "news", { isPrivate: false });
    expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
    await send("news", { private: true });
    await send("news", { private: false }, false);
    await eventually(() => heard.messages.length > 0);
    expect(heard.messages).toMatchObject([{ payload: { private: false } }]);
  });
});

describe("broadcasts of clients", () => {
  test("reach the others where the insert policy lets them", async () => {
    const from = listen(ada.client, "room:open", { broadcast: { ack: true } });
    const to = listen(bob.client, "room:open");
    expect(await from.state()).toMatchObject({ status: "SUBSCRIBED" });
    expect(await to.state()).toMatchObject({ status: "SUBSCRIBED" });
    const message = { type: "broadcast" as const, event: "hello", payload: { to: "Bob" } };
    expect(await from.channel.send(message)).toBe("ok");
    await eventually(() => to.messages.length === 1);
    expect(to.messages).toEqual([{ event: "hello", payload: { to: "Bob" } }]);
    expect(from.messages).toEqual([]);
  });

  test("go nowhere without that right", async () => {
    const from = listen(ada.client, "room:closed", { broadcast: { ack: true } });
    const to = listen(bob.client, "room:closed");
    expect(await from.state()).toMatchObject({ status: "SUBSCRIBED" });
    expect(await to.state()).toMatchObject({ status: "SUBSCRIBED" });
    const message = { type: "broadcast" as const, event: "hello", payload: {} };
    expect(await from.channel.send(message, { timeout: 300 })).toBe("timed out");
    // What the database sends afterwards is the first thing that arrives.
    await send("room:closed", { first: true });
    await eventually(() => to.messages.length > 0);
    expect(to.messages).toMatchObject([{ event: "told", payload: { first: true } }]);
    expect(await platform.sql`select 1 from realtime.messages where event = 'hello'`).toEqual([]);
  });
});
