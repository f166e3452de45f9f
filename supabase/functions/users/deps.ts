import { type CoreDeps, createCoreDeps } from "../_shared/core-deps.ts";
import type { Environment } from "../_shared/env.ts";
import { type CursorCodec, createCursorCodec } from "../_shared/http/cursor.ts";

/** What the operations of this function need. */
export type UsersDeps = CoreDeps & { readonly cursors: CursorCodec };

/** Wires up the function. */
export function createDeps(env: Environment): UsersDeps {
  return { ...createCoreDeps(env, "users"), cursors: createCursorCodec(env.cursorSecret) };
}
