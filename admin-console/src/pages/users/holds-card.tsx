import { type FormEvent, useState } from "react";
import type {
  AdminLegalHold,
  AdminLegalHoldReason,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useApi, useCan } from "../../auth/auth-context.tsx";
import { Badge, Button, Card, Id, Time } from "../../ui/basics.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Select } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice } from "../../ui/notice.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { type UserPartProps, useUserAction } from "./use-user.ts";

const REASONS = [
  "authority_request",
  "dispute",
  "investigation",
  "litigation",
] as const satisfies readonly AdminLegalHoldReason[];

function PlaceForm({ open, tools }: UserPartProps) {
  const [reason, setReason] = useState<AdminLegalHoldReason | "">("");
  const place = useUserAction({
    send: (api, reason_code: AdminLegalHoldReason, key) => {
      const path = { user_id: open.user.user.user_id };
      const params = { path, header: { "Idempotency-Key": key } };
      return api.POST("/admin/users/{user_id}/legal-holds", { params, body: { reason_code } });
    },
    onDone: () => tools.say("Nothing of this person is erased as long as the hold stands."),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason) void place.run(reason);
  };
  return (
    <form onSubmit={submit}>
      <Select
        label="Place a hold because of"
        none="Choose a reason"
        options={REASONS}
        value={reason}
        onChange={setReason}
        required
      />
      <ErrorNotice error={place.error} />
      <div className="actions">
        <Button type="submit" busy={place.isRunning}>
          Place a hold
        </Button>
      </div>
    </form>
  );
}

function Hold({ hold, tools }: { hold: AdminLegalHold; tools: UserPartProps["tools"] }) {
  const can = useCan();
  const release = useUserAction({
    send: (api, _: undefined) => {
      const params = { path: { hold_id: hold.hold_id } };
      return api.DELETE("/admin/legal-holds/{hold_id}", { params });
    },
    onDone: () => tools.say("The hold is released."),
  });
  const isActive = hold.released_at === null;
  return (
    <li>
      <strong>{words(hold.reason_code)}</strong>{" "}
      {isActive ? <Badge tone="warn">Active</Badge> : <Badge>Released</Badge>}
      <div className="small faint">
        <Id value={hold.placed_by} />, <Time value={hold.placed_at} absolute />
      </div>
      <ErrorNotice error={release.error} />
      {isActive && can("admin.releaseLegalHold") && (
        <Confirm
          label="Release"
          question="After the last hold, erasures that were asked for go on."
          busy={release.isRunning}
          onConfirm={() => void release.run(undefined)}
        />
      )}
    </li>
  );
}

/** Orders that nothing of a person is erased. The person is not told. */
export function HoldsCard(part: UserPartProps) {
  const api = useApi();
  const can = useCan();
  const { user_id } = part.open.user.user;
  const list = useList({
    queryKey: ["holds", user_id],
    read: async (cursor) => {
      const params = { query: { user_id, limit: 25, cursor } };
      return bodyOf(await api.GET("/admin/legal-holds", { params }));
    },
  });
  return (
    <Card title="Legal holds">
      <PagesOf list={list} empty="No hold.">
        {(items) => (
          <ul className="plain entries">
            {items.map((hold) => (
              <Hold key={hold.hold_id} hold={hold} tools={part.tools} />
            ))}
          </ul>
        )}
      </PagesOf>
      {can("admin.placeLegalHold") && <PlaceForm {...part} />}
    </Card>
  );
}
