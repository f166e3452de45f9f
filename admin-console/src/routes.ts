import { type ComponentType, lazy } from "react";
import type { OperationId } from "./api/permissions.ts";

/** Where a page stands in the navigation; the order here is the order there. */
export const SECTIONS = ["Reviews", "People", "Oversight", "Integrations"] as const;

export interface PageRoute {
  readonly path: string;
  /** The operation without which the page has nothing to show; null for everybody. */
  readonly needs: OperationId | null;
  readonly page: ComponentType;
  /** Its place in the navigation; pages without one are reached from others. */
  readonly nav?: {
    readonly section: (typeof SECTIONS)[number];
    readonly label: string;
    /** `g` and this letter lead there. */
    readonly letter: string;
  };
}

const QueuePage = lazy(async () => ({
  default: (await import("./pages/queue/queue-page.tsx")).QueuePage,
}));
const CasePage = lazy(async () => ({
  default: (await import("./pages/case/case-page.tsx")).CasePage,
}));
const AccountPage = lazy(async () => ({
  default: (await import("./pages/account/account-page.tsx")).AccountPage,
}));

/** Every page. A page is shown to those whose roles may call what it needs. */
export const routes: readonly PageRoute[] = [
  {
    path: "/",
    needs: "admin.listKyc",
    page: QueuePage,
    nav: { section: "Reviews", label: "Queue", letter: "q" },
  },
  { path: "/cases/:verification_id", needs: "admin.getKyc", page: CasePage },
  { path: "/account", needs: null, page: AccountPage },
];
