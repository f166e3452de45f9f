import { useState } from "react";
import { bodyOf } from "../../api/client.ts";
import { useApi, useCan } from "../../auth/auth-context.tsx";
import { Button } from "../../ui/basics.tsx";
import { Page } from "../../ui/page.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { Secret } from "../../ui/secret.tsx";
import { DeliveriesCard } from "./deliveries-card.tsx";
import { EndpointCard } from "./endpoint-card.tsx";
import { EndpointForm } from "./endpoint-form.tsx";
import { ENDPOINTS, useCreateEndpoint } from "./use-endpoints.ts";
import "./webhooks.css";

/** Where customers' systems are told what happens, and what became of it. */
export function WebhooksPage() {
  const api = useApi();
  const can = useCan();
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<{ value: string | null } | null>(null);
  const show = (value: string | null) => {
    setMaking(false);
    setSecret({ value });
  };
  const create = useCreateEndpoint(show);
  const list = useList({
    queryKey: ENDPOINTS,
    read: async (cursor) =>
      bodyOf(
        await api.GET("/admin/webhook-endpoints", {
          params: { query: { sort: "-created_at", limit: 50, cursor } },
        }),
      ),
  });
  const actions = can("admin.createWebhookEndpoint") && (
    <Button look="primary" onClick={() => setMaking(true)}>
      Add an endpoint
    </Button>
  );
  return (
    <Page title="Webhooks" actions={actions}>
      {secret && (
        <Secret title="The signing secret" value={secret.value} onClose={() => setSecret(null)} />
      )}
      {isMaking && (
        <EndpointForm
          title="Add an endpoint"
          busy={create.isRunning}
          error={create.error}
          onSubmit={(body) => void create.run(body)}
          onClose={() => setMaking(false)}
        />
      )}
      <PagesOf list={list} empty="No endpoint yet.">
        {(items) => (
          <div className="stack">
            {items.map((endpoint) => (
              <EndpointCard key={endpoint.endpoint_id} endpoint={endpoint} onSecret={show} />
            ))}
          </div>
        )}
      </PagesOf>
      {can("admin.listWebhookDeliveries") && <DeliveriesCard />}
    </Page>
  );
}
