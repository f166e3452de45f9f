import { type FormEvent, useState } from "react";
import type {
  AdminSuspendUserRequest,
  AdminSuspensionReason,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { useCan } from "../../auth/auth-context.tsx";
import { Button, Card, Facts, Id, Time } from "../../ui/basics.tsx";
import { Select, TextArea } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice } from "../../ui/notice.tsx";
import { type UserPartProps, useUserAction } from "./use-user.ts";

const REASONS = [
  "fraud_suspected",
  "compliance_hold",
  "security_incident",
  "user_request",
  "other",
] as const satisfies readonly AdminSuspensionReason[];

const paramsOf = ({ open }: UserPartProps, key: string) => ({
  path: { user_id: open.user.user.user_id },
  header: { "Idempotency-Key": key, "If-Match": open.etag },
});

function SuspendForm(part: UserPartProps) {
  const [reason, setReason] = useState<AdminSuspensionReason | "">("");
  const [note, setNote] = useState("");
  const suspend = useUserAction({
    send: async (api, body: AdminSuspendUserRequest, key) =>
      (await api.POST("/admin/users/{user_id}/suspend", { params: paramsOf(part, key), body }))
        .data,
    onDone: (answer) =>
      part.tools.say(`Suspended; ${answer?.ended_sessions ?? 0} sessions have ended.`),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason) void suspend.run({ reason_code: reason, note: note.trim() || undefined });
  };
  return (
    <form onSubmit={submit}>
      <Select
        label="Reason"
        none="Choose a reason"
        options={REASONS}
        value={reason}
        onChange={setReason}
        required
      />
      <TextArea label="Note for colleagues" value={note} onChange={setNote} maxLength={4000} />
      <ErrorNotice error={suspend.error} />
      <div className="actions">
        <Button look="danger" type="submit" busy={suspend.isRunning}>
          Suspend
        </Button>
      </div>
    </form>
  );
}

function Suspension(part: UserPartProps) {
  const can = useCan();
  const { suspension } = part.open.user;
  const reinstate = useUserAction({
    send: async (api, _: undefined, key) =>
      (
        await api.POST("/admin/users/{user_id}/reinstate", {
          params: paramsOf(part, key),
          body: {},
        })
      ).data,
    onDone: () => part.tools.say("Reinstated: the person can sign in again."),
  });
  return (
    <>
      {suspension && (
        <Facts
          items={[
            ["Why", words(suspension.reason_code)],
            ["By", <Id key="by" value={suspension.suspended_by} />],
            ["When", <Time key="when" value={suspension.suspended_at} absolute />],
            ["Note", suspension.note],
          ]}
        />
      )}
      <ErrorNotice error={reinstate.error} />
      {can("admin.reinstateUser") && (
        <div className="actions">
          <Button busy={reinstate.isRunning} onClick={() => void reinstate.run(undefined)}>
            Reinstate
          </Button>
        </div>
      )}
    </>
  );
}

/** Closing an account for a while, and opening it again. */
export function SuspendCard(part: UserPartProps) {
  const can = useCan();
  const { account_status: status } = part.open.user.user;
  if (status === "suspended") {
    return (
      <Card title="Suspension" className="emphasis">
        <Suspension {...part} />
      </Card>
    );
  }
  if (status !== "active" || !can("admin.suspendUser")) return null;
  return (
    <Card title="Suspend">
      <SuspendForm {...part} />
    </Card>
  );
}
