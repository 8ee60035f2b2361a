// Mission Control has no service before it: a plan that a person approves, whose steps are runs.

import { until } from "../until.ts";
import type { Heddle } from "./heddle.ts";
import type { Phase } from "./subject.ts";

const BASE = "/mission_control";
const PATIENT = { everyMs: 200, withinSeconds: 100 };

interface Step {
  status: string;
  result: string | null;
}

export async function walkMissionControl(heddle: Heddle): Promise<Map<Phase, string>> {
  const seen = new Map<Phase, string>();
  const card = { title: "Mow the lawn", idempotency_key: "walk" };
  const [one, two] = [
    await heddle.route(`${BASE}/kanban/create`, card),
    await heddle.route(`${BASE}/kanban/create`, card),
  ];
  const isOnce = one.card.id === two.card.id;
  seen.set("set up", isOnce ? "nothing to set; a card, made once" : "FAILED: the card was made twice");

  const marks = ["{q9001}", "{q9002}", "{q9003}"];
  const given = { title: "Move the documentation", steps: marks.map((mark) => `${mark} move it [slow]`) };
  const { plan } = await heddle.route(`${BASE}/plans`, given);
  const now = async (): Promise<{ status: string; steps: Step[] }> =>
    (await heddle.route(`${BASE}/plans/${plan.id}`)).plan;
  await heddle.route(`${BASE}/plans/${plan.id}/approve`, { hash: plan.hash });
  seen.set("approval", `a plan of ${marks.length} steps, approved over the API`);
  const states = new Set<string>();
  const look = async () => {
    const found = await now();
    states.add(found.steps.map(({ status }) => status).join(", "));
    return found;
  };
  await until(look, ({ steps }) => steps[0]?.status === "running", PATIENT);
  await heddle.kill();
  await heddle.start();
  const done = await until(look, ({ status }) => status === "complete", PATIENT);
  const results = done.steps.map(({ result }) => result ?? "");
  const { tasks } = await heddle.api("/tasks?limit=200");
  const times = tasks.length === marks.length ? "each step one task" : `FAILED: ${tasks.length} tasks`;
  const isAnswered = results.every((text) => text.startsWith("Answer to"));
  seen.set("answer", isAnswered ? "each step has its result" : `FAILED: ${JSON.stringify(results)}`);
  seen.set("stream", `– The board and the plan change live: ${states.size} states of the plan were seen.`);
  seen.set("kill -9", `in step 1: complete, ${times}`);
  for (const phase of ["cut", "drop"] as const) seen.set(phase, "– It has no connection to a service.");
  return seen;
}
