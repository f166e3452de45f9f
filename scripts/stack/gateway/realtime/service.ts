import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import postgres from "postgres";
import { WebSocketServer } from "ws";
import { resolveApiKey } from "../api-keys.ts";
import type { GatewayConfig } from "../config.ts";
import type { Upgrades } from "../http/server.ts";
import type { Service } from "../service.ts";
import type { VerifyToken } from "../tokens/verify.ts";
import type { RealtimeContext } from "./channel.ts";
import { Connection } from "./connection.ts";
import { codecOf } from "./frames.ts";
import { createHub } from "./hub.ts";

export const REALTIME_PREFIX = "/realtime/v1/";

const SOCKET_PATH = `${REALTIME_PREFIX}websocket`;
const CONNECTIONS = 4;
const MAX_FRAME_BYTES = 1024 * 1024;

export interface RealtimeService extends Service, Upgrades {
  hangUp(): void;
}

function splitUrl(req: IncomingMessage) {
  const [path = "", query] = (req.url ?? "").split("?", 2);
  return { path, query: new URLSearchParams(query) };
}

function refuse(socket: Duplex, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

/** Where there is no socket: what is offered, instead of a silent 404. */
function explain(request: Request): Response {
  return new URL(request.url).pathname === SOCKET_PATH
    ? Response.json({ message: "Expected a WebSocket upgrade." }, { status: 426 })
    : Response.json(
        {
          message: "The local stack has no REST endpoint of Realtime, only /realtime/v1/websocket.",
        },
        { status: 404 },
      );
}

/**
 * Realtime's channels for supabase-js: private broadcasts that the database sends, with the policies
 * on `realtime.messages` applied. No presence, no postgres_changes, no replay.
 */
export async function createRealtimeService(
  config: GatewayConfig,
  verify: VerifyToken,
): Promise<RealtimeService> {
  const sql = postgres(config.dbUrl, {
    max: CONNECTIONS,
    onnotice: () => {},
    connection: { application_name: "realtime" },
  });
  const context: RealtimeContext = {
    sql,
    hub: await createHub(sql),
    verify,
    arePublicAllowed: config.realtimePublicChannels,
  };
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  const connections = new Set<Connection>();
  return {
    handle: explain,
    wants: (req) =>
      splitUrl(req).path === SOCKET_PATH && req.headers.upgrade?.toLowerCase() === "websocket",
    upgrade(req, socket, head) {
      const { query } = splitUrl(req);
      const apiKey = query.get("apikey") ?? req.headers.apikey?.toString() ?? null;
      const key = resolveApiKey(config, apiKey, req.headers["user-agent"]);
      if (typeof key !== "string") return refuse(socket, 401, key.body);
      const codec = codecOf(query.get("vsn"));
      if (!codec)
        return refuse(socket, 400, { message: "Unknown vsn: 1.0.0 and 2.0.0 are served." });
      server.handleUpgrade(req, socket, head, (client) => {
        const connection = new Connection(client, codec, key, context);
        connections.add(connection);
        client.once("close", () => connections.delete(connection));
      });
    },
    hangUp() {
      for (const client of server.clients) client.terminate();
    },
    async close() {
      await Promise.all([...connections].map((connection) => connection.hangUp()));
      await context.hub.close();
      await sql.end({ timeout: 1 });
    },
  };
}
