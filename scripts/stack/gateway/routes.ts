import { isPreflight, preflight, withCors } from "./http/cors.ts";
import type { WebHandler } from "./http/web-bridge.ts";
export interface Route {
  readonly prefix: string;
  readonly handle: WebHandler;
}
export async function findRoute(routes: readonly Route[], request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const route = routes.find(({ prefix }) => pathname.startsWith(prefix));
  if (!route) return new Response("not found", { status: 404 });
  if (isPreflight(request)) return preflight(request);
  return withCors(await route.handle(request, "127.0.0.1"));
}
