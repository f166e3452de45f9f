import { newMachineKey } from "../../_shared/auth/machine-key.ts";
import { only } from "../../_shared/db/only.ts";
import type { AdminApiKey } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";
import { newKeyAnswer } from "../new-key-answer.ts";

const DEFAULT_OVERLAP_MINUTES = 1_440;

/** Makes a key in the place of another, which goes on working for a while. */
export const rotateApiKey: UnboundOperation<"admin.rotateApiKey", AdminDeps> = unbound(
  async ({ params: { key_id: id }, body, once }) => {
    const { key, prefix, sha256 } = await newMachineKey();
    const overlap = `${body?.overlap_minutes ?? DEFAULT_OVERLAP_MINUTES} minutes`;
    const created = await once(async (tx) => {
      const { entry } = only(
        await tx<{ entry: AdminApiKey }[]>`
          select private.rotate_machine_key(${id}, ${overlap}::text::interval, ${prefix}, ${sha256})
            as entry
        `,
      );
      return entry;
    });
    return newKeyAnswer(created, key);
  },
);
