type WithEdgeRuntime = { EdgeRuntime: { waitUntil(work: Promise<unknown>): void } };

function hasEdgeRuntime(scope: object): scope is WithEdgeRuntime {
  return "EdgeRuntime" in scope;
}

/**
 * Lets work go on after the answer has been sent. Supabase's runtime would stop an idle worker and
 * has to be told to wait; elsewhere the process just lives on. Either way this is best effort:
 * whatever must not be lost is a row in the database first.
 *
 * @param work must handle its own failures
 */
export function inBackground(work: Promise<void>): void {
  const scope: object = globalThis;
  if (hasEdgeRuntime(scope)) scope.EdgeRuntime.waitUntil(work);
}
