import { only } from "../../_shared/db/only.ts";
import type { Verification } from "../../_shared/generated/contract.ts";
import { deviceId } from "../../_shared/http/device-id.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** Hands a verification in. The message to the provider is written along with it and sent later. */
export const submitVerification: Operation<"kyc.submitVerification", KycDeps> = async ({
  tx,
  params: { verification_id: id },
  headers,
  deps: { wakeWorker },
  afterCommit,
}) => {
  const device = deviceId(headers.get("x-device-id"));
  const { body } = only(
    await tx<{ body: Verification }[]>`select private.kyc_submit(${id}, ${device}) as body`,
  );
  afterCommit(wakeWorker);
  return { status: 200, body, headers: { etag: etag(body.version) } };
};
