import { useState } from "react";
import type {
  AdminAuditFault,
  AdminAuditVerification,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { type Api, bodyOf } from "../../api/client.ts";
import { useAction } from "../../api/use-action.ts";
import { useApi } from "../../auth/auth-context.tsx";
import { Badge, Button, Card, Time } from "../../ui/basics.tsx";
import { TextInput } from "../../ui/form.tsx";
import { count, words } from "../../ui/format.ts";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { Table } from "../../ui/table.tsx";

interface Anchor {
  readonly stream: string;
  readonly sequence: string;
  readonly hash: string;
}

const NO_ANCHOR: Anchor = { stream: "", sequence: "", hash: "" };

/** The operation checks so many entries at once; all of them are one answer here. */
async function verifyAll(api: Api): Promise<AdminAuditVerification> {
  let from: string | undefined;
  let total: AdminAuditVerification | undefined;
  for (;;) {
    const part = bodyOf(
      await api.GET("/admin/audit/verify", { params: { query: { from_stream: from } } }),
    );
    total = total
      ? {
          ...part,
          intact: total.intact && part.intact,
          checked_streams: total.checked_streams + part.checked_streams,
          checked_entries: total.checked_entries + part.checked_entries,
          faults: [...total.faults, ...part.faults],
        }
      : part;
    if (part.next_stream === null) return total;
    from = part.next_stream;
  }
}

async function verifyStream(api: Api, anchor: Anchor): Promise<AdminAuditVerification> {
  const { stream, sequence, hash } = anchor;
  const published =
    sequence && hash ? { anchor_sequence: Number(sequence), anchor_hash: hash } : {};
  return bodyOf(
    await api.GET("/admin/audit/verify", { params: { query: { stream, ...published } } }),
  );
}

const FAULTS = {
  gap: "an entry is missing",
  changed: "an entry does not fit its hash",
  head: "the end is not what was recorded",
  anchor: "the chain does not hold the published end",
} satisfies Record<AdminAuditFault["fault"], string>;

function Outcome({ result }: { readonly result: AdminAuditVerification }) {
  const { intact, faults, checked_entries, checked_streams, checked_at } = result;
  return (
    <>
      <Notice
        tone={intact ? "good" : "bad"}
        title={intact ? "Nothing was changed." : "The log was tampered with."}
      >
        <p>
          {count(checked_entries)} entries in {count(checked_streams)} chains,{" "}
          {result.anchor_checked && "and the published end, "}checked <Time value={checked_at} />.
        </p>
      </Notice>
      {faults.length > 0 && (
        <Table
          caption="What is wrong"
          rows={faults}
          rowKey={({ stream, sequence, fault }) => `${stream} ${sequence} ${fault}`}
          columns={[
            { head: "Chain", cell: ({ stream }) => <code className="whole">{stream}</code> },
            { head: "Position", numeric: true, cell: ({ sequence }) => count(sequence) },
            {
              head: "Fault",
              cell: ({ fault }) => (
                <>
                  <Badge tone="bad">{words(fault)}</Badge> {FAULTS[fault]}
                </>
              ),
            },
          ]}
        />
      )}
    </>
  );
}

function AnchorFields(props: { anchor: Anchor; onChange: (anchor: Anchor) => void }) {
  const { anchor, onChange } = props;
  const set = (part: Partial<Anchor>) => onChange({ ...anchor, ...part });
  return (
    <details className="more-filters">
      <summary>One chain, or against a published end</summary>
      <TextInput
        label="Chain"
        hint="kyc:… or user:… with the id"
        value={anchor.stream}
        onChange={(stream) => set({ stream: stream.trim() })}
      />
      <TextInput
        label="Published position"
        inputMode="numeric"
        value={anchor.sequence}
        onChange={(text) => set({ sequence: text.replace(/\D/g, "") })}
      />
      <TextInput
        label="Published hash"
        value={anchor.hash}
        maxLength={64}
        onChange={(text) => set({ hash: text.trim().toLowerCase() })}
      />
    </details>
  );
}

/** Recomputes the hash chains on the server and says what does not fit. */
export function VerifyCard() {
  const api = useApi();
  const [anchor, setAnchor] = useState(NO_ANCHOR);
  const [result, setResult] = useState<AdminAuditVerification | null>(null);
  const verify = useAction({
    send: (input: Anchor) => (input.stream ? verifyStream(api, input) : verifyAll(api)),
    onDone: setResult,
    onRefused: () => setResult(null),
  });
  return (
    <Card title="Proof">
      <p>Each entry carries the hash of the one before it. A change, a gap or a cut shows.</p>
      <AnchorFields anchor={anchor} onChange={setAnchor} />
      <div className="actions">
        <Button look="primary" busy={verify.isRunning} onClick={() => void verify.run(anchor)}>
          Verify {anchor.stream ? "this chain" : "everything"}
        </Button>
      </div>
      <ErrorNotice error={verify.error} />
      {result && <Outcome result={result} />}
    </Card>
  );
}
