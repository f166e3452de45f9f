import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { ConsoleConfig } from "../config.ts";

/** Where supabase-js keeps the session: it ends with the tab. */
const STORAGE_KEY = "back-office.session";

export type Auth = SupabaseClient["auth"];

export function createAuth(config: ConsoleConfig): Auth {
  const { auth } = createClient(config.supabase_url, config.publishable_key, {
    auth: {
      storage: window.sessionStorage,
      storageKey: STORAGE_KEY,
      detectSessionInUrl: false,
    },
  });
  return auth;
}

/** Whether a code of the enrolled authenticator is still owed. */
export async function owesSecondFactor(auth: Auth): Promise<boolean> {
  const { data } = await auth.mfa.getAuthenticatorAssuranceLevel();
  return data?.nextLevel === "aal2" && data.currentLevel !== "aal2";
}
