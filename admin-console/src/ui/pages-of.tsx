import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button, Empty, Loading } from "./basics.tsx";
import { ErrorNotice } from "./notice.tsx";

interface ListPage<Item> {
  readonly items: Item[];
  readonly next_cursor: string | null;
}

interface ListOptions<Item> {
  readonly queryKey: QueryKey;
  readonly read: (cursor: string | undefined) => Promise<ListPage<Item>>;
  /** Asks again this often while the page is in sight. */
  readonly everyMs?: number;
}

/** A list of the contract, page by page. */
export function useList<Item>({ queryKey, read, everyMs }: ListOptions<Item>) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam ?? undefined),
    initialPageParam: null satisfies string | null,
    getNextPageParam: (page: ListPage<Item>) => page.next_cursor,
    ...(everyMs ? { refetchInterval: everyMs } : {}),
  });
  return { ...query, items: query.data?.pages.flatMap(({ items }) => items) ?? [] };
}

interface PagesOfProps<Item> {
  readonly list: ReturnType<typeof useList<Item>>;
  readonly empty: string;
  readonly children: (items: Item[]) => ReactNode;
}

/** Shows a list in each of its states, with a way to the next page. */
export function PagesOf<Item>({ list, empty, children }: PagesOfProps<Item>) {
  if (list.isPending) return <Loading />;
  if (list.error && list.items.length === 0) {
    return <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />;
  }
  return (
    <>
      {list.error && <ErrorNotice error={list.error} />}
      {list.items.length === 0 ? <Empty>{empty}</Empty> : children(list.items)}
      {list.hasNextPage && (
        <p className="more">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </p>
      )}
    </>
  );
}
