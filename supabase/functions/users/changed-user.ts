/** What the database answers to a deletion or its opposite. */
export type ChangedUser = { readonly user_id: string; readonly version: number };
