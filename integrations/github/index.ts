export const meta = { id: "github", name: "GitHub", version: "1.0.0" };
