// Cards, plans and a journal for the pages of Mission Control.

import type { Ui } from "./ui.ts";

const CARDS = [
  { title: "Order indigo yarn", priority: "high", assigned: "Anna", due: "2026-01-31", tags: ["stock"] },
  { title: "Answer the mill about the width of the looms in the southern hall", priority: "medium" },
  {
    title: "Photograph the new blankets",
    column: "In Progress",
    assigned: "weaver",
    tags: ["shop", "pictures"],
  },
  { title: "Price list for spring", column: "Review", priority: "critical" },
  { title: "Oil the big loom", column: "Done", priority: "low" },
];

export async function seedMission(api: Ui["api"]): Promise<void> {
  const send = (path: string, body: object) => api("POST", `/integrations/mission_control${path}`, body);
  for (const card of CARDS) await send("/kanban/create", card);
  await send("/plans", {
    title: "Open the shop in the southern hall",
    steps: [
      "List what is missing in the southern hall.",
      "Ask three joiners for an offer.",
      "Write the notice.",
    ],
  });
  await send("/journal", { content: "The mill delivers on Tuesdays only, so orders must go out on Friday." });
}
