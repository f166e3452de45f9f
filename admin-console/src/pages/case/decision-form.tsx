import { type FormEvent, useState } from "react";
import type {
  AdminDecideKycRequest,
  AdminKycDocument,
  ReasonCode,
  UserReasonCode,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { Button } from "../../ui/basics.tsx";
import { Select, TextArea } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice } from "../../ui/notice.tsx";
import { APPROVE_REASONS, REJECT_REASONS, RETRY_REASONS } from "./reasons.ts";
import { type CaseTools, type OpenCase, useCaseAction } from "./use-case.ts";

const DECISIONS = ["approve", "request_resubmission", "reject"] as const;
type Decision = (typeof DECISIONS)[number];
const NAMES = {
  approve: "Approve",
  request_resubmission: "Ask for new documents",
  reject: "Reject",
} satisfies Record<Decision, string>;
const REASONS = {
  approve: APPROVE_REASONS,
  request_resubmission: RETRY_REASONS,
  reject: REJECT_REASONS,
} satisfies Record<Decision, readonly ReasonCode[]>;

type Marks = Readonly<Record<string, UserReasonCode>>;

interface MarksProps {
  readonly documents: readonly AdminKycDocument[];
  readonly marks: Marks;
  readonly onChange: (marks: Marks) => void;
}

/** Which documents have to come again, and why. */
function DocumentMarks({ documents, marks, onChange }: MarksProps) {
  return (
    <fieldset className="marks">
      <legend>Documents to replace</legend>
      {documents.map(({ document_id: id, type, side }) => (
        <Select
          key={id}
          label={`${words(type)}, ${side}`}
          none="Keep"
          options={RETRY_REASONS}
          value={marks[id] ?? ""}
          onChange={(reason) => {
            const { [id]: _former, ...others } = marks;
            onChange(reason ? { ...others, [id]: reason } : others);
          }}
        />
      ))}
    </fieldset>
  );
}

function DecisionChoice(props: {
  value: Decision;
  open: readonly Decision[];
  onChange: (value: Decision) => void;
}) {
  const { value, open, onChange } = props;
  return (
    <fieldset className="segments">
      <legend>Decision</legend>
      {open.map((each) => (
        <label key={each}>
          <input
            type="radio"
            name="decision"
            value={each}
            checked={value === each}
            onChange={() => onChange(each)}
          />
          <span>{NAMES[each]}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface DecisionFormProps {
  readonly open: OpenCase;
  readonly tools: CaseTools;
}

function useDecision({ open, tools }: DecisionFormProps) {
  const { verification } = open.case;
  return useCaseAction({
    tools,
    send: async (api, body: AdminDecideKycRequest, key) => {
      const { data } = await api.POST("/admin/kyc/{verification_id}/decision", {
        params: {
          path: { verification_id: verification.verification_id },
          header: { "Idempotency-Key": key, "If-Match": open.etag },
        },
        body,
      });
      return data;
    },
    onDone: (answer) =>
      tools.say(
        answer?.result === "pending_second_approval"
          ? "Recorded. Another person has to confirm it within 24 hours."
          : `Done: the case is ${words(answer?.status ?? "decided").toLowerCase()}.`,
      ),
  });
}

/** A case in resubmission can only be rejected. */
const possible = (status: string): readonly Decision[] =>
  status === "in_review" ? DECISIONS : ["reject"];

export function DecisionForm({ open, tools }: DecisionFormProps) {
  const { verification, documents } = open.case;
  const decisions = possible(verification.status);
  const [chosen, setDecision] = useState<Decision>("approve");
  const decision = decisions.includes(chosen) ? chosen : "reject";
  const [reason, setReason] = useState<ReasonCode | "">("");
  const [note, setNote] = useState("");
  const [marks, setMarks] = useState<Marks>({});
  const decide = useDecision({ open, tools });
  const reasons: readonly ReasonCode[] = REASONS[decision];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const list = Object.entries(marks).map(([document_id, reason_code]) => ({
      document_id,
      reason_code,
    }));
    void decide.run({
      decision,
      reason_code: reasons.includes(reason || "other") && reason ? reason : undefined,
      note: note.trim() || undefined,
      documents: decision === "request_resubmission" ? list : undefined,
    });
  };
  return (
    <form onSubmit={submit}>
      <DecisionChoice value={decision} open={decisions} onChange={setDecision} />
      {decision === "request_resubmission" && (
        <DocumentMarks
          documents={documents.filter(({ replaced_at }) => replaced_at === null)}
          marks={marks}
          onChange={setMarks}
        />
      )}
      <Select
        label="Reason"
        none={decision === "approve" ? "Checked by hand" : "Choose a reason"}
        options={reasons}
        value={reasons.includes(reason || "requeued") ? reason : ""}
        required={decision !== "approve"}
        onChange={setReason}
      />
      <TextArea label="Note for colleagues" value={note} onChange={setNote} maxLength={4000} />
      <ErrorNotice error={decide.error} />
      <div className="actions">
        <Button
          look={decision === "reject" ? "danger" : "primary"}
          type="submit"
          busy={decide.isRunning}
        >
          {NAMES[decision]}
        </Button>
      </div>
    </form>
  );
}
