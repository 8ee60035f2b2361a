export const meta = { id: "homeassistant", name: "Home Assistant", version: "1.0.0" };
