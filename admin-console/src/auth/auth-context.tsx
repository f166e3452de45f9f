import { useQuery, useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react";
import type { Me, StaffRole } from "../../../supabase/functions/_shared/generated/contract.ts";
import { type Api, bodyOf, createApi } from "../api/client.ts";
import { mayCall, type OperationId } from "../api/permissions.ts";
import type { ConsoleConfig } from "../config.ts";
import { type Auth, owesSecondFactor } from "./session.ts";

export type SignInState = "unknown" | "signed-out" | "code-owed" | "signed-in";

interface AuthValue {
  readonly auth: Auth;
  readonly api: Api;
  readonly config: ConsoleConfig;
  readonly state: SignInState;
  /** Why the last session ended, for the sign-in page. */
  readonly farewell: string | null;
  readonly signOut: (why?: string) => Promise<void>;
  /** Looks again at what the session is: after a code was given. */
  readonly refresh: () => Promise<void>;
}

const AuthContext = createContext<AuthValue | null>(null);

async function stateOf(auth: Auth): Promise<SignInState> {
  const { data } = await auth.getSession();
  if (!data.session) return "signed-out";
  return (await owesSecondFactor(auth)) ? "code-owed" : "signed-in";
}

function useSignInState(auth: Auth) {
  const queries = useQueryClient();
  const [state, setState] = useState<SignInState>("unknown");
  const refresh = useCallback(async () => setState(await stateOf(auth)), [auth]);
  useEffect(() => {
    void refresh();
    const { data } = auth.onAuthStateChange((event) => {
      // supabase-js holds its lock while it tells this: anything that asks it has to wait a turn.
      if (event !== "SIGNED_OUT") return void setTimeout(() => void refresh(), 0);
      setState("signed-out");
      // However it ended: nothing that was read stays behind for whoever sits down next.
      queries.clear();
    });
    return () => data.subscription.unsubscribe();
  }, [auth, queries, refresh]);
  return { state, refresh };
}

interface Props {
  readonly auth: Auth;
  readonly config: ConsoleConfig;
  readonly children: ReactNode;
}

export function AuthProvider({ auth, config, children }: Props) {
  const { state, refresh } = useSignInState(auth);
  const [farewell, setFarewell] = useState<string | null>(null);

  const signOut = useCallback(
    async (why?: string) => {
      setFarewell(why ?? null);
      await auth.signOut({ scope: "local" });
    },
    [auth],
  );
  const api = useMemo(
    () =>
      createApi({
        supabaseUrl: config.supabase_url,
        token: async () => (await auth.getSession()).data.session?.access_token ?? null,
        onSessionEnd: (problem) => void signOut(problem.detail),
      }),
    [auth, config, signOut],
  );
  const value = useMemo(
    () => ({ auth, api, config, state, farewell, signOut, refresh }),
    [auth, api, config, state, farewell, signOut, refresh],
  );
  return <AuthContext value={value}>{children}</AuthContext>;
}

export function useAuth(): AuthValue {
  const value = useContext(AuthContext);
  if (!value) throw new Error("useAuth is for components inside AuthProvider.");
  return value;
}

export const useApi = (): Api => useAuth().api;

/** Who is signed in; undefined until it is known. */
export function useMe(): { readonly me: Me | undefined; readonly error: unknown } {
  const { api, state } = useAuth();
  const { data, error } = useQuery({
    queryKey: ["me"],
    queryFn: async () => bodyOf(await api.GET("/users/me")),
    enabled: state === "signed-in",
    staleTime: 60_000,
  });
  return { me: data, error };
}

const NO_ROLES: readonly StaffRole[] = [];

/** Asks whether the person's roles allow an operation. */
export function useCan(): (id: OperationId) => boolean {
  const { me } = useMe();
  const roles = me?.roles ?? NO_ROLES;
  return useCallback((id: OperationId) => mayCall(roles, id), [roles]);
}
