import { Suspense } from "react";
import { Route, Router, Switch } from "wouter";
import { mayCall } from "./api/permissions.ts";
import { useAuth, useMe } from "./auth/auth-context.tsx";
import { SignInPage } from "./pages/sign-in/sign-in-page.tsx";
import { type PageRoute, routes } from "./routes.ts";
import { Shell } from "./shell/shell.tsx";
import { Button, Loading } from "./ui/basics.tsx";
import { ErrorNotice, Notice } from "./ui/notice.tsx";
import { Page } from "./ui/page.tsx";

/** Wouter wants the base without the slash at its end. */
const BASE = import.meta.env.BASE_URL.replace(/\/$/, "");

function Nowhere() {
  return (
    <Page title="Nothing here">
      <p>This page does not exist, or your role does not open it.</p>
    </Page>
  );
}

function NoStaff() {
  const { signOut } = useAuth();
  return (
    <main className="alone">
      <Notice tone="warn" title="This account has no staff role">
        <p>The back office is for staff. An administrator grants roles.</p>
        <Button onClick={() => void signOut()}>Sign out</Button>
      </Notice>
    </main>
  );
}

function Pages({ open }: { readonly open: readonly PageRoute[] }) {
  return (
    <Suspense fallback={<Loading />}>
      <Switch>
        {open.map(({ path, page: View }) => (
          <Route key={path} path={path}>
            <View />
          </Route>
        ))}
        <Route>
          <Nowhere />
        </Route>
      </Switch>
    </Suspense>
  );
}

function SignedIn() {
  const { me, error } = useMe();
  if (error) {
    return (
      <main className="alone">
        <ErrorNotice error={error} onRetry={() => window.location.reload()} />
      </main>
    );
  }
  if (!me) return <Loading what="Signing in" />;
  if (me.roles.length === 0) return <NoStaff />;
  const open = routes.filter(({ needs }) => needs === null || mayCall(me.roles, needs));
  return (
    <Shell me={me} routes={open}>
      <Pages open={open} />
    </Shell>
  );
}

export function App() {
  const { state } = useAuth();
  if (state === "unknown") return <Loading />;
  return (
    <Router base={BASE}>
      {state === "signed-in" ? <SignedIn /> : <SignInPage state={state} />}
    </Router>
  );
}
