// The channels as Mission Control sees them: which somebody has joined, and what is going on in each.

import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useRoute } from "wouter";
import { staticRows } from "../../api/static-rows.ts";
import { notifyError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { DataList } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { ShortList } from "../../parts/short-list.tsx";
import { Split } from "../../parts/split.tsx";
import { Badge } from "../../parts/status.tsx";
import { plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { EventList } from "./events.tsx";
import {
  type Context,
  contextOf,
  type FleetChannel,
  HOME,
  mission,
  overviewOf,
  PLAN_WORDS,
  refreshMission,
} from "./mission.ts";
import classes from "./mission-control.module.css";
import { PlanStatus } from "./plan-detail.tsx";
import { Remembered } from "./remembered.tsx";

const CHANNELS = `${HOME}/channels`;
const SCOPES = [{ value: "personal", label: "Those that I have joined" }];

export function Channels({ mayWrite }: { mayWrite: boolean }) {
  const filters = useFilters(["scope"] as const);
  const [, params] = useRoute("/mission-control/channels/:id");
  const found = useQuery({
    ...overviewOf(filters.values.scope),
    select: ({ channels }) => channels,
  });
  return (
    <div className={classes.filled}>
      <div className={classes.tools}>
        <FilterBar filters={filters} choices={[{ name: "scope", label: "All channels", options: SCOPES }]} />
      </div>
      <Split
        name="mission-channels"
        main={
          <DataList<FleetChannel>
            what="channel"
            rows={staticRows(found)}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `${CHANNELS}/${id}${filters.search}`}
            row={(channel) => ({
              title: channel.name,
              sub: [channel.bot_name ?? "Any bot", plural(channel.task_count, "task")].join(" · "),
              end: channel.is_member && <Badge tone="good">Joined</Badge>,
            })}
            selected={params?.id}
            empty={
              <Empty icon="MessageCircle" title="No channel here">
                Join one to find it under “{SCOPES[0]?.label}”.
              </Empty>
            }
          />
        }
        detail={
          params?.id && (
            <ChannelContext
              key={params.id}
              id={params.id}
              mayWrite={mayWrite}
              closeHref={`${CHANNELS}${filters.search}`}
            />
          )
        }
      />
    </div>
  );
}

function ChannelContext({ id, mayWrite, closeHref }: { id: string; mayWrite: boolean; closeHref: string }) {
  const { data, error, refetch } = useQuery(contextOf(id));
  if (!data) {
    return (
      <Detail title="Channel" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  const { channel, bot, columns, plans, recent, memories } = data;
  return (
    <Detail
      title={channel.name}
      closeHref={closeHref}
      facts={data.is_member && <Badge tone="good">Joined</Badge>}
      actions={mayWrite && <Membership id={id} isMember={data.is_member} />}
    >
      <Section title="What a bot finds here">
        <Facts
          facts={[
            [
              "Bot",
              bot ? (
                <Link key="bot" href={`/bots/${bot.id}`}>
                  {bot.name}
                </Link>
              ) : (
                "Any"
              ),
            ],
            channel.model !== null && ["Model", channel.model],
            ["Tasks", columns.map(({ name, task_count }) => `${name} ${task_count}`).join(", ")],
            channel.template_id !== null && ["Template", channel.template_id],
            [
              "Channel",
              <Link key="channel" href={`/channels/${id}`}>
                Settings and bindings
              </Link>,
            ],
            channel.active_session_id !== null && [
              "Conversation",
              <Link key="chat" href={`/chat/${channel.active_session_id}`}>
                Open it
              </Link>,
            ],
          ]}
        />
      </Section>
      <Section title="Plans">
        <Panel flush>
          <Plans plans={plans} />
        </Panel>
      </Section>
      {memories !== null && (
        <Section title="What is remembered here">
          <Remembered memories={memories} />
        </Section>
      )}
      <Section title="What happened in the last seven days">
        <EventList events={recent} />
      </Section>
    </Detail>
  );
}

const Plans = ({ plans }: Pick<Context, "plans">) => (
  <ShortList
    none="None."
    rows={plans.map(({ id, title, status }) => ({
      key: id,
      href: `${HOME}/plans/${id}`,
      lead: <PlanStatus status={status} compact />,
      title,
      end: PLAN_WORDS[status],
    }))}
  />
);

/** Which channels are one's own is a filter, and no permission. */
function Membership({ id, isMember }: { id: string; isMember: boolean }) {
  const change = useMutation({
    mutationFn: () => mission("POST", `/channels/${id}/${isMember ? "leave" : "join"}`),
    onError: notifyError("Nothing was changed"),
    onSettled: refreshMission,
  });
  return (
    <Button size="xs" variant="default" loading={change.isPending} onClick={() => change.mutate()}>
      {isMember ? "Leave" : "Join"}
    </Button>
  );
}
