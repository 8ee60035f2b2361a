// Single objects that the palette finds by what was typed: bots, channels, integrations, providers, and runs by their id.

import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, take } from "../api/client.ts";
import { bots, integrations, providers, schedules } from "../api/queries.ts";
import { pageAt, usePages } from "../pages.tsx";

export interface FoundGroup {
  group: string;
  found: { label: string; href: string; icon: string; description?: string }[];
}

const TYPING_PAUSE_MS = 200;
const MOST_CHANNELS = 20;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Nothing is read before something is typed. Kinds whose page the person may not open are left out. */
export function useFoundObjects(typed: string): FoundGroup[] {
  const query = typed.trim();
  const [asked] = useDebouncedValue(query, TYPING_PAUSE_MS);
  const pages = usePages();
  const has = (path: string) => pageAt(pages, path) !== undefined;
  const isTyped = query !== "";
  const allBots = useQuery({ ...bots, enabled: isTyped && has("/bots") });
  const allIntegrations = useQuery({ ...integrations, enabled: isTyped && has("/admin/integrations") });
  const allProviders = useQuery({ ...providers, enabled: isTyped && has("/admin/providers") });
  const allSchedules = useQuery({ ...schedules, enabled: isTyped && has("/schedules") });
  const channels = useQuery({
    queryKey: ["channels", "found", asked],
    queryFn: async () => {
      const params = { query: { q: asked, limit: MOST_CHANNELS } };
      return (await take(api.GET("/api/v1/channels", { params }))).channels;
    },
    enabled: asked !== "" && has("/channels"),
    // The selected entry must not vanish while the next letters are asked for.
    placeholderData: keepPreviousData,
  });
  if (!isTyped) return [];
  return [
    {
      group: "Bots",
      found: (allBots.data ?? []).map(({ id, name, description }) => ({
        label: name,
        href: `/bots/${id}`,
        icon: "Bot",
        description: description === "" ? id : description,
      })),
    },
    {
      group: "Channels",
      found: (channels.data ?? []).map(({ id, name, client_id }) => ({
        label: name,
        href: `/channels/${id}`,
        icon: "Hash",
        description: client_id,
      })),
    },
    {
      group: "Integrations",
      found: (allIntegrations.data ?? []).map(({ id, name, icon }) => ({
        label: name,
        href: `/admin/integrations/${id}`,
        icon: icon ?? "Plug",
        description: id,
      })),
    },
    {
      group: "Providers",
      found: (allProviders.data ?? []).map(({ id, name }) => ({
        label: name,
        href: `/admin/providers/${id}`,
        icon: "Sparkles",
        description: id,
      })),
    },
    {
      group: "Schedules",
      found: (allSchedules.data ?? []).map(({ id, name, content }) => ({
        label: name,
        href: `/schedules/${id}`,
        icon: "Clock",
        description: content,
      })),
    },
    { group: "Ids", found: UUID.test(query) ? ofId(query, has) : [] },
  ];
}

/** An id says nothing of its kind, so each page that may have it is offered. */
const ofId = (id: string, has: (path: string) => boolean) =>
  [
    { label: `Run ${id}`, href: `/tasks/${id}`, icon: "Workflow" },
    { label: `Webhook ${id}`, href: `/inbox/${id}`, icon: "Inbox" },
    { label: `Delivery ${id}`, href: `/deliveries/${id}`, icon: "Send" },
    { label: `Log lines of ${id}`, href: `/logs?correlation_id=${id}`, icon: "ScrollText" },
  ].filter(({ href }) => has(href.split("?")[0] ?? ""));
