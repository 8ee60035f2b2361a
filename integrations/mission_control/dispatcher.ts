import { registerDispatcher, t } from "heddle/sdk";
import { endStep } from "./run-plan.ts";

/** The outcome of a step comes back as a delivery, which is repeated until it is written down. */
registerDispatcher("mission_control", {
  config: t.Object({ plan_id: t.String(), step: t.Integer(), attempt: t.Integer() }),
  lane: ({ plan_id }) => plan_id,
  async deliver({ config, result, isError }) {
    await endStep({ ...config, result, isError });
    return { receipt: { plan_id: config.plan_id, step: config.step } };
  },
});
