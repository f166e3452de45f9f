import { only } from "../../_shared/db/only.ts";
import type { AdminKycNote } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/**
 * Adds an internal note. Its text is not kept with the Idempotency-Key, where erasure would not find it:
 * a repeated request brings the same text along.
 */
export const addKycNote: UnboundOperation<"admin.addKycNote", AdminDeps> = unbound(
  async ({ principal, params: { verification_id: id }, body: { text }, once }) => {
    const { value, headers } = await once(async (tx) => {
      const { note } = only(
        await tx<{ note: AdminKycNote }[]>`select private.kyc_add_note(${id}, ${text}) as note`,
      );
      return { note_id: note.note_id, created_at: note.created_at };
    });
    const { note_id, created_at } = value;
    return { status: 201, body: { note_id, author_id: principal.id, text, created_at }, headers };
  },
);
