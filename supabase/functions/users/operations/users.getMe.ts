import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";
import { readMe } from "../me.ts";

/** The signed-in person with everything a front end needs to begin. */
export const getMe: Operation<"users.getMe", UsersDeps> = async ({ tx }) => {
  const { version, ...body } = await readMe(tx);
  return { status: 200, body, headers: { etag: etag(version) } };
};
