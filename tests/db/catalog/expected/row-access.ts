/**
 * What each caller reaches of each exposed table, per command:
 * `denied` = the command is refused (42501) · `none` = it meets no row · `own` = only the person's own
 * rows · `all` = every row. A new table in `public` needs an entry here.
 */
export type Access = "denied" | "none" | "own" | "all";

export const COMMANDS = ["select", "insert", "update", "delete"] as const;
export type Command = (typeof COMMANDS)[number];

export const CALLERS = [
  "anon",
  "owner",
  "other",
  "support",
  "reviewer",
  "approver",
  "compliance_admin",
  "auditor",
  "admin",
  "service",
] as const;
export type CallerName = (typeof CALLERS)[number];

export interface TableAccess {
  /** A column that the owner may update, or one that nobody may. */
  readonly column: string;
  readonly cells: Readonly<
    Record<Command, Readonly<Partial<Record<CallerName, Access>> & { rest: Access }>>
  >;
}

/** Staff reads nothing here: the admin operations go through functions that check the role. */
const readOwn = { anon: "denied", owner: "own", service: "all", rest: "none" } as const;
const refused = { rest: "denied" } as const;
const updateOwn = { anon: "denied", owner: "own", service: "denied", rest: "none" } as const;

export const rowAccess: Readonly<Record<string, TableAccess>> = {
  addresses: {
    column: "city",
    cells: { select: readOwn, insert: refused, update: updateOwn, delete: refused },
  },
  consents: {
    column: "version",
    cells: { select: readOwn, insert: refused, update: refused, delete: refused },
  },
  kyc_documents: {
    column: "status",
    cells: { select: readOwn, insert: refused, update: refused, delete: refused },
  },
  kyc_verifications: {
    column: "status",
    cells: { select: readOwn, insert: refused, update: refused, delete: refused },
  },
  profiles: {
    column: "first_name",
    cells: { select: readOwn, insert: refused, update: updateOwn, delete: refused },
  },
};
