// The filters of lists of skills, carapaces and templates, which fit on one page.

import type { UseQueryResult } from "@tanstack/react-query";

interface Content {
  id: string;
  name: string;
  description: string;
  source: "builtin" | "home" | "integration";
  integration_id: string | null;
}

export const CONTENT_FILTERS = ["q", "source"] as const;

export const CONTENT_CHOICES = [
  { name: "q", label: "Name or id" },
  {
    name: "source",
    label: "From",
    options: [
      { value: "builtin", label: "Heddle" },
      { value: "home", label: "Home folder" },
      { value: "integration", label: "Integrations" },
    ],
  },
] as const;

/** The same result, with only the items that pass. */
export function filtered<Item extends Content>(
  result: UseQueryResult<Item[]>,
  { q = "", source }: { q?: string; source?: string },
): UseQueryResult<Item[]> {
  const wanted = q.toLowerCase();
  const passes = (one: Item) =>
    (source === undefined || one.source === source) &&
    `${one.name}\n${one.id}\n${one.description}`.toLowerCase().includes(wanted);
  return { ...result, data: result.data?.filter(passes) } as UseQueryResult<Item[]>;
}
