import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { readCase } from "../case.ts";
import type { AdminDeps } from "../deps.ts";

/** Everything that staff may know of one verification. The database writes down who read it. */
export const getKyc: Operation<"admin.getKyc", AdminDeps> = async ({
  tx,
  params: { verification_id: id },
}) => {
  const body = await readCase(tx, id);
  return { status: 200, body, headers: { etag: etag(body.verification.version) } };
};
