import { ActionIcon, Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { api, take } from "../../api/client.ts";
import { bots } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError, notifyError } from "../../parts/api-error.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useMay } from "../../parts/may.tsx";
import classes from "./chat.module.css";
import { Composer } from "./composer.tsx";
import { ConversationMenu } from "./conversation-menu.tsx";
import { sendMessage } from "./follow.ts";
import { nameOf, useChannelNames } from "./names.ts";
import { refreshConversation, type Session, session as sessionQuery } from "./queries.ts";
import { Timeline } from "./timeline.tsx";
import { useScroll } from "./use-scroll.ts";
import { type Thread, useThread } from "./use-thread.ts";

/** One conversation: what was said, what is being said, and the field for what comes next. */
export function Conversation({ id }: { id: string }) {
  const thread = useThread(id);
  const { data: session, error, isFetchedAfterMount } = useQuery(sessionQuery(id));
  // As many as there were when the conversation was opened; they are marked as read at once.
  const unread = useRef<number>(undefined);
  if (isFetchedAfterMount) unread.current ??= session?.unread;
  const mayWrite = useSession(({ me }) => covers(me?.scopes ?? [], "chat:write"));
  const { scroller, content, onScroll, toEnd, isAtEnd } = useScroll({
    id,
    isReady: !thread.isLoading,
    first: thread.entries[0]?.key,
    onTop: () => thread.hasOlder && !thread.isLoadingOlder && thread.loadOlder(),
  });
  const stop = useMutation({
    mutationFn: () => take(api.POST("/api/v1/chat/cancel", { body: { session_id: id } })),
    onError: notifyError("The run was not stopped"),
    onSettled: () => refreshConversation(id),
  });
  useReadMark(id, session, thread);
  // Wherever in the conversation the focus is.
  const onKeyDown = (event: React.KeyboardEvent) => {
    const isElsewhere = (event.target as HTMLElement).closest("[role=dialog], [role=menu], [role=listbox]");
    if (event.key !== "Escape" || event.defaultPrevented || isElsewhere || !thread.isBusy) return;
    event.preventDefault();
    stop.mutate();
  };
  const problem: unknown = error ?? thread.error;
  return (
    <article className={classes.pane} onKeyDown={onKeyDown} aria-label="Conversation">
      <Header id={id} session={session} />
      <section
        className={classes.scroller}
        ref={scroller}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
        tabIndex={0}
        aria-label="Messages"
      >
        <div className={classes.content} ref={content}>
          {Boolean(problem) && <ApiError error={problem} onRetry={thread.retry} />}
          {thread.hasOlder && (
            <Button
              className={classes.older}
              variant="subtle"
              size="compact-sm"
              loading={thread.isLoadingOlder}
              onClick={thread.loadOlder}
            >
              Show earlier messages
            </Button>
          )}
          {!problem && (
            <Timeline id={id} thread={thread} botId={session?.bot_id} unread={unread.current ?? 0} />
          )}
        </div>
      </section>
      <div className={classes.below}>
        {!isAtEnd && (
          <Button
            className={classes.jump}
            size="compact-sm"
            radius="xl"
            variant="default"
            leftSection={<Icon name="ArrowDown" size={13} />}
            onClick={toEnd}
          >
            {thread.live ? "Follow the answer" : "To the newest"}
          </Button>
        )}
        <p className={classes.status} role="status">
          {thread.isBusy ? "The bot is answering." : ""}
        </p>
        {mayWrite && session && (
          <Composer
            place={id}
            channelId={session.channel_id}
            isBusy={thread.isBusy}
            isStopping={stop.isPending}
            onStop={() => stop.mutate()}
            onSend={(message) => {
              sendMessage(id, message);
              requestAnimationFrame(toEnd);
              return true;
            }}
          />
        )}
      </div>
    </article>
  );
}

function Header({ id, session }: { id: string; session: Session | undefined }) {
  const names = useChannelNames();
  const { data: known = [] } = useQuery(bots);
  const name = session ? nameOf(session, names) : "Conversation";
  useEffect(() => {
    document.title = `${name} · Heddle`;
  }, [name]);
  const bot = known.find((one) => one.id === session?.bot_id)?.name ?? session?.bot_id;
  return (
    <header className={classes.head}>
      <ActionIcon
        className={classes.back}
        component={Link}
        href="/chat"
        size="lg"
        aria-label="All conversations"
      >
        <Icon name="ArrowLeft" size={18} />
      </ActionIcon>
      <div className={classes.titles}>
        <h1 className="cut" title={name}>
          {name}
        </h1>
        <p className={classes.facts}>
          <Icon name="Bot" size={13} />
          <span className="cut">{bot}</span>
          {session && !session.active && <span>· Earlier session</span>}
        </p>
      </div>
      {session && <ConversationMenu key={id} session={session} name={name} />}
    </header>
  );
}

/** What is on the screen has been read. */
function useReadMark(id: string, session: Session | undefined, { newest }: Thread): void {
  const unread = session?.unread ?? 0;
  const mayMark = useMay("sessions:write");
  useEffect(() => {
    if (newest === undefined || unread === 0 || !mayMark) return;
    const mark = () => {
      if (document.visibilityState !== "visible") return;
      void api
        .PUT("/api/v1/sessions/{id}/read", { params: { path: { id } }, body: { message_id: newest } })
        .then(() => queryClient.invalidateQueries({ queryKey: ["sessions"] }))
        .catch(() => undefined);
    };
    mark();
    document.addEventListener("visibilitychange", mark);
    return () => document.removeEventListener("visibilitychange", mark);
  }, [id, newest, unread, mayMark]);
}
