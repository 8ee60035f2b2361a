import { Button, Group } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../../api/client.ts";
import { isChangedMeanwhile } from "../../../api/failure.ts";
import { queryClient } from "../../../api/query-client.ts";
import { covers, useSession } from "../../../api/session.ts";
import { ApiError, notifyDone } from "../../../parts/api-error.tsx";
import { FormFrame } from "../../../parts/form.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { plural } from "../../../parts/units.tsx";
import { useEdited } from "../../../parts/use-edited.tsx";
import { wrongIn } from "../../../parts/wrong-field.ts";
import classes from "../channel-page.module.css";
import { type Channel, channel, refreshChannels } from "../queries.ts";
import { Heartbeat } from "./heartbeat.tsx";
import { AnswerFields, LimitFields, ListeningFields } from "./setting-fields.tsx";
import { Target } from "./target.tsx";

type Written = Schema<"ChangedChannel">;
export type ChannelChange = Partial<
  Pick<
    Channel,
    | "name"
    | "bot_id"
    | "when_busy"
    | "prompt"
    | "model_override"
    | "max_iterations"
    | "require_mention"
    | "passive_memory"
    | "allow_bot_messages"
    | "thinking_display"
    | "private"
    | "workspace"
    | "tools_disabled"
  >
>;

const changeable = (one: Channel): ChannelChange => {
  const { name, bot_id, when_busy, prompt, model_override, max_iterations, require_mention } = one;
  const { passive_memory, allow_bot_messages, thinking_display, private: isPrivate, workspace } = one;
  return {
    ...{ name, bot_id, when_busy, prompt, model_override, max_iterations, require_mention },
    ...{ passive_memory, allow_bot_messages, thinking_display, private: isPrivate, workspace },
    tools_disabled: one.tools_disabled,
  };
};

/** The settings that apply to every run in the channel. Only what was changed is sent. */
export function Settings({ channel: one }: { channel: Channel }) {
  const [changed, setChanged] = useState<ChannelChange>({});
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "channels.config:write"));
  const count = Object.keys(changed).length;
  const path = { id: one.id };
  const edited = useEdited<Channel, ChannelChange>({
    one,
    fieldsOf: changeable,
    read: () => take(api.GET("/api/v1/channels/{id}", { params: { path } })),
    isBegun: count > 0,
  });
  const save = useMutation({
    mutationFn: (changes: ChannelChange): Promise<Written> =>
      edited.save(changes, (_, { header }) =>
        take(api.PATCH("/api/v1/channels/{id}", { params: { path, header }, body: changes })),
      ),
    onSuccess: async ({ warnings: _, ...next }) => {
      setChanged({});
      queryClient.setQueryData(channel(one.id).queryKey, next);
      notifyDone("Stored. It applies from the next run on.");
      await refreshChannels();
    },
  });
  const fields = {
    value: { ...one, ...changed },
    set: (change: ChannelChange) => setChanged({ ...changed, ...change }),
    wrong: wrongIn(save.error),
  };
  return (
    <div className={classes.form}>
      <FormFrame error={save.error} onSubmit={() => save.mutate(changed)}>
        <Panel>
          <Section title="How it answers">
            <AnswerFields {...fields} />
          </Section>
          <Section title="What it listens to">
            <ListeningFields {...fields} />
          </Section>
          <Section title="Limits">
            <LimitFields {...fields} />
          </Section>
          {edited.notice({
            onKeep: () => save.mutate(changed),
            mine: () => changed,
            onTake: (theirs, kept) => {
              setChanged(kept);
              queryClient.setQueryData(channel(one.id).queryKey, theirs);
            },
          }) ??
            (save.error && !isChangedMeanwhile(save.error) && <ApiError error={save.error} />)}
          {save.data && save.data.warnings.length > 0 && <Warnings warnings={save.data.warnings} />}
          {mayChange && (
            <Group gap="xs" mt="sm">
              <Button type="submit" loading={save.isPending} disabled={count === 0}>
                {count === 0 ? "Save" : `Save ${plural(count, "change")}`}
              </Button>
              {count > 0 && (
                <Button variant="default" onClick={() => setChanged({})}>
                  Discard
                </Button>
              )}
            </Group>
          )}
        </Panel>
      </FormFrame>
      <Panel>
        <Target channel={one} mayChange={mayChange} />
      </Panel>
      <Panel>
        <Heartbeat channelId={one.id} />
      </Panel>
    </div>
  );
}

function Warnings({ warnings }: { warnings: string[] }) {
  return (
    <div role="status">
      <p>It is stored, with names that nothing has at the moment:</p>
      <ul className={classes.warnings}>
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </div>
  );
}
