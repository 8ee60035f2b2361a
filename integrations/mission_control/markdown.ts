// The board and the plans as Markdown, to download.

import type { Card } from "./board.ts";
import type { Plan, StepStatus } from "./plans.ts";

const MARKS: Record<StepStatus, string> = {
  pending: " ",
  running: "~",
  done: "x",
  skipped: "-",
  failed: "!",
};

export function boardText(board: readonly { name: string; cards: readonly Card[] }[]): string {
  const columns = board.map(({ name, cards }) => [`## ${name}`, ...cards.map(cardText)].join("\n\n"));
  return `# Tasks\n\n${columns.join("\n\n")}\n`;
}

function cardText(card: Card): string {
  const facts = {
    id: card.id,
    priority: card.priority,
    assigned: card.assigned,
    tags: card.tags.join(", "),
    due: card.due,
    created: card.created_at,
    started: card.started_at,
    completed: card.completed_at,
  };
  const lines = Object.entries(facts).flatMap(([key, value]) => (value ? [`- **${key}**: ${value}`] : []));
  return [`### ${oneLine(card.title)}`, lines.join("\n"), card.description].filter(Boolean).join("\n\n");
}

export function plansText(plans: readonly Plan[]): string {
  const all = plans.map(({ id, title, status, steps }) => {
    const lines = steps.map((step) => `${step.number}. [${MARKS[step.status]}] ${oneLine(step.content)}`);
    return [`## ${oneLine(title)}`, `- **id**: ${id}\n- **status**: ${status}`, lines.join("\n")].join(
      "\n\n",
    );
  });
  return `# Plans\n\n${all.join("\n\n")}\n`;
}

const oneLine = (text: string): string =>
  text
    .split(/[\r\n]/)
    .filter(Boolean)
    .join(" ");
