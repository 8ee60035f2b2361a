import { registerDispatcher, t } from "heddle/sdk";
import { endStep } from "./run-plan.ts";
import { tables } from "./tables.ts";
import { tell } from "./timeline.ts";

/** The outcome of a step comes back as a delivery, which is repeated until it is written down. */
registerDispatcher("mission_control", {
  config: t.Object({ plan_id: t.String(), step: t.Integer(), attempt: t.Integer() }),
  lane: ({ plan_id }) => plan_id,
  async deliver({ config, result, isError }) {
    await endStep({ ...config, result, isError });
    return { receipt: { plan_id: config.plan_id, step: config.step } };
  },
  async postMessage({ config: { plan_id }, text, botId }) {
    const { id } = await tell(tables, {
      kind: "note",
      content: text,
      actor: botId ?? "bot",
      plan_id: String(plan_id),
    });
    return { receipt: { event_id: id } };
  },
});
