import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import { logProblem } from "../log.ts";
import { sendWebResponse, toWebRequest, type WebHandler } from "./web-bridge.ts";

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** Longer than any client keeps an idle connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 75_000;

/** Takes over connections that stop speaking HTTP. */
export interface Upgrades {
  /** Others are answered as if they had not asked. */
  wants(req: IncomingMessage): boolean;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export async function listen(
  listener: RequestListener,
  host: string,
  port: number,
  upgrades?: Upgrades,
): Promise<HttpServer> {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      shouldUpgradeCallback: (req) => upgrades?.wants(req) ?? false,
    },
    listener,
  );
  if (upgrades) server.on("upgrade", upgrades.upgrade);
  const bound = await bind(server, host, port);
  return {
    port: bound,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** Lets a Web handler answer; a failure inside costs one connection, never the process. */
export function serve(handle: WebHandler): RequestListener {
  const run = async (req: IncomingMessage, res: ServerResponse) => {
    const request = toWebRequest(req, `http://${req.headers.host ?? "localhost"}`);
    await sendWebResponse(await handle(request, req.socket.remoteAddress ?? ""), res);
  };
  return (req, res) => {
    run(req, res).catch((error: unknown) => {
      logProblem(`gateway: ${req.method}`, error);
      res.destroy();
    });
  };
}
