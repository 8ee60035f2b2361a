import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Zap",
  webhook: {
    path: "/integrations/webhook/:name",
    description: "One address for each endpoint, :name being the endpoint's name",
  },
  // Whoever makes an endpoint decides which bot strangers reach, and with what instructions.
  admin_paths: ["/endpoints"],
});
