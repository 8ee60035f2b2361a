export const meta = { id: "webhook", name: "Webhook", version: "1.0.0" };
