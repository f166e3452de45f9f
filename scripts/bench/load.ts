import autocannon from "autocannon";

/** One HTTP request to repeat, and how hard. */
export interface Load {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second over all connections; absent = as fast as it goes. */
  readonly rate?: number;
}

/** What came back. Latencies in milliseconds. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The value below which a share of the sorted numbers lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * Repeats one GET against a server on this machine. An answer that is not 2xx ends the measurement,
 * so a fast error cannot look like a fast success.
 */
export async function measure(load: Load): Promise<LoadResult> {
  const { hostname } = new URL(load.url);
  if (hostname !== "127.0.0.1") {
    throw new Error(`Load is sent to this machine only, not to ${hostname}.`);
  }
  const latencies: number[] = [];
  const options: autocannon.Options = {
    url: load.url,
    headers: { ...load.headers },
    connections: load.connections,
    duration: load.seconds,
    ...(load.rate === undefined ? {} : { overallRate: load.rate }),
  };
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(options, (error, done) => (error ? reject(error) : resolve(done)));
    instance.on("response", (_client, _status, _bytes, milliseconds) => {
      latencies.push(milliseconds);
    });
  });
  const failures = result.non2xx + result.errors;
  if (failures > 0) {
    const statuses = JSON.stringify(result.statusCodeStats);
    throw new Error(`${load.url}: ${result.errors} connections failed, statuses ${statuses}`);
  }
  latencies.sort((a, b) => a - b);
  return {
    perSecond: latencies.length / result.duration,
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    p99: percentile(latencies, 0.99),
  };
}
