/**
 * Stands in an operation table for an operation of the contract that is still to be built. The
 * router answers it with 501 `not_implemented` after authentication, so that the contract can be
 * whole from the first day and nothing pretends to work.
 */
export const notImplemented = { isImplemented: false } as const;
