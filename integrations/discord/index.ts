export const meta = { id: "discord", name: "Discord", version: "1.0.0" };
