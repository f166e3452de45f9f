import { useState } from "react";
import type {
  AdminApiKey,
  AdminApiKeySecret,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useAction } from "../../api/use-action.ts";
import { useApi, useCan } from "../../auth/auth-context.tsx";
import { Badge, Button, Id, Time, type Tone } from "../../ui/basics.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { Secret } from "../../ui/secret.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { CreateKey } from "./create-key.tsx";

const KEYS = ["keys"];
const OVERLAP_MINUTES = 1440;
const TONES = { active: "good", expired: "neutral", revoked: "bad" } satisfies Record<
  AdminApiKey["status"],
  Tone
>;

function KeyActions({
  item,
  onMade,
}: {
  item: AdminApiKey;
  onMade: (made: AdminApiKeySecret) => void;
}) {
  const api = useApi();
  const can = useCan();
  const { key_id } = item;
  const rotate = useAction({
    send: async (_: null, key) =>
      bodyOf(
        await api.POST("/admin/api-keys/{key_id}/rotate", {
          params: { path: { key_id }, header: { "Idempotency-Key": key } },
          body: { overlap_minutes: OVERLAP_MINUTES },
        }),
      ),
    invalidates: [KEYS],
    onDone: onMade,
  });
  const revoke = useAction({
    send: () => api.DELETE("/admin/api-keys/{key_id}", { params: { path: { key_id } } }),
    invalidates: [KEYS],
  });
  if (item.status !== "active") return null;
  return (
    <div className="actions">
      {can("admin.rotateApiKey") && item.replaced_by === null && (
        <Button busy={rotate.isRunning} onClick={() => void rotate.run(null)}>
          Rotate
        </Button>
      )}
      {can("admin.revokeApiKey") && (
        <Confirm
          label="Revoke"
          question={`Revoke ${item.name}? The next request with it is refused.`}
          busy={revoke.isRunning}
          onConfirm={() => void revoke.run(undefined)}
        />
      )}
      <ErrorNotice error={rotate.error ?? revoke.error} />
    </div>
  );
}

const columnsFor = (onMade: (made: AdminApiKeySecret) => void): readonly Column<AdminApiKey>[] => [
  {
    head: "Key",
    cell: ({ name, prefix }) => (
      <>
        {name}
        <div className="small faint">
          <code>{prefix}…</code>
        </div>
      </>
    ),
  },
  { head: "State", cell: ({ status }) => <Badge tone={TONES[status]}>{words(status)}</Badge> },
  { head: "May", cell: ({ scopes }) => scopes.join(", ") },
  {
    head: "From",
    wide: true,
    cell: ({ allowed_cidrs }) => (allowed_cidrs.length > 0 ? allowed_cidrs.join(", ") : "anywhere"),
  },
  { head: "Last used", wide: true, cell: ({ last_used_at }) => <Time value={last_used_at} /> },
  { head: "Ends", wide: true, cell: ({ expires_at }) => <Time value={expires_at} absolute /> },
  { head: "Made by", wide: true, cell: ({ created_by }) => <Id value={created_by} /> },
  { head: "Actions", cell: (item) => <KeyActions item={item} onMade={onMade} /> },
];

/** Keys of external systems. */
export function KeysPage() {
  const api = useApi();
  const can = useCan();
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<AdminApiKeySecret | null>(null);
  const list = useList({
    queryKey: KEYS,
    read: async (cursor) =>
      bodyOf(
        await api.GET("/admin/api-keys", {
          params: { query: { sort: "-created_at", limit: 50, cursor } },
        }),
      ),
  });
  const show = (secret: AdminApiKeySecret) => {
    setMaking(false);
    setMade(secret);
  };
  const actions = can("admin.createApiKey") && (
    <Button look="primary" onClick={() => setMaking(true)}>
      Make a key
    </Button>
  );
  return (
    <Page title="API keys" actions={actions}>
      {made && (
        <Secret
          title={`The key “${made.api_key.name}”`}
          value={made.secret}
          onClose={() => setMade(null)}
        />
      )}
      {isMaking && <CreateKey onClose={() => setMaking(false)} onMade={show} />}
      <PagesOf list={list} empty="No external system has a key.">
        {(items) => (
          <Table
            caption="Machine keys"
            columns={columnsFor(show)}
            rows={items}
            rowKey={({ key_id }) => key_id}
          />
        )}
      </PagesOf>
    </Page>
  );
}
