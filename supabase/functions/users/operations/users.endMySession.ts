import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";

/** Ends one of the own sessions; its refresh token is gone with the commit. */
export const endMySession: Operation<"users.endMySession", UsersDeps> = async ({
  tx,
  params: { session_id: id },
}) => {
  await tx`select private.end_my_session(${id})`;
  return { status: 204, body: null };
};
