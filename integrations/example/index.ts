export const meta = { id: "example", name: "Example", version: "1.0.0" };
