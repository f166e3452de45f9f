import { Link } from "wouter";
import type {
  AdminKycAttempt,
  AdminKycCase,
  AdminProviderCheck,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { Badge, Card, Empty, Facts, Id, Time, type Tone } from "../../ui/basics.tsx";
import { words } from "../../ui/format.ts";
import { RiskBadge, StatusBadge } from "../../ui/status.tsx";
import { Table } from "../../ui/table.tsx";

const CHECK_TONES = {
  clear: "good",
  consider: "warn",
  failed: "bad",
  not_run: "neutral",
} satisfies Record<AdminProviderCheck["result"], Tone>;

function Attempt({ attempt }: { readonly attempt: AdminKycAttempt }) {
  const { provider_outcome: outcome, provider_reason_codes: reasons } = attempt;
  return (
    <div className="attempt">
      <h3>Attempt {attempt.attempt}</h3>
      <Facts
        items={[
          ["Provider", attempt.provider],
          ["Outcome", outcome ? words(outcome) : "None yet"],
          ["Reasons", reasons.map(words).join(", ")],
          ["Sent", <Time key="sent" value={attempt.submitted_at} absolute />],
          ["Answered", <Time key="answered" value={attempt.outcome_at} absolute />],
          ["Reference", attempt.provider_reference],
        ]}
      />
      {attempt.checks.length > 0 && (
        <Table
          caption={`Checks of attempt ${attempt.attempt}`}
          rows={attempt.checks}
          rowKey={({ name }) => name}
          columns={[
            { head: "Check", cell: ({ name }) => words(name) },
            {
              head: "Result",
              cell: ({ result }) => <Badge tone={CHECK_TONES[result]}>{words(result)}</Badge>,
            },
            { head: "Score", numeric: true, cell: ({ score }) => score ?? "–" },
          ]}
        />
      )}
    </div>
  );
}

export function ProviderCard({ attempts }: Pick<AdminKycCase, "attempts">) {
  return (
    <Card title="What the provider says">
      {attempts.length === 0 && <Empty>Nothing was sent to a provider.</Empty>}
      {attempts.toReversed().map((attempt) => (
        <Attempt key={attempt.attempt} attempt={attempt} />
      ))}
    </Card>
  );
}

export function RiskCard({ risk }: Pick<AdminKycCase, "risk">) {
  if (!risk) return null;
  return (
    <Card title="Risk" aside={<RiskBadge level={risk.level} />}>
      <p className="small faint">
        Score {risk.score}, rules version {risk.rules_version}, <Time value={risk.assessed_at} />
      </p>
      <ul>
        {risk.reasons.map(({ code, explanation, points }) => (
          <li key={code}>
            {explanation} <span className="faint">({points})</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const MATCHES = {
  document_sha256: "Same file",
  document_number: "Same document number",
  name_and_date_of_birth: "Same name and date of birth",
  device: "Same device",
} satisfies Record<AdminKycCase["duplicates"][number]["match"], string>;

export function RelatedCard({ duplicates }: Pick<AdminKycCase, "duplicates">) {
  if (duplicates.length === 0) return null;
  return (
    <Card title="Related cases">
      <ul className="plain">
        {duplicates.map(({ verification_id, match, status, created_at }) => (
          <li key={verification_id + match}>
            <Link href={`/cases/${verification_id}`}>
              Case <Id value={verification_id} />
            </Link>
            : {MATCHES[match]} <StatusBadge status={status} /> <Time value={created_at} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function ReviewsCard({ reviews }: Pick<AdminKycCase, "reviews">) {
  if (reviews.length === 0) return null;
  return (
    <Card title="Decisions of staff">
      <ul className="plain entries">
        {reviews.map((review) => (
          <li key={review.review_id}>
            <strong>{words(review.action)}</strong>
            {review.vote && <Badge>{words(review.vote)}</Badge>}
            <div className="small faint">
              <Id value={review.reviewer_id} />, <Time value={review.created_at} />
            </div>
            {review.reason_code && <div>{words(review.reason_code)}</div>}
            {review.note && <div className="note">{review.note}</div>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function TimelineCard({ timeline }: Pick<AdminKycCase, "timeline">) {
  return (
    <Card title="Timeline">
      <ol className="timeline">
        {timeline.map((entry) => (
          <li key={entry.entry_id}>
            <strong>
              {entry.to_status ? words(entry.to_status) : words(entry.action.replace(/^kyc\./, ""))}
            </strong>
            {entry.internal_reason_code && <Badge>{words(entry.internal_reason_code)}</Badge>}
            <div className="small faint">
              {words(entry.actor)}
              {entry.actor_id && entry.actor === "staff" && (
                <>
                  {" "}
                  <Id value={entry.actor_id} />
                </>
              )}
              , <Time value={entry.at} absolute />
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}
