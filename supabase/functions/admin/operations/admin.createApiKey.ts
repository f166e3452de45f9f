import { newMachineKey } from "../../_shared/auth/machine-key.ts";
import { only } from "../../_shared/db/only.ts";
import type { AdminApiKey } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";
import { newKeyAnswer } from "../new-key-answer.ts";

/** Makes a machine key. The key itself goes to the caller and nowhere else. */
export const createApiKey: UnboundOperation<"admin.createApiKey", AdminDeps> = unbound(
  async ({ body, once }) => {
    const { key, prefix, sha256 } = await newMachineKey();
    const created = await once(async (tx) => {
      const { entry } = only(
        await tx<{ entry: AdminApiKey }[]>`
          select private.create_machine_key(${tx.json(body)}, ${prefix}, ${sha256}) as entry
        `,
      );
      return entry;
    });
    return newKeyAnswer(created, key);
  },
);
