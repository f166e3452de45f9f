import { only } from "../../_shared/db/only.ts";
import { etag, expectedVersion } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";
import { readMyVersion, type VersionedMe } from "../me.ts";

/** Applies a merge patch to the own profile. */
export const updateMe: Operation<"users.updateMe", UsersDeps> = async ({ tx, body, ifMatch }) => {
  const expected = await expectedVersion(ifMatch, () => readMyVersion(tx));
  const { me } = only(
    await tx<{ me: VersionedMe }[]>`
      select private.update_me(${tx.json(body)}, ${expected}) as me
    `,
  );
  const { version, ...answer } = me;
  return { status: 200, body: answer, headers: { etag: etag(version) } };
};
