export const meta = { name: "Acme", version: "0.1.0" };
