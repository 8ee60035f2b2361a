import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Zap",
  webhook: {
    path: "/integrations/webhook/:name",
    description: "One address for each endpoint; :name is the name of the endpoint",
    endpoints: { path: "/endpoints", presets_path: "/endpoint-presets" },
  },
  // Whoever creates an endpoint decides which bot strangers can reach, and with what instructions.
  admin_paths: ["/endpoints", "/endpoint-presets"],
});
