import { type FormEvent, useState } from "react";
import type {
  AdminCreateWebhookEndpointRequest,
  AdminWebhookEndpoint,
  AdminWebhookSubscription,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { Button } from "../../ui/basics.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Choices, TextInput } from "../../ui/form.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";

const TYPES = [
  "kyc.*",
  "kyc.status_changed",
  "kyc.approved",
  "kyc.rejected",
  "kyc.resubmission_required",
  "kyc.revoked",
  "kyc.expired",
  "kyc.reminder",
  "user.*",
  "user.created",
  "user.updated",
  "user.suspended",
  "user.reinstated",
  "user.soft_deleted",
  "user.permanently_deleted",
  "user.reactivated",
  "user.erased",
  "webhook.*",
] as const satisfies readonly AdminWebhookSubscription[];
type Type = (typeof TYPES)[number];

export type EndpointBody = Pick<AdminCreateWebhookEndpointRequest, "url" | "event_types"> & {
  readonly description: string | null;
};

interface EndpointFormProps {
  readonly title: string;
  /** What is changed; without it a new one is made. */
  readonly endpoint?: AdminWebhookEndpoint;
  readonly busy: boolean;
  readonly error: unknown;
  readonly onSubmit: (body: EndpointBody) => void;
  readonly onClose: () => void;
}

export function EndpointForm(props: EndpointFormProps) {
  const { title, endpoint, busy, error, onSubmit, onClose } = props;
  const [url, setUrl] = useState(endpoint?.url ?? "https://");
  const [description, setDescription] = useState(endpoint?.description ?? "");
  // What this form does not list stays subscribed.
  const others = endpoint?.event_types.filter((type) => !TYPES.some((each) => each === type)) ?? [];
  const [types, setTypes] = useState<Type[]>(
    endpoint ? TYPES.filter((each) => endpoint.event_types.includes(each)) : ["kyc.*"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit({
      url: url.trim(),
      description: description.trim() || null,
      event_types: [...types, ...others],
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <TextInput label="Address" type="url" required value={url} onChange={setUrl} />
        <TextInput
          label="What it is for"
          maxLength={100}
          value={description}
          onChange={setDescription}
        />
        <Choices
          legend="Events"
          options={TYPES}
          chosen={types}
          name={(each) => each}
          onChange={setTypes}
        />
        <ErrorNotice error={error} />
        <div className="actions">
          <Button type="submit" look="primary" busy={busy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
