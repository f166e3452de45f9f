/** Asks a service whether it works; fails when it does not. */
export type ServiceCheck = () => Promise<void>;

const TIMEOUT_MS = 2_000;

/** A check of a service of the platform by its health endpoint. */
export function checkService(url: string, publishableKey: string): ServiceCheck {
  return async () => {
    const response = await fetch(url, {
      headers: { apikey: publishableKey },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The service answered ${response.status}.`);
  };
}
