import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, type Schema, take } from "../../../api/client.ts";
import { queryClient } from "../../../api/query-client.ts";
import { covers, useSession } from "../../../api/session.ts";
import { useRows } from "../../../api/use-rows.ts";
import { notifyError } from "../../../parts/api-error.tsx";
import { DataList, type RowParts } from "../../../parts/data-list.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Badge } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import { plural } from "../../../parts/units.tsx";
import classes from "../channel-page.module.css";
import { type Channel, refreshChannels } from "../queries.ts";

type Session = Schema<"Session">;

const COLUMNS = [
  { label: "Bot", width: "130px" },
  { label: "Began", width: "110px" },
];

/** The channel's conversations, past and present. */
export function Sessions({ channel: { id, display_name } }: { channel: Channel }) {
  const rows = useRows<Session>({
    key: ["sessions", "of-channel", id],
    live: ["task"],
    read: async (page) => {
      const query = { channel_id: id, ...page };
      const { sessions, next_cursor } = await take(api.GET("/api/v1/sessions", { params: { query } }));
      return { items: sessions, next: next_cursor };
    },
  });
  return (
    <>
      <div className={classes.head} data-wide>
        <p className={classes.lead}>
          Each session is one conversation, of which a bot knows what was said in it. What arrives goes into
          the active one.
        </p>
        <NewSession id={id} />
      </div>
      <div className={classes.list}>
        <DataList
          what="session"
          rows={rows}
          keyOf={(one) => one.id}
          hrefOf={(one) => `/chat/${one.id}`}
          row={rowOf}
          columns={COLUMNS}
          empty={
            <Empty icon="MessageSquare" title="Nobody has said anything here yet">
              The first session begins with the first message in {display_name}.
            </Empty>
          }
        />
      </div>
    </>
  );
}

const rowOf = (one: Session): RowParts => ({
  lead: <Icon name={one.active ? "MessageSquare" : "History"} size={17} />,
  title: one.title ?? "No message yet",
  sub: one.active ? "Active" : "Earlier",
  cells: [one.bot_id, <Time key="began" at={one.created_at} />],
  end:
    one.unread > 0 ? (
      <Badge tone="calm">{plural(one.unread, "unread answer")}</Badge>
    ) : (
      <Time at={one.last_message_at} none="" />
    ),
});

function NewSession({ id }: { id: string }) {
  const [, navigate] = useLocation();
  const isAllowed = useSession(({ me }) => covers(me?.scopes ?? [], "channels.messages:write"));
  const reset = useMutation({
    mutationFn: () => take(api.POST("/api/v1/channels/{id}/reset", { params: { path: { id } } })),
    onError: notifyError("No session was started"),
    onSuccess: ({ session_id }) => {
      void queryClient.invalidateQueries({ queryKey: ["sessions"] });
      void refreshChannels();
      navigate(`/chat/${session_id}`);
    },
  });
  if (!isAllowed) return null;
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<Icon name="Plus" size={14} />}
      loading={reset.isPending}
      onClick={() => reset.mutate()}
    >
      Start a new session
    </Button>
  );
}
