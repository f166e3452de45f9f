import { useCan, useMe } from "../../auth/auth-context.tsx";
import { useShortcut } from "../../shell/shortcuts.tsx";
import { Button, Id, Time } from "../../ui/basics.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { type CaseTools, type OpenCase, useCaseAction } from "./use-case.ts";

const HOLD_MINUTES = 30;

interface HoldBarProps {
  readonly open: OpenCase;
  readonly tools: CaseTools;
}

/** Who works on the case, so that two do not do the same. */
export function HoldBar({ open, tools }: HoldBarProps) {
  const { me } = useMe();
  const can = useCan();
  const { verification_id, assignee_id, lease_expires_at } = open.case.verification;
  const params = { path: { verification_id } };
  const hold = useCaseAction({
    tools,
    send: (api) =>
      api.POST("/admin/kyc/{verification_id}/assign", {
        params,
        body: { assignee_id: me?.user_id ?? "", lease_minutes: HOLD_MINUTES },
      }),
  });
  const release = useCaseAction({
    tools,
    send: (api) => api.POST("/admin/kyc/{verification_id}/release", { params }),
  });
  const isMine = assignee_id !== null && assignee_id === me?.user_id;
  useShortcut("h", "Hold this case", () => void hold.run(undefined), can("admin.assignKyc"));
  return (
    <div className="hold">
      <p>
        {assignee_id === null && "Nobody holds this case."}
        {isMine && (
          <>
            You hold this case, <Time value={lease_expires_at} absolute={false} /> it is free again.
          </>
        )}
        {assignee_id !== null && !isMine && (
          <>
            Held by <Id value={assignee_id} />, free <Time value={lease_expires_at} />.
          </>
        )}
      </p>
      {can("admin.assignKyc") && (
        <div className="actions">
          <Button busy={hold.isRunning} onClick={() => void hold.run(undefined)}>
            {isMine ? "Hold longer" : assignee_id === null ? "Hold" : "Take over"}
          </Button>
          {assignee_id !== null && (
            <Button
              look="quiet"
              busy={release.isRunning}
              onClick={() => void release.run(undefined)}
            >
              Release
            </Button>
          )}
        </div>
      )}
      <ErrorNotice error={hold.error ?? release.error} />
    </div>
  );
}
