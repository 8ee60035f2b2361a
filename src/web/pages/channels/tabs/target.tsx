import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { api, type Schema, take } from "../../../api/client.ts";
import { notifyDone } from "../../../parts/api-error.tsx";
import { Json } from "../../../parts/code-block.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { Section } from "../../../parts/page-frame.tsx";
import { useEdited } from "../../../parts/use-edited.tsx";
import { YamlEditor } from "../../../parts/yaml-editor.tsx";
import { type Channel, refreshChannels } from "../queries.ts";

interface TargetOf {
  dispatch_config: Schema<"DispatchConfig"> | null;
}

/** Where answers of the channel are delivered. */
export function Target({ channel, mayChange }: { channel: Channel; mayChange: boolean }) {
  const [dialog, setDialog] = useState<"change" | "remove">();
  const { dispatch_config } = channel;
  const path = { id: channel.id };
  const edited = useEdited<Channel, TargetOf>({
    one: channel,
    fieldsOf: (one) => ({ dispatch_config: one.dispatch_config as TargetOf["dispatch_config"] }),
    read: () => take(api.GET("/api/v1/channels/{id}", { params: { path } })),
    isBegun: dialog !== undefined,
    isSecret: () => true,
  });
  const store = async (value: Schema<"DispatchConfig"> | null) => {
    const body = { dispatch_config: value };
    await edited.save(body, (_, { header }) =>
      take(api.PATCH("/api/v1/channels/{id}", { params: { path, header }, body })),
    );
    notifyDone("Stored. It applies to messages that arrive from now on.");
    await refreshChannels();
    setDialog(undefined);
  };
  return (
    <Section title="Where answers are delivered">
      {dispatch_config === null ? (
        <p className="faint">Where the integration of the place says, if it has one.</p>
      ) : (
        <Json value={dispatch_config} what="target" />
      )}
      {mayChange && (
        <Group gap="xs" mt="sm">
          <Button size="xs" variant="default" onClick={() => setDialog("change")}>
            {dispatch_config === null ? "Set another target" : "Change"}
          </Button>
          {dispatch_config !== null && (
            <Button size="xs" variant="default" onClick={() => setDialog("remove")}>
              Remove …
            </Button>
          )}
        </Group>
      )}
      {dialog === "change" && (
        <Dialog onClose={() => setDialog(undefined)} title="Where answers are delivered" size="lg">
          <p>
            The type is none, webhook or that of an integration; the other fields depend on it. Secrets are
            shown masked, so enter them again.
          </p>
          <YamlEditor
            what="target"
            value={dispatch_config ?? { type: "webhook", url: "https://" }}
            onSave={(value) => store(value as Schema<"DispatchConfig">)}
            notice={({ onKeep, replace }) =>
              // Its fields depend on its type, so it is one or the other.
              edited.notice({
                onKeep,
                mine: () => ({}),
                onTake: (theirs) => replace(theirs.dispatch_config),
              })
            }
            onCancel={() => setDialog(undefined)}
          />
        </Dialog>
      )}
      {dialog === "remove" && (
        <ConfirmDestructive
          action="Remove the target"
          title="Deliver where the integration says?"
          onClose={() => setDialog(undefined)}
          onConfirm={() => store(null)}
        >
          <p>Answers no longer go to this target. The integration of the place decides, if it has one.</p>
        </ConfirmDestructive>
      )}
    </Section>
  );
}
