import { useState } from "react";
import type { AdminWebhookEndpoint } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { useCan } from "../../auth/auth-context.tsx";
import { Badge, Button, Card, Facts, Time } from "../../ui/basics.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice } from "../../ui/notice.tsx";
import { EndpointForm } from "./endpoint-form.tsx";
import { useEndpointActions } from "./use-endpoints.ts";

interface EndpointCardProps {
  readonly endpoint: AdminWebhookEndpoint;
  readonly onSecret: (secret: string | null) => void;
}

function State({ endpoint }: { readonly endpoint: AdminWebhookEndpoint }) {
  const { enabled, disabled_reason, failing_since } = endpoint;
  if (!enabled) return <Badge tone="bad">Off: {words(disabled_reason ?? "by_staff")}</Badge>;
  return failing_since ? <Badge tone="warn">Failing</Badge> : <Badge tone="good">On</Badge>;
}

type Actions = ReturnType<typeof useEndpointActions>;

function SecretButtons({ rotate, redeliver }: Pick<Actions, "rotate" | "redeliver">) {
  const can = useCan();
  return (
    <>
      {can("admin.rotateWebhookSecret") && (
        <Button busy={rotate.isRunning} onClick={() => void rotate.run(null)}>
          New secret
        </Button>
      )}
      {can("admin.redeliverWebhooks") && (
        <Button busy={redeliver.isRunning} onClick={() => void redeliver.run(null)}>
          Send failed ones again
        </Button>
      )}
    </>
  );
}

/** What a list that was read without the role `admin` shows of an address; to save it would lose the receiver's key. */
const isMasked = (url: string) => url.endsWith("?***");

interface ChangeButtonsProps extends Pick<Actions, "update" | "remove"> {
  readonly endpoint: AdminWebhookEndpoint;
  readonly onEdit: () => void;
}

function ChangeButtons({ endpoint, update, remove, onEdit }: ChangeButtonsProps) {
  const can = useCan();
  return (
    <>
      {can("admin.updateWebhookEndpoint") && (
        <>
          {!isMasked(endpoint.url) && <Button onClick={onEdit}>Edit</Button>}
          <Button
            busy={update.isRunning}
            onClick={() => void update.run({ enabled: !endpoint.enabled })}
          >
            {endpoint.enabled ? "Turn off" : "Turn on"}
          </Button>
        </>
      )}
      {can("admin.deleteWebhookEndpoint") && (
        <Confirm
          label="Delete"
          question={`Delete ${endpoint.url}? What waits for it is dropped.`}
          busy={remove.isRunning}
          onConfirm={() => void remove.run(null)}
        />
      )}
    </>
  );
}

function EndpointButtons({ endpoint, onSecret }: EndpointCardProps) {
  const [isEditing, setEditing] = useState(false);
  const stop = () => setEditing(false);
  const { update, rotate, remove, redeliver } = useEndpointActions(endpoint, onSecret, stop);
  const errors = [isEditing ? null : update.error, rotate.error, remove.error, redeliver.error];
  const edit = () => setEditing(true);
  return (
    <>
      <div className="actions">
        <ChangeButtons endpoint={endpoint} update={update} remove={remove} onEdit={edit} />
        <SecretButtons rotate={rotate} redeliver={redeliver} />
      </div>
      <ErrorNotice error={errors.find((error) => error !== null)} />
      {isEditing && (
        <EndpointForm
          title="Change the endpoint"
          endpoint={endpoint}
          busy={update.isRunning}
          error={update.error}
          onSubmit={(body) => void update.run(body)}
          onClose={stop}
        />
      )}
    </>
  );
}

export function EndpointCard({ endpoint, onSecret }: EndpointCardProps) {
  return (
    <Card
      title={endpoint.description ?? new URL(endpoint.url).hostname}
      aside={<State endpoint={endpoint} />}
    >
      <Facts
        items={[
          [
            "Address",
            <code key="url" className="whole">
              {endpoint.url}
            </code>,
          ],
          ["Events", endpoint.event_types.join(", ")],
          ["Last delivered", <Time key="last" value={endpoint.last_delivered_at} />],
          ["Failing since", <Time key="failing" value={endpoint.failing_since} />],
          [
            "Old secret good until",
            <Time key="secret" value={endpoint.previous_secret_expires_at} absolute />,
          ],
        ]}
      />
      <EndpointButtons endpoint={endpoint} onSecret={onSecret} />
    </Card>
  );
}
