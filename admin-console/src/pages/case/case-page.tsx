import { useMemo, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import type { AdminKycCase } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { useCan } from "../../auth/auth-context.tsx";
import { useShortcut } from "../../shell/shortcuts.tsx";
import { Badge, Card, Facts, Id, Loading, Time } from "../../ui/basics.tsx";
import { fullName, words } from "../../ui/format.ts";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { RiskBadge, StatusBadge } from "../../ui/status.tsx";
import { DecisionForm } from "./decision-form.tsx";
import { DocumentsCard } from "./documents-card.tsx";
import { ProviderCard, RelatedCard, ReviewsCard, RiskCard, TimelineCard } from "./facts-cards.tsx";
import { HoldBar } from "./hold-bar.tsx";
import { NotesCard } from "./notes-card.tsx";
import { OtherActions } from "./other-actions.tsx";
import { PersonCard } from "./person-card.tsx";
import { ScreeningCard } from "./screening-card.tsx";
import { SecondVote } from "./second-vote.tsx";
import { type CaseTools, type OpenCase, useCase } from "./use-case.ts";

interface PartProps {
  readonly open: OpenCase;
  readonly tools: CaseTools;
}

function Summary({ verification, previous_id }: AdminKycCase) {
  const { internal_reason_code: reason } = verification;
  return (
    <Card title="Case" className="summary">
      <Facts
        items={[
          ["Why it is here", reason ? words(reason) : ""],
          ["Attempt", `${verification.attempt} of ${verification.max_attempts}`],
          ["Waiting since", <Time key="waiting" value={verification.waiting_since} />],
          ["Due", <Time key="due" value={verification.due_at} />],
          ["Submitted", <Time key="submitted" value={verification.submitted_at} absolute />],
          ["Approved until", <Time key="expires" value={verification.expires_at} absolute />],
          ["Case", <Id key="id" value={verification.verification_id} />],
          ["User", <Id key="user" value={verification.user_id} />],
          [
            "Before",
            previous_id && (
              <Link key="previous" href={`/cases/${previous_id}`}>
                Earlier case
              </Link>
            ),
          ],
        ]}
      />
    </Card>
  );
}

const DECIDABLE = new Set(["in_review", "resubmission_required"]);

/** What there is to do, beside what there is to know. */
function Work({ open, tools }: PartProps) {
  const can = useCan();
  const { verification, pending_approval: pending, notes } = open.case;
  const mayDecide = can("admin.decideKyc") && DECIDABLE.has(verification.status);
  return (
    <aside aria-label="Work" className="work" id="work">
      {pending && <SecondVote open={open} pending={pending} tools={tools} />}
      {mayDecide && (
        <Card title="Decision" id="decision">
          {verification.status === "in_review" && <HoldBar open={open} tools={tools} />}
          <DecisionForm open={open} tools={tools} />
        </Card>
      )}
      <OtherActions open={open} tools={tools} />
      <NotesCard notes={notes} id={verification.verification_id} tools={tools} />
    </aside>
  );
}

function Knowledge({ open, tools }: PartProps) {
  const { verification, subject, attempts, documents, screening_hits: hits } = open.case;
  const id = verification.verification_id;
  return (
    <div className="knowledge">
      <Summary {...open.case} />
      <PersonCard subject={subject} attempt={attempts.at(-1)} />
      <DocumentsCard documents={documents} verificationId={id} />
      <ScreeningCard hits={hits} id={id} tools={tools} />
      <RiskCard risk={open.case.risk} />
      <ProviderCard attempts={attempts} />
      <RelatedCard duplicates={open.case.duplicates} />
      <ReviewsCard reviews={open.case.reviews} />
      <TimelineCard timeline={open.case.timeline} />
    </div>
  );
}

function News({ news }: { readonly news: readonly string[] }) {
  if (news.length === 0) return null;
  return (
    <Notice tone="warn" title="This case has changed meanwhile; it is shown as it is now">
      <ul>
        {news.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Notice>
  );
}

function CaseView({ id }: { readonly id: string }) {
  const [, go] = useLocation();
  const { query, news, expectChange, reload } = useCase(id);
  const [said, say] = useState<string | null>(null);
  const tools = useMemo(() => ({ expectChange, reload, say }), [expectChange, reload]);
  useShortcut("u", "Back to the queue", () => go("/"));
  useShortcut("d", "Decide", () =>
    document.querySelector<HTMLElement>("#decision input, #decision select")?.focus(),
  );
  if (query.isPending) return <Loading />;
  if (!query.data) {
    return (
      <Page title="Case">
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      </Page>
    );
  }
  const open: OpenCase = { case: query.data.value, etag: query.data.etag };
  const { verification, subject } = open.case;
  return (
    <Page
      title={fullName(subject)}
      actions={
        <>
          <StatusBadge status={verification.status} />
          {verification.risk_level && <RiskBadge level={verification.risk_level} />}
          {verification.flags.map((flag) => (
            <Badge key={flag}>{words(flag)}</Badge>
          ))}
        </>
      }
    >
      {said && (
        <Notice tone="good">
          <p>
            {said} <Link href="/">Back to the queue</Link>
          </p>
        </Notice>
      )}
      <News news={news} />
      <p className="to-work">
        <a href="#work">Go to the decision and the notes</a>
      </p>
      <div className="case">
        <Knowledge open={open} tools={tools} />
        <Work open={open} tools={tools} />
      </div>
    </Page>
  );
}

export function CasePage() {
  const { verification_id: id = "" } = useParams();
  // Another case begins afresh: nothing typed for one may be sent for another.
  return <CaseView key={id} id={id} />;
}
