export const meta = { id: "frigate", name: "Frigate", version: "1.0.0" };
