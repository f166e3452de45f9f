import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** State 0A in /proc/net/tcp: a socket that listens. */
const LISTENING = "0A";

function socketInodes(port: number): Set<string> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    readFileSync(file, "utf8").trim().split("\n").slice(1),
  );
  return new Set(
    lines.flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [, local = "", , state] = fields;
      return state === LISTENING && local.endsWith(`:${hexPort}`) ? [`socket:[${fields[9]}]`] : [];
    }),
  );
}

function holdsOneOf(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => sockets.has(readlinkSync(`${folder}/${fd}`)));
  } catch {
    // Another user's process, or one that has just ended.
    return false;
  }
}

/** "process 4711 (node)" for the process that listens on a port, or "another process" if that is hidden. */
export function portOwner(port: number): string {
  try {
    const sockets = socketInodes(port);
    const pid = readdirSync("/proc").find(
      (name) => /^\d+$/.test(name) && holdsOneOf(name, sockets),
    );
    if (pid !== undefined) {
      return `process ${pid} (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
    }
  } catch {
    // No /proc on this system.
  }
  return "another process";
}
