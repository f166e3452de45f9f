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

/** A page is loaded when it is first opened. */
const page = (load: () => Promise<ComponentType>) => lazy(async () => ({ default: await load() }));

const QueuePage = page(async () => (await import("./pages/queue/queue-page.tsx")).QueuePage);
const CasePage = page(async () => (await import("./pages/case/case-page.tsx")).CasePage);
const UsersPage = page(async () => (await import("./pages/users/users-page.tsx")).UsersPage);
const UserPage = page(async () => (await import("./pages/users/user-page.tsx")).UserPage);
const ErasuresPage = page(
  async () => (await import("./pages/erasures/erasures-page.tsx")).ErasuresPage,
);
const AuditPage = page(async () => (await import("./pages/audit/audit-page.tsx")).AuditPage);
const StatsPage = page(async () => (await import("./pages/stats/stats-page.tsx")).StatsPage);
const EventsPage = page(async () => (await import("./pages/events/events-page.tsx")).EventsPage);
const OutboxPage = page(async () => (await import("./pages/outbox/outbox-page.tsx")).OutboxPage);
const KeysPage = page(async () => (await import("./pages/keys/keys-page.tsx")).KeysPage);
const WebhooksPage = page(
  async () => (await import("./pages/webhooks/webhooks-page.tsx")).WebhooksPage,
);
const AccountPage = page(
  async () => (await import("./pages/account/account-page.tsx")).AccountPage,
);

/** Every page. A page is shown to those whose roles may call what it needs. */
export const routes: readonly PageRoute[] = [
  {
    path: "/",
    needs: "admin.listKyc",
    page: QueuePage,
    nav: { section: "Reviews", label: "Queue", letter: "q" },
  },
  { path: "/cases/:verification_id", needs: "admin.getKyc", page: CasePage },
  {
    path: "/users",
    needs: "admin.listUsers",
    page: UsersPage,
    nav: { section: "People", label: "Users", letter: "u" },
  },
  { path: "/users/:user_id", needs: "admin.getUser", page: UserPage },
  {
    path: "/erasures",
    needs: "admin.listErasureRequests",
    page: ErasuresPage,
    nav: { section: "People", label: "Erasure requests", letter: "r" },
  },
  {
    path: "/audit",
    needs: "admin.listAudit",
    page: AuditPage,
    nav: { section: "Oversight", label: "Audit", letter: "a" },
  },
  {
    path: "/figures",
    needs: "admin.getStats",
    page: StatsPage,
    nav: { section: "Oversight", label: "Figures", letter: "f" },
  },
  {
    path: "/events",
    needs: "admin.listWebhookEvents",
    page: EventsPage,
    nav: { section: "Oversight", label: "Provider events", letter: "e" },
  },
  {
    path: "/outbox",
    needs: "admin.listOutbox",
    page: OutboxPage,
    nav: { section: "Oversight", label: "Outbox", letter: "o" },
  },
  {
    path: "/keys",
    needs: "admin.listApiKeys",
    page: KeysPage,
    nav: { section: "Integrations", label: "API keys", letter: "k" },
  },
  {
    path: "/webhooks",
    needs: "admin.listWebhookEndpoints",
    page: WebhooksPage,
    nav: { section: "Integrations", label: "Webhooks", letter: "w" },
  },
  { path: "/account", needs: null, page: AccountPage },
];
