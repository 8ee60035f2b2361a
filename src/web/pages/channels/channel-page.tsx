import { Button, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { api } from "../../api/client.ts";
import { integrations } from "../../api/queries.ts";
import { covers, useSession } from "../../api/session.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useMay } from "../../parts/may.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { useSelectedInView } from "../../parts/use-selected-in-view.ts";
import classes from "./channel-page.module.css";
import { type Channel, channel, forgetChannel } from "./queries.ts";
import { Bindings } from "./tabs/bindings.tsx";
import { Capabilities } from "./tabs/capabilities.tsx";
import { Sessions } from "./tabs/sessions.tsx";
import { Settings } from "./tabs/settings.tsx";

interface Tab {
  id: string;
  label: string;
  View(props: { channel: Channel }): React.ReactNode;
}

/** The first is shown where the address names none. */
const TABS: readonly [Tab, ...Tab[]] = [
  { id: "sessions", label: "Sessions", View: Sessions },
  { id: "bindings", label: "Bindings", View: Bindings },
  { id: "capabilities", label: "Capabilities", View: Capabilities },
  { id: "settings", label: "Settings", View: Settings },
];

/** Everything about one channel, in tabs. */
export function ChannelPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(channel(id));
  if (data) return <Loaded channel={data} />;
  return (
    <PageFrame title="Channel">
      <Awaited error={error} onRetry={() => void refetch()} />
      {error && (
        <Button component={Link} href="/channels" variant="default" size="xs" mt="md">
          All channels
        </Button>
      )}
    </PageFrame>
  );
}

function Loaded({ channel: one }: { channel: Channel }) {
  const [params, setParams] = useSearchParams();
  const { data: known = [] } = useQuery(integrations);
  const maySeeSessions = useMay("sessions:read");
  const tabs = TABS.filter(({ id }) => id !== "sessions" || maySeeSessions);
  const [first = TABS[0]] = tabs;
  const current = tabs.find((tab) => tab.id === params.get("tab")) ?? first;
  const strip = useSelectedInView<HTMLDivElement>(current.id);
  const icon = known.find(({ id }) => id === one.integration)?.icon ?? "Hash";
  return (
    <PageFrame
      title={one.display_name}
      about={
        <span className={classes.about}>
          <span className={classes.place}>
            <span className={classes.icon}>
              <Icon name={icon} size={16} />
            </span>
            <code>{one.client_id}</code>
          </span>
          <CopyButton text={one.client_id} what="client id" />
          {one.bot_id === null ? (
            <span>Any bot answers</span>
          ) : (
            <span>
              <Link href={`/bots/${one.bot_id}`}>{one.bot_id}</Link> answers
            </span>
          )}
        </span>
      }
      actions={<Actions channel={one} />}
    >
      <Tabs
        value={current.id}
        onChange={(tab) => setParams(tab === null || tab === first.id ? {} : { tab }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List ref={strip} className={classes.tabs}>
          {tabs.map((tab) => (
            <Tabs.Tab key={tab.id} value={tab.id}>
              {tab.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={current.id} className={classes.panel}>
          <current.View channel={one} />
        </Tabs.Panel>
      </Tabs>
    </PageFrame>
  );
}

function Actions({ channel: { id, display_name, active_session_id } }: { channel: Channel }) {
  const [, navigate] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const mayDelete = useSession(({ me }) => covers(me?.scopes ?? [], "channels:write"));
  return (
    <>
      <Button
        component={Link}
        href={active_session_id === null ? `/chat/new?channel_id=${id}` : `/chat/${active_session_id}`}
        size="xs"
        leftSection={<Icon name="MessageSquare" size={14} />}
      >
        Open chat
      </Button>
      <Button component={Link} href={`/tasks?channel_id=${id}`} variant="default" size="xs">
        Runs
      </Button>
      {mayDelete && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="Trash2" size={14} />}
          onClick={() => setDeleting(true)}
        >
          Delete …
        </Button>
      )}
      {isDeleting && (
        <ConfirmDestructive
          action="Delete the channel"
          title={`Delete ${display_name}?`}
          typed="delete"
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/channels/{id}", { params: { path: { id } } });
            navigate("/channels");
            forgetChannel(id);
          }}
        >
          <p>
            Its settings and bindings are deleted, and its sessions with all their messages, attachments and
            runs. This cannot be undone. Nothing is deleted at the outside service; its next message creates a
            new, empty channel.
          </p>
        </ConfirmDestructive>
      )}
    </>
  );
}
