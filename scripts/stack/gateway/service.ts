import type { WebHandler } from "./http/web-bridge.ts";

/** A part of the platform behind the gateway. */
export interface Service {
  readonly handle: WebHandler;
  close(): Promise<void>;
}

/** The request as a service sees it: without the gateway's prefix. */
export function below(request: Request, prefix: string): Request {
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(prefix.length - 1);
  return new Request(url, request);
}
