import { only } from "../../_shared/db/only.ts";
import type { Session } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";

/** The own sessions that have not ended. */
export const listMySessions: Operation<"users.listMySessions", UsersDeps> = async ({ tx }) => {
  const { items } = only(
    await tx<{ items: Session[] }[]>`select private.list_my_sessions() as items`,
  );
  return { status: 200, body: { items } };
};
