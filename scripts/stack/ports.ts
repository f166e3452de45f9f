import { createServer } from "node:net";
import { StackError } from "./errors.ts";
import { portOwner } from "./port-owner.ts";

export interface Ports {
  readonly api: number;
  readonly db: number;
  readonly mail: number;
  readonly mockKyc: number;
}

/** The Supabase CLI's ports, so that one set of settings fits both stacks; the mock KYC port is ours. */
const DEFAULT_PORTS: Ports = { api: 54321, db: 54322, mail: 54324, mockKyc: 54330 };

const PORT_NAMES = ["api", "db", "mail", "mockKyc"] as const satisfies readonly (keyof Ports)[];
const WHAT: Record<keyof Ports, { label: string; option: string }> = {
  api: { label: "the API", option: "--api-port" },
  db: { label: "the database", option: "--db-port" },
  mail: { label: "the mail page", option: "--mail-port" },
  mockKyc: { label: "the mock KYC server", option: "--mock-kyc-port" },
};

// Below 32768, where Linux starts to hand out ports for outgoing connections: a port that was free a
// moment ago is then not taken by an unrelated connection.
const FREE_FROM = 15_000;
const FREE_TO = 32_000;

export async function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

// A port that was handed out may not be bound yet: nobody else gets it.
const handedOut = new Set<number>();

export async function freePort(): Promise<number> {
  for (;;) {
    const port = FREE_FROM + Math.floor(Math.random() * (FREE_TO - FREE_FROM));
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isPortFree(port)) return port;
    handedOut.delete(port);
  }
}

/** Lets a port be handed out again, once nothing listens on it any more. */
export function returnPort(port: number): void {
  handedOut.delete(port);
}

/**
 * The ports of a stack. A port that somebody named, or a default one, fails when it is taken: moving
 * silently would leave clients talking to whatever else listens there.
 */
export async function resolvePorts(wanted: Partial<Ports> | "free"): Promise<Ports> {
  if (wanted === "free") {
    return {
      api: await freePort(),
      db: await freePort(),
      mail: await freePort(),
      mockKyc: await freePort(),
    };
  }
  const ports = { ...DEFAULT_PORTS, ...wanted };
  for (const name of PORT_NAMES) {
    if (await isPortFree(ports[name])) continue;
    const { label, option } = WHAT[name];
    throw new StackError(
      "port_in_use",
      `Port ${ports[name]} for ${label} is taken by ${portOwner(ports[name])}: stop it, or choose another with ${option}.`,
    );
  }
  return ports;
}
