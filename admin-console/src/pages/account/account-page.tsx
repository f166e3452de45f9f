import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAuth, useMe } from "../../auth/auth-context.tsx";
import { beginEnrolment, type Enrolment, proveEnrolment } from "../../auth/second-factor.ts";
import { Badge, Button, Card, Facts, Id, Loading, Time } from "../../ui/basics.tsx";
import { words } from "../../ui/format.ts";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { CodeForm } from "../sign-in/code-form.tsx";

const FACTORS = ["factors"];

function EnrolmentForm({ enrolment, onEnd }: { enrolment: Enrolment; onEnd: () => void }) {
  const { auth } = useAuth();
  const queries = useQueryClient();
  return (
    <div className="enrolment">
      <img
        src={enrolment.picture}
        width="180"
        height="180"
        alt="Code to scan with an authenticator"
      />
      <div>
        <p>Scan this with an authenticator, or type the key into it:</p>
        <p>
          <code className="whole" data-testid="totp-secret">
            {enrolment.secret}
          </code>
        </p>
        <CodeForm
          submitLabel="Finish"
          onCode={async (code) => {
            const refusal = await proveEnrolment(auth, enrolment, code);
            if (refusal === null) {
              await queries.invalidateQueries({ queryKey: FACTORS });
              onEnd();
            }
            return refusal;
          }}
        >
          <Button look="quiet" onClick={onEnd}>
            Cancel
          </Button>
        </CodeForm>
      </div>
    </div>
  );
}

function SecondFactor() {
  const { auth } = useAuth();
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const { data: factors, isPending } = useQuery({
    queryKey: FACTORS,
    queryFn: async () => (await auth.mfa.listFactors()).data?.totp ?? [],
  });
  const begin = () => {
    setFailure(null);
    beginEnrolment(auth).then(setEnrolment, setFailure);
  };
  if (isPending) return <Loading />;
  if (enrolment) return <EnrolmentForm enrolment={enrolment} onEnd={() => setEnrolment(null)} />;
  if (!factors || factors.length === 0) {
    return (
      <>
        <p>Decisions, documents, roles and keys may ask for a second factor.</p>
        {failure !== null && <ErrorNotice error={failure} />}
        <Button look="primary" onClick={begin}>
          Set up an authenticator
        </Button>
      </>
    );
  }
  return (
    <>
      <Notice tone="good">Your account is protected by a second factor.</Notice>
      <ul className="plain">
        {factors.map(({ id, friendly_name, created_at }) => (
          <li key={id}>
            {friendly_name ?? "Authenticator"}, since <Time value={created_at} absolute />
          </li>
        ))}
      </ul>
    </>
  );
}

/** What somebody sees of the own account. */
export function AccountPage() {
  const { me } = useMe();
  if (!me) return <Loading />;
  return (
    <Page title="Your account">
      <Card title="You">
        <Facts
          items={[
            ["E-mail", me.email],
            ["User", <Id key="id" value={me.user_id} />],
            ["Roles", me.roles.map((role) => <Badge key={role}>{words(role)}</Badge>)],
          ]}
        />
      </Card>
      <Card title="Second factor">
        <SecondFactor />
      </Card>
    </Page>
  );
}
