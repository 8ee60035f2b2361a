export const meta = { id: "telegram", name: "Telegram", version: "1.0.0" };
