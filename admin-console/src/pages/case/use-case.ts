import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type {
  AdminKycCase,
  AdminKycSummary,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { type Api, bodyOf, versioned } from "../../api/client.ts";
import { hasCode } from "../../api/problem.ts";
import { type Action, useAction } from "../../api/use-action.ts";
import { useApi } from "../../auth/auth-context.tsx";
import { changesBetween } from "./changes.ts";

/** How often the list is asked whether the case is still what is shown. */
const WATCH_MS = 4_000;

const caseKey = (id: string) => ["kyc", "case", id];

/** Each read of a whole case is written to the audit log, so it is read once and again only after a change. */
function useCaseQuery(id: string) {
  const api = useApi();
  return useQuery({
    queryKey: caseKey(id),
    queryFn: async () =>
      versioned(
        await api.GET("/admin/kyc/{verification_id}", {
          params: { path: { verification_id: id } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

/** The case as the list knows it: cheap, and no whole profile. */
function useCurrentSummary(id: string): AdminKycSummary | undefined {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ["kyc", "watch", id],
    queryFn: async () => {
      const query = { q: id, limit: 10, sort: "waiting_since" as const };
      const { items } = bodyOf(await api.GET("/admin/kyc", { params: { query } }));
      return items.find(({ verification_id }) => verification_id === id) ?? null;
    },
    refetchInterval: WATCH_MS,
  });
  return data ?? undefined;
}

/** Tells what others have changed since the case was shown; what the person does is no news. */
function useNews(shown: AdminKycSummary | undefined) {
  const [news, setNews] = useState<readonly string[]>([]);
  const before = useRef<AdminKycSummary | undefined>(undefined);
  const isOwn = useRef(false);
  useEffect(() => {
    if (!shown) return;
    const changes = before.current ? changesBetween(before.current, shown) : [];
    before.current = shown;
    if (changes.length === 0) return;
    setNews(isOwn.current ? [] : changes);
    isOwn.current = false;
  }, [shown]);
  const expectChange = useCallback(() => {
    isOwn.current = true;
    setNews([]);
  }, []);
  return { news, expectChange };
}

export interface OpenCase {
  readonly case: AdminKycCase;
  readonly etag: string;
}

export function useCase(id: string) {
  const queries = useQueryClient();
  const query = useCaseQuery(id);
  const shown = query.data?.value.verification;
  const current = useCurrentSummary(id);
  const { news, expectChange } = useNews(shown);
  const { refetch, isFetching } = query;
  const answered = useRef<AdminKycSummary | undefined>(undefined);
  useEffect(() => {
    if (!shown || !current || isFetching || current.version < shown.version) return;
    if (changesBetween(shown, current).length === 0) return;
    // Once for each thing seen in the list: a read leaves an audit entry, so it must not run in circles.
    if (answered.current && changesBetween(answered.current, current).length === 0) return;
    answered.current = current;
    void refetch();
  }, [shown, current, isFetching, refetch]);
  const reload = useCallback(async () => {
    await queries.invalidateQueries({ queryKey: ["kyc"] });
  }, [queries]);
  return { query, news, expectChange, reload };
}

interface CaseActionOptions<Input, Output> {
  readonly send: (api: Api, input: Input, idempotencyKey: string) => Promise<Output>;
  readonly onDone?: (output: Output) => void;
  readonly tools: CaseTools;
}

/** What the parts of the page may do with the whole of it. */
export interface CaseTools {
  readonly expectChange: () => void;
  readonly reload: () => Promise<void>;
  /** Says below the heading what has just been done. */
  readonly say: (sentence: string) => void;
}

/** A change of the open case. One that came too late reloads it, and the page says what is new. */
export function useCaseAction<Input, Output>(
  options: CaseActionOptions<Input, Output>,
): Action<Input> {
  const api = useApi();
  const { send, onDone, tools } = options;
  return useAction<Input, Output>({
    send: async (input, key) => {
      const output = await send(api, input, key);
      tools.expectChange();
      return output;
    },
    invalidates: [["kyc"]],
    onDone,
    onRefused: (error) => {
      if (hasCode(error, "precondition_failed", "approval_stale", "already_voted", "lease_held")) {
        void tools.reload();
      }
    },
  });
}
