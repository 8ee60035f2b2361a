export const meta = { id: "mail", name: "Mail", version: "1.0.0" };
