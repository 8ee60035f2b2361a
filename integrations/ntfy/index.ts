export const meta = { id: "ntfy", name: "ntfy", version: "1.0.0" };
