import { ActionIcon, Button, Skeleton, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { bots } from "../../api/queries.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Icon } from "../../parts/icon.tsx";
import { May } from "../../parts/may.tsx";
import { Time } from "../../parts/time.tsx";
import { useDrafts } from "./chat-store.ts";
import classes from "./conversations.module.css";
import { nameOf, useChannelNames } from "./names.ts";
import { runningSessions, type Session } from "./queries.ts";

/** All conversations, the one with the latest message first. */
export function Conversations({ current }: { current: string | undefined }) {
  const [text, setText] = useState("");
  const [q] = useDebouncedValue(text.trim(), 250);
  const list = useInfiniteQuery({
    queryKey: ["sessions", "list", q],
    queryFn: ({ pageParam }) => {
      const query = {
        order: "activity" as const,
        // Nobody talks in them; they are listed with the sessions of their channel.
        delegated: false,
        ...(q !== "" && { q }),
        ...(pageParam && { cursor: pageParam }),
      };
      return take(api.GET("/api/v1/sessions", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    placeholderData: (before) => before,
  });
  const { data: running } = useQuery(runningSessions);
  useLiveQueries(["task"], ["sessions"], { everyMs: 1_000 });
  useLiveQueries(["task"], ["tasks", "running-sessions"]);
  const sessions = list.data?.pages.flatMap((page) => page.sessions) ?? [];
  useNeighbours(sessions, current);
  const Heading = current === undefined ? "h1" : "h2";
  return (
    <section className={classes.pane} aria-label="Conversations">
      <header className={classes.head}>
        <Heading>Chat</Heading>
        <May scope="chat:write">
          <Tooltip label="New chat">
            <ActionIcon
              component={Link}
              href="/chat/new"
              size="lg"
              variant="filled"
              color="indigo"
              aria-label="New chat"
            >
              <Icon name="Plus" size={18} />
            </ActionIcon>
          </Tooltip>
        </May>
      </header>
      <TextInput
        className={classes.search}
        size="xs"
        aria-label="Search conversations"
        placeholder="Search by name"
        leftSection={<Icon name="Search" size={14} />}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
      {list.error && <ApiError error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      <ul className={classes.list}>
        {sessions.map((session) => (
          <Row
            key={session.id}
            session={session}
            isCurrent={session.id === current}
            isRunning={running?.has(session.id) ?? false}
          />
        ))}
        {list.hasNextPage && (
          <li className={classes.more}>
            <Button
              variant="subtle"
              size="compact-sm"
              loading={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              Show earlier ones
            </Button>
          </li>
        )}
      </ul>
      {list.isSuccess && sessions.length === 0 && <Nothing isFiltered={q !== ""} />}
    </section>
  );
}

interface RowProps {
  session: Session;
  isCurrent: boolean;
  isRunning: boolean;
}

function Row({ session, isCurrent, isRunning }: RowProps) {
  const names = useChannelNames();
  const { data: known = [] } = useQuery(bots);
  const hasDraft = useDrafts(({ texts }) => texts[session.id] !== undefined);
  const { id, unread, bot_id, title, active, last_message_at } = session;
  const name = nameOf(session, names);
  const bot = known.find((one) => one.id === bot_id)?.name ?? bot_id;
  const isUnread = unread > 0 && !isCurrent;
  return (
    <li>
      <Link
        href={`/chat/${id}`}
        className={classes.row}
        data-unread={isUnread || undefined}
        aria-current={isCurrent ? "page" : undefined}
      >
        <span className={classes.line}>
          <span className={`${classes.name} cut`}>{name}</span>
          <span className={classes.time}>
            <Time at={last_message_at} none="" />
          </span>
        </span>
        <span className={classes.line}>
          <span className={`${classes.sub} cut`}>
            {hasDraft && !isCurrent && <span className={classes.draft}>Draft · </span>}
            {!active && "Earlier · "}
            {title === null || title === name ? bot : `${bot}: ${title}`}
          </span>
          {isRunning && <span className={classes.running} role="img" aria-label="A run is in progress" />}
          {isUnread && (
            <span className={classes.unread}>
              {unread > 99 ? "99+" : unread}
              <span className={classes.hidden}> unread</span>
            </span>
          )}
        </span>
      </Link>
    </li>
  );
}

/** Alt and the arrow keys go from one conversation to the next. */
function useNeighbours(sessions: readonly Session[], current: string | undefined): void {
  const [, navigate] = useLocation();
  const latest = useRef({ sessions, current, navigate });
  latest.current = { sessions, current, navigate };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step === undefined || !event.altKey || event.ctrlKey || event.metaKey) return;
      const at = latest.current.sessions.findIndex(({ id }) => id === latest.current.current);
      const next = latest.current.sessions[at + step];
      if (!next) return;
      event.preventDefault();
      latest.current.navigate(`/chat/${next.id}`);
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty icon="Search" title="No conversation has that name" />;
  return (
    <Empty
      icon="MessageSquare"
      title="No conversation yet"
      action={
        <May scope="chat:write">
          <Button component={Link} href="/chat/new" size="xs">
            New chat
          </Button>
        </May>
      }
    >
      What people and services write to bots appears here as well.
    </Empty>
  );
}

const ROWS = [1, 2, 3, 4, 5, 6];

const Loading = () => (
  <div className={classes.loading} aria-busy="true" role="status" aria-label="Loading conversations">
    {ROWS.map((row) => (
      <Skeleton key={row} height={40} radius="md" />
    ))}
  </div>
);
