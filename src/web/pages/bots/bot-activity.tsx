import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { useLiveQueries } from "../../api/live.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { ShortList, type ShortRow } from "../../parts/short-list.tsx";
import { Badge, Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { type Bot, channelsOf, memoriesOf, runsOf, sessionsOf, waitingOf } from "./queries.ts";

/** What the bot did last, where, and what it remembers; each as far as the reader may see it. */
export function BotActivity({ bot: { id } }: { bot: Bot }) {
  const scopes = useSession(({ me }) => me?.scopes);
  const may = (scope: string) => covers(scopes ?? [], scope);
  return (
    <>
      {may("tasks:read") && <Runs id={id} />}
      {may("sessions:read") && <Sessions id={id} />}
      {may("memories:read") && <Memory id={id} />}
      {may("channels:read") && <Channels id={id} />}
    </>
  );
}

interface FewProps {
  title: string;
  more: string;
  moreHref: string;
  none: string;
  rows: ShortRow[] | undefined;
  error: unknown;
}

function Few({ title, more, moreHref, none, rows, error }: FewProps) {
  return (
    <Section title={title} actions={<Link href={moreHref}>{more}</Link>}>
      <Panel flush>
        {error ? <ApiError error={error} /> : rows && <ShortList rows={rows} none={none} />}
      </Panel>
    </Section>
  );
}

function Runs({ id }: { id: string }) {
  const { data, error } = useQuery(runsOf(id));
  useLiveQueries(["task"], runsOf(id).queryKey);
  return (
    <Few
      title="Recent runs"
      more="All runs"
      moreHref={`/tasks?bot_id=${id}`}
      none="It has not run yet."
      error={error}
      rows={data?.map((task) => ({
        key: task.id,
        href: `/tasks/${task.id}`,
        lead: <Status value={task.status} compact />,
        title: task.prompt,
        end: <Time at={task.created_at} />,
      }))}
    />
  );
}

function Sessions({ id }: { id: string }) {
  const { data, error } = useQuery(sessionsOf(id));
  useLiveQueries(["task"], sessionsOf(id).queryKey);
  return (
    <Few
      title="Sessions"
      more="All conversations"
      moreHref="/chat"
      none="Nobody has talked with it yet."
      error={error}
      rows={data?.map((session) => ({
        key: session.id,
        href: `/chat/${session.id}`,
        lead: <Icon name="MessageSquare" size={15} />,
        title: session.title ?? session.channel_name ?? session.client_id,
        end:
          session.unread > 0 ? (
            <Badge tone="calm">{plural(session.unread, "unread answer")}</Badge>
          ) : (
            <Time at={session.last_message_at} none="" />
          ),
      }))}
    />
  );
}

function Memory({ id }: { id: string }) {
  const { data, error } = useQuery(memoriesOf(id));
  const { data: isWaiting = false } = useQuery(waitingOf(id));
  useLiveQueries(["task.completed"], ["memories"]);
  return (
    <Few
      title="What it remembers"
      more={isWaiting ? "Something waits for a review" : "All it remembers"}
      moreHref={`/memories?bot_id=${id}${isWaiting ? "&status=unreviewed" : ""}`}
      none="Nothing yet. A bot remembers with the tool remember, if it has it."
      error={error}
      rows={data?.map((memory) => ({
        key: memory.id,
        href: `/memories/${memory.id}?bot_id=${id}`,
        lead: <Icon name="Brain" size={15} />,
        title: memory.text,
        end: <Time at={memory.created_at} />,
      }))}
    />
  );
}

const SHOWN = 5;

function Channels({ id }: { id: string }) {
  const { data, error } = useQuery(channelsOf(id));
  return (
    <Few
      title="Channels"
      more="All its channels"
      moreHref={`/channels?bot_id=${id}`}
      none="It is the bot of no channel; it answers where a message names it."
      error={error}
      rows={data?.slice(0, SHOWN).map((channel) => ({
        key: channel.id,
        href: `/channels/${channel.id}`,
        lead: <Icon name="Hash" size={15} />,
        title: channel.display_name,
        end: channel.integration ?? "",
      }))}
    />
  );
}
