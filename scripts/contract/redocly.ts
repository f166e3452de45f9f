import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CLI = fileURLToPath(new URL("../../node_modules/@redocly/cli/bin/cli.js", import.meta.url));

/** How a run of redocly ended. */
export interface RedoclyResult {
  readonly code: number;
  readonly output: string;
}

/** Runs redocly with this repository's rules, whatever the folder, and without its check for updates. */
export function runRedocly(args: readonly string[]): Promise<RedoclyResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RedoclyResult>();
  execFile(
    process.execPath,
    [CLI, ...args, "--config", `${root}redocly.yaml`],
    {
      cwd: root,
      env: { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", NO_COLOR: "1" },
      maxBuffer: 64 * 1024 * 1024,
    },
    (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      // Anything but an exit code means that redocly did not run at all.
      if (typeof code === "number") resolve({ code, output: `${stdout}${stderr}` });
      else reject(error);
    },
  );
  return promise;
}
