import { useEffect, useState } from "react";
import { Link } from "wouter";
import type {
  AdminAccountStatus,
  AdminUserSummary,
  KycUserStatus,
  StaffRole,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useApi } from "../../auth/auth-context.tsx";
import { useRowKeys } from "../../shell/shortcuts.tsx";
import { Badge, Time } from "../../ui/basics.tsx";
import { Select, TextInput } from "../../ui/form.tsx";
import { fullName, words } from "../../ui/format.ts";
import { Page } from "../../ui/page.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { UserStatusBadge } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { AccountStatus } from "./account-status.tsx";
import { ROLES } from "./roles.ts";

const STATUSES = [
  "active",
  "suspended",
  "soft_deleted",
  "permanently_deleted",
] as const satisfies readonly AdminAccountStatus[];
const KYC_STATUSES = [
  "not_started",
  "action_required",
  "pending",
  "approved",
  "declined",
] as const satisfies readonly KycUserStatus[];
const TYPING_MS = 350;
const PAGE_SIZE = 50;

interface Filters {
  readonly text: string;
  readonly status: AdminAccountStatus | "";
  readonly role: StaffRole | "";
  readonly kyc: KycUserStatus | "";
}
const NO_FILTERS: Filters = { text: "", status: "", role: "", kyc: "" };

/** Follows what is typed once it has paused. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}

const COLUMNS: readonly Column<AdminUserSummary>[] = [
  {
    head: "Person",
    cell: (user) => (
      <>
        <Link href={`/users/${user.user_id}`} className="row-link" data-row="">
          {fullName(user)}
        </Link>
        <div className="small faint">{user.email ?? "No e-mail"}</div>
      </>
    ),
  },
  { head: "Account", cell: ({ account_status }) => <AccountStatus status={account_status} /> },
  { head: "KYC", wide: true, cell: ({ kyc_status }) => <UserStatusBadge status={kyc_status} /> },
  {
    head: "Roles",
    wide: true,
    cell: ({ roles }) => roles.map((role) => <Badge key={role}>{words(role)}</Badge>),
  },
  { head: "Country", wide: true, cell: ({ country }) => country ?? "–" },
  { head: "Created", wide: true, cell: ({ created_at }) => <Time value={created_at} /> },
  { head: "Last here", wide: true, cell: ({ last_sign_in_at: at }) => <Time value={at} /> },
];

interface FilterBarProps {
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
}

function FilterBar({ filters, onChange }: FilterBarProps) {
  return (
    <search className="filters">
      <TextInput
        label="Name, e-mail or id"
        type="search"
        autoComplete="off"
        maxLength={100}
        value={filters.text}
        onChange={(text) => onChange({ ...filters, text })}
      />
      <Select
        label="Account"
        none="Not deleted"
        options={STATUSES}
        value={filters.status}
        onChange={(status) => onChange({ ...filters, status })}
      />
      <Select
        label="KYC"
        none="Any"
        options={KYC_STATUSES}
        value={filters.kyc}
        onChange={(kyc) => onChange({ ...filters, kyc })}
      />
      <Select
        label="Role"
        none="Any or none"
        options={ROLES}
        value={filters.role}
        onChange={(role) => onChange({ ...filters, role })}
      />
    </search>
  );
}

/** Everybody with an account. What is typed stays in memory: it names people. */
export function UsersPage() {
  const api = useApi();
  const [filters, setFilters] = useState(NO_FILTERS);
  const { status, role, kyc } = filters;
  const q = usePaused(filters.text).trim();
  useRowKeys("person");
  const list = useList({
    queryKey: ["users", "list", q, status, role, kyc],
    read: async (cursor) =>
      bodyOf(
        await api.GET("/admin/users", {
          params: {
            query: {
              sort: "-created_at",
              limit: PAGE_SIZE,
              cursor,
              q: q.length > 1 ? q : undefined,
              status: status ? [status] : undefined,
              role: role ? [role] : undefined,
              kyc_status: kyc ? [kyc] : undefined,
            },
          },
        }),
      ),
  });
  return (
    <Page title="Users">
      <FilterBar filters={filters} onChange={setFilters} />
      <PagesOf list={list} empty="Nobody matches.">
        {(items) => (
          <Table
            caption="Users, newest first"
            columns={COLUMNS}
            rows={items}
            rowKey={({ user_id }) => user_id}
          />
        )}
      </PagesOf>
    </Page>
  );
}
