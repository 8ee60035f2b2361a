import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "LayoutDashboard",
  env_vars: [
    {
      key: "MISSION_CONTROL_BOT_ID",
      required: false,
      secret: false,
      description: "Bot that carries out plans which people write",
      default: "default",
    },
  ],
  route_scope: "mission_control",
  dashboard_modules: [
    {
      id: "overview",
      label: "Mission Control",
      icon: "LayoutDashboard",
      description: "Tasks, plans and what waits for a person",
    },
  ],
  activation: {
    carapaces: ["mission_control"],
    description: "Bots keep tasks on the board, write plans, and tell the timeline what they did",
  },
});
