import { once } from "node:events";
import { json } from "node:stream/consumers";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
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
beforeAll(async () => {
  platform = await startPlatform();
  await platform.sql.unsafe(`
    create policy all_topics on realtime.messages for select to authenticated using (true)`);
  ada = await signedIn(platform);
});
afterAll(async () => {
  await ada?.client.removeAllChannels();
  await platform.dispose();
});

const socketUrl = (query: string, url = platform.url) =>
  `${url.replace("http", "ws")}/realtime/v1/websocket?${query}`;

/** A client without a library, to send what none would. */
async function connect(query = `apikey=${PUBLISHABLE_KEY}&vsn=2.0.0`, url = platform.url) {
  const socket = new WebSocket(socketUrl(query, url));
  const heard: unknown[] = [];
  socket.on("message", (data, isBinary) =>
    heard.push(isBinary ? data : JSON.parse(data.toString())),
  );
  await once(socket, "open");
  const send = (frame: unknown) => socket.send(JSON.stringify(frame));
  const next = async (count: number) => {
    await eventually(() => heard.length >= count);
    return heard[count - 1];
  };
  return { socket, heard, send, next };
}

/** The status and body of a connection that is not made. */
function refusal(query: string, headers: Record<string, string> = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl(query), { headers });
    socket.on("open", () => reject(new Error("it opened")));
    socket.on("error", () => {});
    socket.on("unexpected-response", async (_, response) => {
      resolve([response.statusCode, await json(response)]);
    });
  });
}

const join = (topic: string, config: object = { private: true }) => [
  "1",
  "1",
  topic,
  "phx_join",
  { config, access_token: ada.session.access_token },
];

describe("a connection is refused", () => {
  test("without or with a wrong API key", async () => {
    expect(await refusal("vsn=2.0.0")).toMatchObject([
      401,
      { message: "No API key found in request" },
    ]);
    expect(await refusal("apikey=sb_publishable_x")).toMatchObject([
      401,
      { message: "Invalid API key" },
    ]);
  });

  test("with the secret key in a browser", async () => {
    const browser = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" };
    expect(await refusal(`apikey=${SECRET_KEY}`, browser)).toMatchObject([
      401,
      { message: "Forbidden use of secret API key in browser" },
    ]);
  });

  test("in a version that is not known", async () => {
    expect(await refusal(`apikey=${PUBLISHABLE_KEY}&vsn=9.0.0`)).toMatchObject([400, {}]);
  });

  test("without an upgrade, and the REST endpoint says that it is not there", async () => {
    const socket = await fetch(socketUrl("vsn=2.0.0").replace("ws", "http"));
    expect(socket.status).toBe(426);
    const rest = await fetch(`${platform.url}/realtime/v1/api/broadcast`, { method: "POST" });
    expect([rest.status, await rest.json()]).toEqual([
      404,
      { message: expect.stringContaining("REST") },
    ]);
  });
});

describe("a connection", () => {
  test("answers heartbeats, joins and leaves as Phoenix does", async () => {
    const { socket, send, next } = await connect();
    send([null, "7", "phoenix", "heartbeat", {}]);
    expect(await next(1)).toEqual([
      null,
      "7",
      "phoenix",
      "phx_reply",
      { status: "ok", response: {} },
    ]);
    send(join("realtime:one"));
    expect(await next(2)).toEqual([
      "1",
      "1",
      "realtime:one",
      "phx_reply",
      { status: "ok", response: { postgres_changes: [] } },
    ]);
    send(["1", "2", "realtime:one", "phx_leave", {}]);
    expect(await next(3)).toEqual([
      "1",
      "2",
      "realtime:one",
      "phx_reply",
      { status: "ok", response: {} },
    ]);
    expect(await next(4)).toEqual(["1", "1", "realtime:one", "phx_close", {}]);
    socket.terminate();
  });

  test("refuses what belongs to no channel, and a channel without a name", async () => {
    const { socket, send, next } = await connect();
    const unmatched = { status: "error", response: { reason: "unmatched topic" } };
    send([null, "1", "realtime:two", "broadcast", {}]);
    expect(await next(1)).toEqual([null, "1", "realtime:two", "phx_reply", unmatched]);
    send(join("elsewhere"));
    expect(await next(2)).toEqual(["1", "1", "elsewhere", "phx_reply", unmatched]);
    send(join("realtime:"));
    expect(await next(3)).toMatchObject({
      4: { response: { reason: "TopicNameRequired: You must provide a topic name" } },
    });
    send(join("realtime:two", { private: true, broadcast: { replay: { since: 1 } } }));
    expect(await next(4)).toMatchObject({
      4: { response: { reason: expect.stringMatching(/^UnableToReplayMessages: /) } },
    });
    socket.terminate();
  });

  test("joined twice has one channel, the later one", async () => {
    const { socket, send, next, heard } = await connect();
    send(join("realtime:twice"));
    await next(1);
    const [, , ...rest] = join("realtime:twice");
    send(["2", "2", ...rest]);
    expect(await next(2)).toEqual(["1", "1", "realtime:twice", "phx_close", {}]);
    expect(await next(3)).toMatchObject({ 0: "2", 4: { status: "ok" } });
    await platform.sql`select realtime.send('{"n": 1}', 'told', 'twice')`;
    await next(4);
    send([null, "9", "phoenix", "heartbeat", {}]);
    await next(5);
    expect(heard).toHaveLength(5);
    socket.terminate();
  });

  test.each([
    ["no JSON", "{"],
    ["no frame", "[1, 2]"],
    ["another form", '{"topic": "phoenix"}'],
    ["bytes of no kind", Buffer.from([9, 9, 9])],
    ["a broadcast that is cut off", Buffer.from([3, 200, 1])],
    ["nothing", Buffer.alloc(0)],
  ])("survives %s", async (_, garbage) => {
    const { socket, send, next } = await connect();
    socket.send(garbage);
    send([null, "1", "phoenix", "heartbeat", {}]);
    expect(await next(1)).toMatchObject({ 1: "1", 4: { status: "ok" } });
    socket.terminate();
  });

  test("hears messages whose topic or event does not fit into the binary form", async () => {
    const topic = `long-${"ü".repeat(140)}`;
    const heard = listen(ada.client, topic);
    expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
    const payload = { text: "x".repeat(20_000) };
    await platform.sql`select realtime.send(${platform.sql.json(payload)}, 'told', ${topic})`;
    await eventually(() => heard.messages.length === 1);
    expect(heard.messages).toMatchObject([{ event: "told", payload }]);
  });
});

test("topics are noted while somebody listens, and not longer", async () => {
  const admin = postgres(platform.adminDbUrl, { max: 1 });
  const noted = () => admin`select topic from realtime.local_topics where topic like 'noted%'`;
  const { socket, send, next } = await connect();
  send(join("realtime:noted-left"));
  await next(1);
  send(join("realtime:noted-lost"));
  await next(2);
  expect(await noted()).toHaveLength(2);
  send(["1", "2", "realtime:noted-left", "phx_leave", {}]);
  await next(4);
  expect(await noted()).toEqual([{ topic: "noted-lost" }]);
  socket.terminate();
  await expect.poll(noted, { timeout: 10_000 }).toEqual([]);
  await admin.end();
});

test("a lost connection to the database is made again, with the topics that matter", async () => {
  const admin = postgres(platform.adminDbUrl, { max: 1 });
  const heard = listen(ada.client, "outlives");
  expect(await heard.state()).toMatchObject({ status: "SUBSCRIBED" });
  await admin`truncate realtime.local_topics`;
  await admin`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'realtime'`;
  const noted = () => admin`select 1 from realtime.local_topics where topic = 'outlives'`;
  await expect.poll(noted, { timeout: 10_000 }).toHaveLength(1);
  await platform.sql`select realtime.send('{"n": 1}', 'told', 'outlives')`;
  await eventually(() => heard.messages.length === 1);
  await admin.end();
});

test("the gateway ends at once although somebody listens", async () => {
  const gateway = await platform.gateway({});
  const { socket, send, next } = await connect(undefined, gateway.url);
  send(join("realtime:open"));
  await next(1);
  const closed = once(socket, "close");
  const started = Date.now();
  expect(await gateway.stop()).toBe(0);
  // After three seconds the process would end whatever is open.
  expect(Date.now() - started).toBeLessThan(2_500);
  await closed;
});
