import { only } from "../_shared/db/only.ts";
import type { Transaction } from "../_shared/db/transaction.ts";
import type { AdminKycCase } from "../_shared/generated/contract.ts";

/** Reads a case; the read is audited, because it shows a whole person. */
export async function readCase(tx: Transaction, verificationId: string): Promise<AdminKycCase> {
  const { body } = only(
    await tx<{ body: AdminKycCase }[]>`select private.kyc_case(${verificationId}) as body`,
  );
  return body;
}

/** The version of a case, for who names several in `If-Match`; audited like every read of it. */
export async function readVersion(tx: Transaction, verificationId: string): Promise<number> {
  const { verification } = await readCase(tx, verificationId);
  return verification.version;
}
