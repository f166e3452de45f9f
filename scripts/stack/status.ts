import type { CliOptions } from "./cli-options.ts";
import { LOCAL_PUBLISHABLE_KEY } from "./keys.ts";
import { runningStack } from "./lock.ts";

const REQUEST_TIMEOUT_MS = 3_000;

async function answers(url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      headers: { apikey: LOCAL_PUBLISHABLE_KEY },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.status < 500 ? "answers" : `answers with ${response.status}`;
  } catch {
    return "does not answer";
  }
}

/** Prints what runs on this folder; the exit code is 0 when a stack runs. */
export async function printStatus(options: Pick<CliOptions, "dataDir">): Promise<number> {
  const running = await runningStack(options.dataDir);
  if (!running) {
    console.log("No stack is running. `npm start` starts one.");
    return 1;
  }
  console.log(`Running since ${running.startedAt} as process ${running.pid}.`);
  if (Object.keys(running.urls).length === 0) {
    console.log("It is still starting.");
    return 0;
  }
  const { apiUrl, mailUrl, mockKycUrl, dbUrl } = running.urls;
  for (const [label, url] of Object.entries({
    API: apiUrl,
    Mail: mailUrl,
    "Mock KYC": mockKycUrl,
  })) {
    if (url) console.log(`  ${label.padEnd(9)} ${url}  ${await answers(url)}`);
  }
  console.log(`  Database  ${dbUrl}`);
  return 0;
}
