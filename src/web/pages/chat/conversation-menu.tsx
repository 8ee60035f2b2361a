import { ActionIcon, Button, Group, Menu, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { isChangedMeanwhile } from "../../api/failure.ts";
import { OWN_CHATS } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError, notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { FormFrame } from "../../parts/form.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useEdited } from "../../parts/use-edited.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { type Channel, channel } from "../channels/queries.ts";
import type { Session } from "./queries.ts";

const refresh = () =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: ["sessions"] }),
    queryClient.invalidateQueries({ queryKey: ["channels"] }),
  ]);

/** What can be done with a conversation besides talking. */
export function ConversationMenu({ session, name }: { session: Session; name: string }) {
  const [dialog, setDialog] = useState<"rename" | "delete">();
  const [, navigate] = useLocation();
  const scopes = useSession(({ me }) => me?.scopes ?? []);
  const { id, channel_id, client_id, active } = session;
  const params = { params: { path: { id: channel_id } } };
  const reset = useMutation({
    mutationFn: () => take(api.POST("/api/v1/channels/{id}/reset", params)),
    onError: notifyError("No session was started"),
    onSuccess: async ({ session_id }) => {
      await refresh();
      navigate(`/chat/${session_id}`);
    },
  });
  const activate = useMutation({
    mutationFn: () =>
      take(api.POST("/api/v1/channels/{id}/switch-session", { ...params, body: { session_id: id } })),
    onError: notifyError("The session is not the active one"),
    onSuccess: () => {
      notifyDone("What arrives in the channel goes into this session now.");
      void refresh();
    },
  });
  const isOwn = client_id.startsWith(OWN_CHATS);
  return (
    <>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <ActionIcon size="lg" aria-label="More about this conversation">
            <Icon name="MoreHorizontal" size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {covers(scopes, "channels.config:write") && (
            <Menu.Item leftSection={<Icon name="Pencil" size={15} />} onClick={() => setDialog("rename")}>
              Rename
            </Menu.Item>
          )}
          <Menu.Item
            component={Link}
            href={`/channels/${channel_id}`}
            leftSection={<Icon name="SlidersHorizontal" size={15} />}
          >
            Channel and bindings
          </Menu.Item>
          <Menu.Item
            component={Link}
            href={`/tasks?session_id=${id}`}
            leftSection={<Icon name="Workflow" size={15} />}
          >
            Runs of this conversation
          </Menu.Item>
          {covers(scopes, "channels.messages:write") && (
            <>
              <Menu.Item leftSection={<Icon name="Plus" size={15} />} onClick={() => reset.mutate()}>
                Start a new session here
              </Menu.Item>
              {!active && (
                <Menu.Item leftSection={<Icon name="History" size={15} />} onClick={() => activate.mutate()}>
                  Make this the active session
                </Menu.Item>
              )}
            </>
          )}
          {isOwn && covers(scopes, "channels:write") && (
            <Menu.Item
              color="red"
              leftSection={<Icon name="Trash2" size={15} />}
              onClick={() => setDialog("delete")}
            >
              Delete …
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {dialog === "rename" && <Rename channelId={channel_id} onClose={() => setDialog(undefined)} />}
      {dialog === "delete" && (
        <ConfirmDestructive
          action="Delete the conversation"
          title={`Delete “${name}”?`}
          onClose={() => setDialog(undefined)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/channels/{id}", params);
            navigate("/chat", { replace: true });
            void refresh();
          }}
        >
          <p>All its messages, attachments and runs are deleted. This cannot be undone.</p>
        </ConfirmDestructive>
      )}
    </>
  );
}

/** The name that it has is read first: the list may be older than what somebody else has just called it. */
function Rename({ channelId, onClose }: { channelId: string; onClose(): void }) {
  const { data, error, refetch } = useQuery({ ...channel(channelId), staleTime: 0 });
  return (
    <Dialog onClose={onClose} title="Rename the conversation">
      {data ? (
        <NameForm channel={data} onClose={onClose} />
      ) : (
        <Awaited error={error} onRetry={() => void refetch()} />
      )}
    </Dialog>
  );
}

function NameForm({ channel: one, onClose }: { channel: Channel; onClose(): void }) {
  const [text, setText] = useState(one.name);
  const path = { id: one.id };
  const edited = useEdited({
    one,
    fieldsOf: ({ name }) => ({ name }),
    read: () => take(api.GET("/api/v1/channels/{id}", { params: { path } })),
  });
  const rename = useMutation({
    mutationFn: () =>
      edited.save({ name: text.trim() }, (_, { header }) =>
        take(
          api.PATCH("/api/v1/channels/{id}", {
            params: { path, header },
            body: { name: text.trim() },
          }),
        ),
      ),
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  return (
    <FormFrame error={rename.error} onSubmit={() => rename.mutate()}>
      <TextInput
        label="Name"
        description="The integration's name for the place goes before it, if there is one."
        maxLength={300}
        error={wrongIn(rename.error)("name")}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        data-autofocus
      />
      {edited.notice({
        onKeep: () => rename.mutate(),
        mine: () => ({ name: text }),
        onTake: ({ name }, kept) => setText(kept.name ?? name),
      }) ??
        (rename.error && !isChangedMeanwhile(rename.error) && <ApiError error={rename.error} />)}
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={rename.isPending} disabled={text.trim() === ""}>
          Rename
        </Button>
      </Group>
    </FormFrame>
  );
}
