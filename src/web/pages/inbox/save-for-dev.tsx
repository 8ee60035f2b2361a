import { Button } from "@mantine/core";
import type { Schema } from "../../api/client.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { download } from "../../parts/download.ts";
import { Icon } from "../../parts/icon.tsx";

/**
 * Downloads the webhook in the form that `heddle receive` sends again, signed anew: to `heddle dev` on the reader's own machine, which
 * a browser cannot reach from here.
 */
export function SaveForDev({ event }: { event: Schema<"InboxEvent"> }) {
  const { id, integration_id, headers, body, body_truncated } = event;
  if (body_truncated) return null;
  const file = `${integration_id}-${id.slice(-8)}.json`;
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon name="Download" size={14} />}
      onClick={() => {
        download(file, JSON.stringify({ headers, body }, null, 2), "application/json");
        notifyDone(`To send it to heddle dev on your machine: heddle receive ${integration_id} ${file}`);
      }}
    >
      Save for heddle dev
    </Button>
  );
}
