import { createHash, randomBytes } from "node:crypto";
import type { ProviderName } from "./providers.ts";

/** A sign-in that is at the provider now. */
export interface PendingSignIn {
  readonly provider: ProviderName;
  /** Where the browser goes in the end; checked when the sign-in began. */
  readonly redirectTo: string;
  /** The application's own PKCE flow; undefined when it wants the session in the fragment. */
  readonly flowId: string | undefined;
  /** Our PKCE with the provider; it never leaves this process. */
  readonly verifier: string;
  readonly nonce: string;
}

const LIFETIME_MS = 300_000;
const MAX_PENDING = 10_000;

const secret = () => randomBytes(32).toString("base64url");

export const newSecrets = () => ({ verifier: secret(), nonce: secret() });

export const challengeFor = (verifier: string) =>
  createHash("sha256").update(verifier).digest("base64url");

/**
 * What `state` stands for. It says nothing by itself, so there is nothing in it to change; a state
 * that was not given out, has been used or is too old stands for nothing.
 */
export function createPendingSignIns() {
  const pending = new Map<string, { readonly signIn: PendingSignIn; readonly endsAt: number }>();
  return {
    add(signIn: PendingSignIn): string {
      const [oldest] = pending.keys();
      if (pending.size >= MAX_PENDING && oldest !== undefined) pending.delete(oldest);
      const state = secret();
      pending.set(state, { signIn, endsAt: Date.now() + LIFETIME_MS });
      return state;
    },
    /** Uses the state up. */
    take(state: string): PendingSignIn | undefined {
      const found = pending.get(state);
      pending.delete(state);
      return found && found.endsAt > Date.now() ? found.signIn : undefined;
    },
  };
}

export type PendingSignIns = ReturnType<typeof createPendingSignIns>;
