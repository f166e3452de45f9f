import { type FormEvent, useEffect, useState } from "react";
import { type SignInState, useAuth } from "../../auth/auth-context.tsx";
import { answerChallenge } from "../../auth/second-factor.ts";
import { Button } from "../../ui/basics.tsx";
import { TextInput } from "../../ui/form.tsx";
import { Notice } from "../../ui/notice.tsx";
import { CodeForm } from "./code-form.tsx";

function PasswordForm() {
  const { auth } = useAuth();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    const { error } = await auth.signInWithPassword({ email: email.trim(), password });
    setBusy(false);
    if (!error) return;
    setPassword("");
    setRefusal(
      error.code === "invalid_credentials"
        ? "E-mail address or password is not right."
        : error.message,
    );
  };
  return (
    <form onSubmit={submit}>
      {refusal && <Notice tone="bad">{refusal}</Notice>}
      <TextInput
        label="E-mail"
        type="email"
        value={email}
        onChange={setEmail}
        autoComplete="username"
        required
      />
      <TextInput
        label="Password"
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        required
      />
      <div className="actions">
        <Button look="primary" type="submit" busy={isBusy}>
          Sign in
        </Button>
      </div>
    </form>
  );
}

function SecondStep() {
  const { auth, refresh, signOut } = useAuth();
  return (
    <CodeForm
      submitLabel="Continue"
      onCode={async (code) => {
        const refusal = await answerChallenge(auth, code);
        if (refusal === null) await refresh();
        return refusal;
      }}
    >
      <Button look="quiet" onClick={() => void signOut()}>
        Use another account
      </Button>
    </CodeForm>
  );
}

export function SignInPage({ state }: { readonly state: SignInState }) {
  const { farewell } = useAuth();
  const isSecond = state === "code-owed";
  const title = isSecond ? "Second step" : "Sign in";
  useEffect(() => {
    document.title = `${title} · Back office`;
  }, [title]);
  return (
    <main className="alone">
      <p className="brand">Back office</p>
      <h1>{title}</h1>
      {farewell && !isSecond && <Notice>{farewell}</Notice>}
      {isSecond ? <SecondStep /> : <PasswordForm />}
    </main>
  );
}
