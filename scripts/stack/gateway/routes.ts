import { isPreflight, preflight, withCors } from "./http/cors.ts";
import type { WebHandler } from "./http/web-bridge.ts";

/** One service behind the origin; functions are served before, without this table. */
export interface Route {
  readonly prefix: string;
  /** Only this path, not what lies below. */
  readonly exact?: boolean;
  readonly handle: WebHandler;
  /** Services of the platform answer every origin; pages answer their own only. */
  readonly cors: boolean;
}

const NO_ROUTE = { message: "no Route matched with those values" };

/** Finds the service for a request and lets it answer. */
export async function answer(
  routes: readonly Route[],
  request: Request,
  peer: string,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const route = routes.find(({ prefix, exact }) =>
    exact ? pathname === prefix : pathname.startsWith(prefix),
  );
  if (!route) return Response.json(NO_ROUTE, { status: 404 });
  if (!route.cors) return route.handle(request, peer);
  if (isPreflight(request)) return preflight(request);
  return withCors(await route.handle(request, peer));
}
