import { register, t } from "heddle/sdk";
import { askAcme } from "../client.ts";

export const getRoom = register(
  {
    name: "acme_get_room",
    description: "Get the topic of a room of Acme and who is on call for it.",
    parameters: t.Object({
      // It becomes a part of an address, where ".." would lead elsewhere.
      room: t.String({ pattern: "^[\\w-]+$", description: "The room's name, such as ops" }),
    }),
    timeoutSeconds: 20,
  },
  async ({ room }, { signal }) => {
    const response = await askAcme(`rooms/${encodeURIComponent(room)}`, { signal });
    // The model reads errors: say what it can do about them.
    if (response.status === 404) return { error: `There is no room "${room}". Ask which room is meant.` };
    if (!response.ok)
      return { error: `Acme answered ${response.status}. Say that Acme cannot be reached now.` };
    const { topic, on_call } = (await response.json()) as { topic: string; on_call: string };
    return { topic, on_call };
  },
);
