import { type FormEvent, useState } from "react";
import type {
  AdminPendingRoleChange,
  AdminPutUserRolesRequest,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { useCan, useMe } from "../../auth/auth-context.tsx";
import { Badge, Button, Card, Empty, Facts, Id, Time } from "../../ui/basics.tsx";
import { Choices } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { ROLES } from "./roles.ts";
import { type UserPartProps, useUserAction } from "./use-user.ts";

function usePutRoles({ open, tools }: UserPartProps) {
  return useUserAction({
    send: async (api, body: AdminPutUserRolesRequest) => {
      const path = { user_id: open.user.user.user_id };
      const params = { path, header: { "If-Match": open.etag } };
      return (await api.PUT("/admin/users/{user_id}/roles", { params, body })).data;
    },
    onDone: (answer) =>
      tools.say(
        answer?.result === "pending_second_approval"
          ? "Recorded. Another administrator has to confirm it."
          : "The roles are in force.",
      ),
  });
}

/** Roles that reach far are granted by two administrators. */
function Pending({ pending, ...part }: UserPartProps & { pending: AdminPendingRoleChange }) {
  const { me } = useMe();
  const put = usePutRoles(part);
  const isOwn = pending.requested_by === me?.user_id;
  const { approval_id, roles } = pending;
  return (
    <Notice tone="warn" title="A change waits for a second administrator">
      <Facts
        items={[
          ["Roles", roles.map(words).join(", ") || "None"],
          ["Asked by", isOwn ? "You" : <Id key="by" value={pending.requested_by} />],
          ["Until", <Time key="until" value={pending.expires_at} absolute />],
        ]}
      />
      <ErrorNotice error={put.error} />
      {!isOwn && (
        <Button
          look="primary"
          busy={put.isRunning}
          onClick={() => void put.run({ roles, approval_id })}
        >
          Confirm these roles
        </Button>
      )}
    </Notice>
  );
}

function RolesForm(part: UserPartProps) {
  const [roles, setRoles] = useState(part.open.user.user.roles);
  const put = usePutRoles(part);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void put.run({ roles });
  };
  return (
    <form onSubmit={submit}>
      <Choices legend="Roles" options={ROLES} chosen={roles} onChange={setRoles} />
      <ErrorNotice error={put.error} />
      <div className="actions">
        <Button type="submit" busy={put.isRunning}>
          Save roles
        </Button>
      </div>
    </form>
  );
}

export function RolesCard(part: UserPartProps) {
  const can = useCan();
  const { me } = useMe();
  const { user, role_grants: grants, pending_role_change: pending } = part.open.user;
  const mayChange = can("admin.putUserRoles") && me?.user_id !== user.user_id;
  if (grants.length === 0 && !pending && !mayChange) return null;
  return (
    <Card title="Staff roles">
      {pending && <Pending {...part} pending={pending} />}
      {grants.length === 0 && <Empty>No staff role.</Empty>}
      <ul className="plain">
        {grants.map(({ role, granted_by, granted_at }) => (
          <li key={role}>
            <Badge>{words(role)}</Badge>{" "}
            <span className="small faint">
              since <Time value={granted_at} absolute />
              {granted_by && (
                <>
                  {" "}
                  by <Id value={granted_by} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      {mayChange && <RolesForm key={user.version} {...part} />}
    </Card>
  );
}
