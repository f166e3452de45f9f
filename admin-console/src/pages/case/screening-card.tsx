import { useState } from "react";
import type {
  AdminKycCase,
  AdminScreeningHit,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { useCan } from "../../auth/auth-context.tsx";
import { Badge, Button, Card, Facts, Time, type Tone } from "../../ui/basics.tsx";
import { TextArea } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice } from "../../ui/notice.tsx";
import { type CaseTools, useCaseAction } from "./use-case.ts";

const TONES = {
  open: "warn",
  confirmed: "bad",
  dismissed: "good",
} satisfies Record<AdminScreeningHit["status"], Tone>;

interface HitProps {
  readonly hit: AdminScreeningHit;
  readonly id: string;
  readonly tools: CaseTools;
}

function HitForm({ hit, id, tools }: HitProps) {
  const [note, setNote] = useState("");
  const decide = useCaseAction({
    tools,
    send: (api, decision: "confirm" | "dismiss", key) =>
      api.POST("/admin/kyc/{verification_id}/screening-hits/{hit_id}/decision", {
        params: {
          path: { verification_id: id, hit_id: hit.hit_id },
          header: { "Idempotency-Key": key },
        },
        body: { decision, entry_hash: hit.entry_hash, note: note.trim() },
      }),
    onDone: () => setNote(""),
  });
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <TextArea
        label="Why it is, or is not, this person"
        value={note}
        onChange={setNote}
        rows={2}
        maxLength={2000}
      />
      <ErrorNotice error={decide.error} />
      <div className="actions">
        <Button
          disabled={note.trim() === ""}
          busy={decide.isRunning}
          onClick={() => void decide.run("dismiss")}
        >
          Not this person
        </Button>
        <Button
          look="danger"
          disabled={note.trim() === ""}
          busy={decide.isRunning}
          onClick={() => void decide.run("confirm")}
        >
          It is this person
        </Button>
      </div>
    </form>
  );
}

function Hit({ hit, id, tools }: HitProps) {
  const can = useCan();
  const { entry } = hit;
  return (
    <li>
      <h3>
        {entry?.name ?? hit.entry_id} <Badge tone={TONES[hit.status]}>{words(hit.status)}</Badge>
        {!hit.is_listed && <Badge>No longer listed</Badge>}
      </h3>
      <Facts
        items={[
          ["List", `${hit.list_name} (${words(hit.kind)})`],
          ["Matched", `${hit.matched_name}, ${Math.round(hit.score * 100)} %`],
          ["Also known as", entry?.aliases.join(", ") ?? ""],
          ["Born", entry?.birth_dates.join(", ") ?? ""],
          ["Countries", entry?.countries.join(", ") ?? ""],
          ["Found", <Time key="found" value={hit.found_at} />],
        ]}
      />
      {hit.status === "open" && can("admin.decideScreeningHit") && (
        <HitForm hit={hit} id={id} tools={tools} />
      )}
    </li>
  );
}

interface ScreeningCardProps {
  readonly hits: AdminKycCase["screening_hits"];
  readonly id: string;
  readonly tools: CaseTools;
}

export function ScreeningCard({ hits, id, tools }: ScreeningCardProps) {
  if (hits.length === 0) return null;
  return (
    <Card title="Screening">
      <ul className="plain entries">
        {hits.map((hit) => (
          <Hit key={hit.hit_id} hit={hit} id={id} tools={tools} />
        ))}
      </ul>
    </Card>
  );
}
