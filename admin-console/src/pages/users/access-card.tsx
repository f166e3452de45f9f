import { useCan } from "../../auth/auth-context.tsx";
import { Button, Card, Facts, Time } from "../../ui/basics.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { type UserPartProps, useUserAction } from "./use-user.ts";

/** How somebody gets in: sessions, password, second factor. */
export function AccessCard({ open, tools }: UserPartProps) {
  const can = useCan();
  const { user, active_sessions, second_factor_enrolled } = open.user;
  const paramsOf = (key: string) => ({
    path: { user_id: user.user_id },
    header: { "Idempotency-Key": key },
  });
  const reset = useUserAction({
    send: async (api, _: undefined, key) =>
      (await api.POST("/admin/users/{user_id}/password-reset", { params: paramsOf(key) })).data,
    onDone: () => tools.say("An e-mail with a link for a new password is on its way."),
  });
  const signOut = useUserAction({
    send: async (api, _: undefined, key) =>
      (await api.POST("/admin/users/{user_id}/sign-out", { params: paramsOf(key) })).data,
    onDone: (answer) =>
      tools.say(`Signed out: ${answer?.ended_sessions ?? 0} sessions have ended.`),
  });
  return (
    <Card title="Access">
      <Facts
        items={[
          ["Sessions", String(active_sessions)],
          ["Second factor", second_factor_enrolled ? "Enrolled" : "None"],
          ["Last sign-in", <Time key="last" value={user.last_sign_in_at} />],
        ]}
      />
      <ErrorNotice error={reset.error ?? signOut.error} />
      <div className="actions below">
        {can("admin.sendPasswordReset") && (
          <Button busy={reset.isRunning} onClick={() => void reset.run(undefined)}>
            Send a password reset
          </Button>
        )}
        {can("admin.signOutUser") && (
          <Button busy={signOut.isRunning} onClick={() => void signOut.run(undefined)}>
            Sign out everywhere
          </Button>
        )}
      </div>
    </Card>
  );
}
