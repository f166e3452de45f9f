import { type FormEvent, useState } from "react";
import type {
  AdminApiKeySecret,
  AdminCreateApiKeyRequest,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useAction } from "../../api/use-action.ts";
import { useApi } from "../../auth/auth-context.tsx";
import { Button } from "../../ui/basics.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Choices, TextInput } from "../../ui/form.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";

type Scope = AdminCreateApiKeyRequest["scopes"][number];
const SCOPES = ["users:read", "users:write"] as const satisfies readonly Scope[];

interface CreateKeyProps {
  readonly onClose: () => void;
  readonly onMade: (made: AdminApiKeySecret) => void;
}

/** What was typed as the contract wants it; what is empty is left out. */
function bodyFrom(name: string, scopes: Scope[], networks: string, until: string) {
  const cidrs = networks.split(/[\s,]+/).filter(Boolean);
  return {
    name: name.trim(),
    scopes,
    ...(cidrs.length > 0 ? { allowed_cidrs: cidrs } : {}),
    ...(until ? { expires_at: new Date(until).toISOString() } : {}),
  } satisfies AdminCreateApiKeyRequest;
}

export function CreateKey({ onClose, onMade }: CreateKeyProps) {
  const api = useApi();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(["users:read"]);
  const [networks, setNetworks] = useState("");
  const [until, setUntil] = useState("");
  const create = useAction({
    send: async (body: AdminCreateApiKeyRequest, key) =>
      bodyOf(
        await api.POST("/admin/api-keys", {
          params: { header: { "Idempotency-Key": key } },
          body,
        }),
      ),
    invalidates: [["keys"]],
    onDone: onMade,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void create.run(bodyFrom(name, scopes, networks, until));
  };
  return (
    <Dialog title="Make a machine key" onClose={onClose}>
      <form onSubmit={submit}>
        <TextInput
          label="Name"
          hint="The system that will use it"
          required
          maxLength={100}
          value={name}
          onChange={setName}
        />
        <Choices
          legend="It may"
          options={SCOPES}
          chosen={scopes}
          name={(each) => each}
          onChange={setScopes}
        />
        <TextInput
          label="Networks"
          hint="CIDR blocks, separated by spaces; empty means from anywhere"
          value={networks}
          onChange={setNetworks}
        />
        <TextInput label="Expires" type="datetime-local" value={until} onChange={setUntil} />
        <ErrorNotice error={create.error} />
        <div className="actions">
          <Button type="submit" look="primary" busy={create.isRunning}>
            Make the key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
