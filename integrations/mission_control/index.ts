export const meta = { id: "mission_control", name: "Mission Control", version: "1.0.0" };
