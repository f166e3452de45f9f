import { only } from "../../_shared/db/only.ts";
import type { Address } from "../../_shared/generated/contract.ts";
import { etag, expectedVersion } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";
import { readMyVersion } from "../me.ts";

/** Sets the one address. Its `ETag` is that of `users.getMe`, because both are one resource. */
export const putMyAddress: Operation<"users.putMyAddress", UsersDeps> = async ({
  tx,
  body,
  ifMatch,
}) => {
  const expected = await expectedVersion(ifMatch, () => readMyVersion(tx));
  const { result } = only(
    await tx<{ result: { address: Address; version: number } }[]>`
      select private.put_my_address(${tx.json(body)}, ${expected}) as result
    `,
  );
  return { status: 200, body: result.address, headers: { etag: etag(result.version) } };
};
