import { type FormEvent, useState } from "react";
import type {
  AdminKycReasonRequest,
  KycStatus,
  ReasonCode,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import type { OperationId } from "../../api/permissions.ts";
import { useCan } from "../../auth/auth-context.tsx";
import { Button, Card } from "../../ui/basics.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Select, TextArea } from "../../ui/form.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { REOPEN_REASONS, REVOKE_REASONS } from "./reasons.ts";
import { type CaseTools, type OpenCase, useCaseAction } from "./use-case.ts";

const KINDS = ["requeue", "reopen", "revoke"] as const;
type Kind = (typeof KINDS)[number];

interface About {
  readonly operation: OperationId;
  readonly name: string;
  readonly text: string;
  readonly from: readonly KycStatus[];
  /** None: the action takes a note only. */
  readonly reasons: readonly ReasonCode[];
}

const ABOUT: Record<Kind, About> = {
  requeue: {
    operation: "admin.requeueKyc",
    name: "Send to the provider again",
    text: "The case leaves the review and is checked anew. It costs the person no attempt.",
    from: ["in_review"],
    reasons: [],
  },
  reopen: {
    operation: "admin.reopenKyc",
    name: "Reopen",
    text: "The case goes back into review. From a rejection it takes a second person.",
    from: ["approved", "rejected"],
    reasons: REOPEN_REASONS,
  },
  revoke: {
    operation: "admin.revokeKyc",
    name: "Revoke the approval",
    text: "Ends the approval for good, once a second person has confirmed.",
    from: ["approved"],
    reasons: REVOKE_REASONS,
  },
};

interface PartProps {
  readonly open: OpenCase;
  readonly tools: CaseTools;
}

type Body = Partial<AdminKycReasonRequest>;

function useOther({ open, tools }: PartProps, kind: Kind, onDone: () => void) {
  const path = { verification_id: open.case.verification.verification_id };
  return useCaseAction({
    tools,
    send: async (api, { reason_code = "other", note }: Body, key) => {
      const once = { "Idempotency-Key": key };
      if (kind === "requeue") {
        const params = { path, header: once };
        return (await api.POST("/admin/kyc/{verification_id}/requeue", { params, body: { note } }))
          .data;
      }
      const params = { path, header: { ...once, "If-Match": open.etag } };
      const body = { reason_code, note };
      return kind === "reopen"
        ? (await api.POST("/admin/kyc/{verification_id}/reopen", { params, body })).data
        : (await api.POST("/admin/kyc/{verification_id}/revoke", { params, body })).data;
    },
    onDone: (answer) => {
      tools.say(
        answer?.result === "pending_second_approval"
          ? "Recorded. Another person has to confirm it within 24 hours."
          : "Done.",
      );
      onDone();
    },
  });
}

function OtherDialog({ kind, onClose, ...part }: PartProps & { kind: Kind; onClose: () => void }) {
  const { name, text, reasons } = ABOUT[kind];
  const [reason, setReason] = useState<ReasonCode | "">("");
  const [note, setNote] = useState("");
  const action = useOther(part, kind, onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void action.run({ reason_code: reason || undefined, note: note.trim() || undefined });
  };
  return (
    <Dialog title={name} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{text}</p>
        {reasons.length > 0 && (
          <Select
            label="Reason"
            none="Choose a reason"
            options={reasons}
            value={reason}
            required
            onChange={setReason}
          />
        )}
        <TextArea label="Note for colleagues" value={note} onChange={setNote} maxLength={4000} />
        <ErrorNotice error={action.error} />
        <div className="actions">
          <Button look="primary" type="submit" busy={action.isRunning}>
            {name}
          </Button>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What else may be done with a case in its present state. */
export function OtherActions(part: PartProps) {
  const can = useCan();
  const [kind, setKind] = useState<Kind | null>(null);
  const { status } = part.open.case.verification;
  const offered = KINDS.filter(
    (each) => ABOUT[each].from.includes(status) && can(ABOUT[each].operation),
  );
  if (offered.length === 0) return null;
  return (
    <Card title="More">
      <div className="actions">
        {offered.map((each) => (
          <Button key={each} onClick={() => setKind(each)}>
            {ABOUT[each].name} …
          </Button>
        ))}
      </div>
      {kind && <OtherDialog {...part} kind={kind} onClose={() => setKind(null)} />}
    </Card>
  );
}
