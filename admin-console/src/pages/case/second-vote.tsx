import { useState } from "react";
import type {
  AdminPendingApproval,
  AdminVoteKycRequest,
  ReasonCode,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { useCan, useMe } from "../../auth/auth-context.tsx";
import { Button, Card, Facts, Id, Time } from "../../ui/basics.tsx";
import { Select, TextArea } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { APPROVE_REASONS, REJECT_REASONS } from "./reasons.ts";
import { type CaseTools, type OpenCase, useCaseAction } from "./use-case.ts";

interface SecondVoteProps {
  readonly open: OpenCase;
  readonly pending: AdminPendingApproval;
  readonly tools: CaseTools;
}

const VOTE_REASONS = [
  ...APPROVE_REASONS,
  ...REJECT_REASONS,
  "manual_review",
] as const satisfies readonly ReasonCode[];

function useVote({ open, tools }: SecondVoteProps) {
  return useCaseAction({
    tools,
    send: async (api, body: AdminVoteKycRequest, key) => {
      const { data } = await api.POST("/admin/kyc/{verification_id}/approvals", {
        params: {
          path: { verification_id: open.case.verification.verification_id },
          header: { "Idempotency-Key": key },
        },
        body,
      });
      return data;
    },
    onDone: (answer) =>
      tools.say(
        answer?.result === "declined"
          ? "You declined. The case stays as it is and can be decided anew."
          : `You confirmed: the case is ${words(answer?.status ?? "decided").toLowerCase()}.`,
      ),
  });
}

function VoteForm(props: SecondVoteProps) {
  const { pending } = props;
  const [reason, setReason] = useState<ReasonCode | "">("");
  const [note, setNote] = useState("");
  const vote = useVote(props);
  const cast = (choice: AdminVoteKycRequest["vote"]) =>
    void vote.run({
      approval_id: pending.approval_id,
      request_hash: pending.request_hash,
      vote: choice,
      reason_code: reason || undefined,
      note: note.trim() || undefined,
    });
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <p>Judge for yourself: the first person's reasons are shown after your vote.</p>
      <Select
        label="Your reason"
        none="None"
        hint="Needed to decline."
        options={VOTE_REASONS}
        value={reason}
        onChange={setReason}
      />
      <TextArea label="Note for colleagues" value={note} onChange={setNote} maxLength={4000} />
      <ErrorNotice error={vote.error} />
      <div className="actions">
        <Button look="primary" busy={vote.isRunning} onClick={() => cast("confirm")}>
          Confirm
        </Button>
        <Button look="danger" busy={vote.isRunning} onClick={() => cast("decline")}>
          Decline
        </Button>
      </div>
    </form>
  );
}

/** A decision that waits for a second pair of eyes. */
export function SecondVote(props: SecondVoteProps) {
  const { pending } = props;
  const { me } = useMe();
  const can = useCan();
  const isOwn = pending.requested_by === me?.user_id;
  return (
    <Card title="Second vote" className="emphasis">
      <Facts
        items={[
          ["Asked for", words(pending.action)],
          ["Would be", `${words(pending.from_status)} → ${words(pending.to_status)}`],
          ["By", isOwn ? "You" : <Id key="by" value={pending.requested_by} />],
          ["Until", <Time key="until" value={pending.expires_at} absolute />],
        ]}
      />
      {isOwn && <Notice>You have decided. Now another person has to confirm it.</Notice>}
      {!isOwn && can("admin.approveKyc") && <VoteForm {...props} />}
    </Card>
  );
}
