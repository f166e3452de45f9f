/** A signed-in user; staff members are users whose roles stand in the database. */
export type UserPrincipal = {
  readonly kind: "user";
  /** The user's id, the `sub` of the token. */
  readonly id: string;
  /** The verified claims, which row-level security reads as `request.jwt.claims`. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The token itself, for calls to other services in the user's name. */
  readonly token: string;
};

/** A signed-in user in an operation that works on other people; who may call it is checked next. */
export type OperatorPrincipal = Omit<UserPrincipal, "kind"> & { readonly kind: "operator" };

/** An external system, known by a machine key. */
export type MachinePrincipal = {
  readonly kind: "machine";
  /** The id of the key. */
  readonly id: string;
  /** What the key may do, as in `x-scopes` of the contract. */
  readonly scopes: readonly string[];
};

/** One of the project's own components, known by a secret API key. */
export type ServicePrincipal = {
  readonly kind: "service";
  /** The key's name in `SUPABASE_SECRET_KEYS`, such as `default`. */
  readonly keyName: string;
};

/** Nobody in particular: a public operation, or a webhook before its signature is checked. */
export type AnonymousPrincipal = { readonly kind: "anonymous" };

/** Who a request comes from. */
export type Principal =
  | UserPrincipal
  | OperatorPrincipal
  | MachinePrincipal
  | ServicePrincipal
  | AnonymousPrincipal;

/** The database role that a principal's statements run as, and what policies know about it. */
export type DatabaseCaller = {
  readonly role: "anon" | "authenticated" | "nff_operator" | "service_role";
  readonly claims: Readonly<Record<string, unknown>>;
};

/**
 * A principal as the database sees it. Row-level security and grants take it from here, so what a
 * user may not do stays impossible even where a function forgets to check.
 */
export function databaseCaller(principal: Principal): DatabaseCaller {
  switch (principal.kind) {
    case "user":
      return { role: "authenticated", claims: principal.claims };
    case "operator":
      return { role: "nff_operator", claims: principal.claims };
    case "machine":
      return { role: "nff_operator", claims: { role: "nff_operator", key_id: principal.id } };
    case "service":
      return { role: "service_role", claims: { role: "service_role" } };
    case "anonymous":
      return { role: "anon", claims: { role: "anon" } };
  }
}

/** The caller of work that no request of a user stands behind: webhooks and the worker. */
export const SERVICE: DatabaseCaller = { role: "service_role", claims: { role: "service_role" } };

/** The caller of the one question that is asked before a machine key is known: whether it is one. */
export const OPERATOR_AT_THE_DOOR: DatabaseCaller = { role: "nff_operator", claims: {} };
