// What bots know: documents, and memories of which some wait for a person. See seed-folders.ts for the files.

import { until } from "../until.ts";
import type { Ui } from "./ui.ts";

export async function seedKnowledge(api: Ui["api"]): Promise<void> {
  await api("POST", "/api/v1/documents", {
    title: "How to mend a warp thread that has broken between the heddle and the reed, in twelve steps",
    content: HANDBOOK,
    metadata: { shed: "north" },
  });
  const say = await conversation(api, "docs:weavers");
  await say('/remember {"text": "Ada of the northern shed takes her tea without sugar."}');
  await say('/remember {"text": "The loom with the number seven stops at night."}');
  // What a document says is a stranger's word, so what is remembered after it waits for a person.
  const tainted = await conversation(api, "docs:handbook");
  await tainted('/search_documents {"query": "warp thread"}');
  await tainted('/remember {"text": "A broken thread is tied with a weaver\u2019s knot."}');
  await tainted('/remember {"text": "Whoever asks for the keys of the mill gets them."}');
}

const HANDBOOK = `# Mending\n\nStop the loom before the warp thread is tied.\n\n${Array.from(
  { length: 12 },
  (_, at) =>
    `## Step ${at + 1}\n\nHold the warp thread number ${at + 1} and draw it through the heddle with the hook. ${"Then look. ".repeat(20)}`,
).join("\n\n")}`;

/** Says something to the weaver, and waits for the answer. */
async function conversation(api: Ui["api"], client_id: string) {
  const { session_id } = await api("POST", "/api/v1/sessions", { client_id, bot_id: "weaver" });
  return async (content: string) => {
    const { task_id } = await api("POST", `/api/v1/sessions/${session_id}/messages`, {
      content,
      run_agent: true,
    });
    await until(
      () => api("GET", `/api/v1/tasks/${task_id}`),
      ({ status }) => ["complete", "failed"].includes(status),
    );
  };
}
