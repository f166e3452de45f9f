import { useQuery } from "@tanstack/react-query";
import type { AdminUser } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { type Api, versioned } from "../../api/client.ts";
import { type Action, useAction } from "../../api/use-action.ts";
import { useApi } from "../../auth/auth-context.tsx";

export interface OpenUser {
  readonly user: AdminUser;
  readonly etag: string;
}

interface UserTools {
  /** Says below the heading what has just been done. */
  readonly say: (sentence: string) => void;
}

export interface UserPartProps {
  readonly open: OpenUser;
  readonly tools: UserTools;
}

/** Reads a whole profile, which the audit log records: once, and again only after a change. */
export function useUser(id: string) {
  const api = useApi();
  return useQuery({
    queryKey: ["users", "one", id],
    queryFn: async () => {
      const params = { path: { user_id: id } };
      return versioned(await api.GET("/admin/users/{user_id}", { params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

interface UserActionOptions<Input, Output> {
  readonly send: (api: Api, input: Input, idempotencyKey: string) => Promise<Output>;
  readonly onDone: (output: Output) => void;
}

/** A change of somebody's account; whatever comes of it, the page is read anew. */
export function useUserAction<Input, Output>({
  send,
  onDone,
}: UserActionOptions<Input, Output>): Action<Input> {
  const api = useApi();
  return useAction<Input, Output>({
    send: (input, key) => send(api, input, key),
    invalidates: [["users"], ["holds"]],
    onDone,
  });
}
