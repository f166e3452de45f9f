import { unauthorized } from "./challenge.ts";
import { type Credentials, extractCredentials } from "./extract-credentials.ts";
import type { MachineKeyVerifier } from "./machine-key.ts";
import type {
  AnonymousPrincipal,
  MachinePrincipal,
  OperatorPrincipal,
  Principal,
  ServicePrincipal,
  UserPrincipal,
} from "./principal.ts";
import type { SecretKeyVerifier } from "./verify-secret-key.ts";
import type { UserTokenVerifier } from "./verify-user-token.ts";

/** How an operation of the contract wants its caller to be known. */
export type AuthKind = "public" | "user" | "staff" | "staff_or_machine" | "secret" | "signature";

/** What checks credentials. */
export type Verifiers = {
  readonly verifyUserToken: UserTokenVerifier;
  readonly verifySecretKey: SecretKeyVerifier;
  readonly verifyMachineKey: MachineKeyVerifier;
  /** Where a request comes from; `null` when nobody says so who can be believed. */
  readonly addressOf: (headers: Headers) => string | null;
};

const ANONYMOUS: AnonymousPrincipal = { kind: "anonymous" };

/**
 * Finds out who is calling. A credential that is absent and one that is wrong are different, and
 * neither ever becomes a weaker principal: an operation names one kind of caller, and only that
 * kind's credential is looked at.
 *
 * Public operations look at none, so an expired session cannot lock anyone out of what everyone may
 * see.
 *
 * @throws ApiError 401 with its challenge
 */
export async function authenticate(
  auth: AuthKind,
  headers: Headers,
  verifiers: Verifiers,
): Promise<Principal> {
  switch (auth) {
    case "public":
    case "signature":
      return ANONYMOUS;
    case "user":
    case "staff":
      return authenticateUser(extractCredentials(headers), verifiers);
    case "staff_or_machine":
      return authenticateOperator(headers, verifiers);
    case "secret":
      return authenticateService(extractCredentials(headers), verifiers);
  }
}

async function authenticateUser(
  { bearer }: Credentials,
  { verifyUserToken }: Verifiers,
): Promise<UserPrincipal> {
  switch (bearer.kind) {
    case "token":
      return verifyUserToken(bearer.value);
    case "malformed":
      throw unauthorized("invalid_token", "Bearer");
    case "machine_key":
      throw unauthorized("invalid_api_key", "Bearer");
    case "absent":
    case "publishable_key":
      throw unauthorized("unauthenticated", "Bearer", {
        detail: "Sign in and send the access token as Authorization: Bearer.",
      });
  }
}

async function authenticateOperator(
  headers: Headers,
  verifiers: Verifiers,
): Promise<OperatorPrincipal | MachinePrincipal> {
  const credentials = extractCredentials(headers);
  if (credentials.bearer.kind === "machine_key") {
    return verifiers.verifyMachineKey(credentials.bearer.value, verifiers.addressOf(headers));
  }
  return { ...(await authenticateUser(credentials, verifiers)), kind: "operator" };
}

async function authenticateService(
  { apiKey }: Credentials,
  { verifySecretKey }: Verifiers,
): Promise<ServicePrincipal> {
  if (apiKey === null) {
    throw unauthorized("unauthenticated", "ApiKey", {
      detail: "Send a secret API key in the apikey header.",
    });
  }
  const keyName = await verifySecretKey(apiKey);
  if (keyName === null) throw unauthorized("invalid_api_key", "ApiKey");
  return { kind: "service", keyName };
}
