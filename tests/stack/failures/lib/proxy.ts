import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What passes through a connection. */
interface Passing {
  readonly chunk: Buffer;
  /** What the client has sent on this connection so far, cut to the newest part. */
  readonly asked: string;
}

/** A line between two processes that a test can cut at one exact moment. */
export interface Line {
  readonly port: number;
  /** Withholds the first answer that fits, and all that would follow it; resolves when it is there. */
  holdAnswer(fits: (passing: Passing) => boolean): Promise<void>;
  /** Ends all connections and refuses new ones, or lets them through again. */
  setDown(isDown: boolean): void;
  close(): Promise<void>;
}

const REMEMBERED_BYTES = 64 * 1024;

/** Forwards connections to a port of this machine. */
export async function startProxy(target: () => number): Promise<Line> {
  const sockets = new Set<Socket>();
  let hold: { fits: (passing: Passing) => boolean; resolve: () => void } | null = null;
  let isDown = false;

  const server = createServer((client) => {
    if (isDown) {
      client.destroy();
      return;
    }
    const upstream = connect(target(), "127.0.0.1");
    let asked = "";
    let isHeld = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk) => {
      asked = (asked + chunk.toString("latin1")).slice(-REMEMBERED_BYTES);
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (hold?.fits({ chunk, asked })) {
        isHeld = true;
        hold.resolve();
        hold = null;
      }
      if (!isHeld) client.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");

  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    holdAnswer: (fits) =>
      new Promise((resolve) => {
        hold = { fits, resolve };
      }),
    setDown: (down) => {
      isDown = down;
      if (down) cut();
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** The database says that it has committed a transaction in which this was called. */
export const committed =
  (call: string) =>
  ({ chunk, asked }: Passing): boolean =>
    asked.includes(call) && chunk.includes("COMMIT\0");

/** The provider has accepted a submission. */
export const accepted = ({ chunk, asked }: Passing): boolean =>
  asked.includes("POST /v1/verifications") && chunk.includes("HTTP/1.1 202");
