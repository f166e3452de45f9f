import { useMemo, useState } from "react";
import { Link, useParams } from "wouter";
import type { AdminUser } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { useCan } from "../../auth/auth-context.tsx";
import { Card, Empty, Facts, Id, Loading, Time } from "../../ui/basics.tsx";
import { fullName, words } from "../../ui/format.ts";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { RiskBadge, StatusBadge, UserStatusBadge } from "../../ui/status.tsx";
import { Table } from "../../ui/table.tsx";
import { AccessCard } from "./access-card.tsx";
import { AccountStatus } from "./account-status.tsx";
import { HoldsCard } from "./holds-card.tsx";
import { RolesCard } from "./roles-card.tsx";
import { SuspendCard } from "./suspend-card.tsx";
import { type OpenUser, type UserPartProps, useUser } from "./use-user.ts";

function ProfileCard({ user, profile, address }: AdminUser) {
  return (
    <Card title="Profile">
      <Facts
        items={[
          ["Salutation", profile.salutation],
          ["Date of birth", profile.date_of_birth],
          ["E-mail", user.email],
          ["Phone", profile.phone],
          [
            "Address",
            address &&
              [
                address.street_address_1,
                address.street_address_2,
                `${address.postal_code} ${address.city}`,
                address.state_region,
                address.country,
              ]
                .filter(Boolean)
                .join(", "),
          ],
          ["Created", <Time key="created" value={user.created_at} absolute />],
          ["User", <Id key="id" value={user.user_id} />],
        ]}
      />
    </Card>
  );
}

function VerificationsCard({ verifications }: Pick<AdminUser, "verifications">) {
  const can = useCan();
  return (
    <Card title="Verifications">
      {verifications.length === 0 && <Empty>None.</Empty>}
      {verifications.length > 0 && (
        <Table
          caption="Verifications"
          rows={verifications}
          rowKey={({ verification_id }) => verification_id}
          columns={[
            {
              head: "Case",
              cell: ({ verification_id: id }) =>
                can("admin.getKyc") ? (
                  <Link href={`/cases/${id}`}>
                    <Id value={id} />
                  </Link>
                ) : (
                  <Id value={id} />
                ),
            },
            { head: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
            {
              head: "Risk",
              wide: true,
              cell: ({ risk_level }) => <RiskBadge level={risk_level} />,
            },
            {
              head: "Reason",
              wide: true,
              cell: ({ internal_reason_code: code }) => (code ? words(code) : "–"),
            },
            { head: "Decided", wide: true, cell: ({ decided_at }) => <Time value={decided_at} /> },
          ]}
        />
      )}
    </Card>
  );
}

function ConsentsCard({ consents }: Pick<AdminUser, "consents">) {
  return (
    <Card title="Consents">
      {consents.length === 0 && <Empty>None.</Empty>}
      <ul className="plain">
        {consents.map(({ consent_id, document, version, given_at }) => (
          <li key={consent_id}>
            {words(document)} {version}{" "}
            <span className="small faint">
              <Time value={given_at} absolute />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Parts(part: UserPartProps) {
  const can = useCan();
  const { user } = part.open;
  return (
    <div className="case">
      <div className="knowledge">
        <ProfileCard {...user} />
        <VerificationsCard verifications={user.verifications} />
        <ConsentsCard consents={user.consents} />
      </div>
      <aside aria-label="Account" className="work">
        <SuspendCard {...part} />
        <AccessCard {...part} />
        <RolesCard {...part} />
        {can("admin.listLegalHolds") && <HoldsCard {...part} />}
      </aside>
    </div>
  );
}

function UserView({ id }: { readonly id: string }) {
  const query = useUser(id);
  const [said, say] = useState<string | null>(null);
  const tools = useMemo(() => ({ say }), []);
  if (query.isPending) return <Loading />;
  if (!query.data) {
    return (
      <Page title="User">
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      </Page>
    );
  }
  const open: OpenUser = { user: query.data.value, etag: query.data.etag };
  const { user, profile } = open.user;
  return (
    <Page
      title={fullName(profile)}
      actions={
        <>
          <AccountStatus status={user.account_status} />
          <UserStatusBadge status={user.kyc_status} />
        </>
      }
    >
      {said && <Notice tone="good">{said}</Notice>}
      <Parts open={open} tools={tools} />
    </Page>
  );
}

export function UserPage() {
  const { user_id: id = "" } = useParams();
  return <UserView key={id} id={id} />;
}
