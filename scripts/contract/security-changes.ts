import type { Contract, Operation } from "../generate/open-api.ts";

function missing(before: readonly string[], after: readonly string[]): string[] {
  return before.filter((entry) => !after.includes(entry));
}

function changesOf(before: Operation, after: Operation): string[] {
  const name = `${after.method} ${after.path}`;
  if (before.security.length > 0 && after.security.length === 0) {
    return [`${name} needs no authentication any more`];
  }
  if (before.security.length === 0 && after.security.length > 0) {
    return [`${name} was public and needs ${after.security.join(" or ")} now`];
  }
  return [
    ...missing(before.security, after.security).map((scheme) => `${name} refuses ${scheme} now`),
    ...missing(before.roles, after.roles).map((role) => `${name} refuses the role ${role} now`),
    ...missing(before.scopes, after.scopes).map(
      (scope) => `${name} refuses the scope ${scope} now`,
    ),
  ];
}

/**
 * What `redocly diff` does not see: authentication that is gone, authentication that is new on a public
 * operation, and callers who are refused now. Letting more callers in is additive.
 */
export function findSecurityChanges(released: Contract, current: Contract): string[] {
  const byRoute = new Map(
    current.operations.map((entry) => [`${entry.method} ${entry.path}`, entry]),
  );
  return released.operations.flatMap((before) => {
    const after = byRoute.get(`${before.method} ${before.path}`);
    // A removed operation is redocly's to report.
    return after ? changesOf(before, after) : [];
  });
}
