// Queries that several pages use, so that they share one answer in the cache.

import { queryOptions } from "@tanstack/react-query";
import { api, take } from "./client.ts";

/** Sections that live integrations add to the sidebar. */
export const sidebarSections = queryOptions({
  queryKey: ["integrations", "sections"],
  queryFn: async () => (await take(api.GET("/api/v1/admin/integrations/sidebar-sections"))).sections,
  staleTime: 60_000,
});

/** All integrations with status and settings. */
export const integrations = queryOptions({
  queryKey: ["integrations", "list"],
  queryFn: async () => (await take(api.GET("/api/v1/admin/integrations"))).integrations,
});

/** All bots, as long as there are at most five hundred. */
export const bots = queryOptions({
  queryKey: ["bots", "list"],
  queryFn: async () => (await take(api.GET("/api/v1/bots", { params: { query: { limit: 500 } } }))).bots,
  staleTime: 60_000,
});

/** The endpoints whose models answer. */
export const providers = queryOptions({
  queryKey: ["providers", "list"],
  queryFn: async () => (await take(api.GET("/api/v1/admin/providers"))).providers,
});

/** Client ids of conversations that were begun in this UI begin with it. */
export const OWN_CHATS = "web:";

/** How many of the latest conversations of this UI have answers that nobody has read. */
export const unreadChats = queryOptions({
  queryKey: ["sessions", "unread"],
  queryFn: async () => {
    const query = { q: OWN_CHATS, order: "activity", delegated: false, limit: 50 } as const;
    const { sessions } = await take(api.GET("/api/v1/sessions", { params: { query } }));
    return sessions.filter(({ unread, client_id }) => unread > 0 && client_id.startsWith(OWN_CHATS)).length;
  },
});

/** More are not counted. */
export const MOST_PENDING = 100;

/** Calls that wait for a person, the latest first. */
export const pendingApprovals = queryOptions({
  queryKey: ["approvals", "pending"],
  queryFn: async () => {
    const query = { status: "pending", limit: MOST_PENDING } as const;
    return (await take(api.GET("/api/v1/approvals", { params: { query } }))).approvals;
  },
});

/** What needs a person, the most serious first. */
export const repairs = queryOptions({
  queryKey: ["repairs"],
  queryFn: async () => (await take(api.GET("/api/v1/repairs"))).repairs,
});

/** Families of events after which the repairs may have changed. */
export const REPAIR_CAUSES = [
  "integration",
  "process",
  "mcp",
  "person",
  "delivery",
  "inbox.failed",
  "inbox.rejected",
  // What a run has remembered may wait for a review.
  "task.completed",
  "approval",
] as const;

/** All skills, without their texts. */
export const skills = queryOptions({
  queryKey: ["skills", "list"],
  queryFn: async () => (await take(api.GET("/api/v1/skills"))).skills,
  staleTime: 60_000,
});

/** All carapaces as their files say. */
export const carapaces = queryOptions({
  queryKey: ["carapaces", "list"],
  queryFn: async () => (await take(api.GET("/api/v1/carapaces"))).carapaces,
  staleTime: 60_000,
});

/** All templates, with the integrations that each fits. */
export const templates = queryOptions({
  queryKey: ["templates", "list"],
  queryFn: async () => (await take(api.GET("/api/v1/templates"))).templates,
  staleTime: 60_000,
});

/** A page of the API. */
export const MOST_SCHEDULES = 500;

/** Schedules to choose from and to name, the newest ones. */
export const schedules = queryOptions({
  queryKey: ["schedules", "all"],
  queryFn: async () =>
    (await take(api.GET("/api/v1/schedules", { params: { query: { limit: MOST_SCHEDULES } } }))).schedules,
  staleTime: 60_000,
});
