import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../../api/client.ts";
import { integrations } from "../../../api/queries.ts";
import { covers, useSession } from "../../../api/session.ts";
import { Awaited } from "../../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { Facts } from "../../../parts/facts.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Panel } from "../../../parts/page-frame.tsx";
import { Badge } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import classes from "../channel-page.module.css";
import {
  type Bindable,
  type Binding,
  bindables,
  bindingsOf,
  type Channel,
  refreshChannels,
} from "../queries.ts";
import { BindingForm } from "./binding-form.tsx";
import { MoveBinding } from "./move-binding.tsx";

type Dialog = { kind: "add" } | { kind: "change" | "move" | "remove"; binding: Binding } | undefined;

/** The places whose events reach the channel, and where it can answer. */
export function Bindings({ channel }: { channel: Channel }) {
  const [dialog, setDialog] = useState<Dialog>();
  const { data, error, refetch } = useQuery(bindingsOf(channel.id));
  const { data: offered = [] } = useQuery(bindables);
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "channels.integrations:write"));
  const close = () => setDialog(undefined);
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  const add = mayChange && (
    <Button size="xs" leftSection={<Icon name="Plus" size={14} />} onClick={() => setDialog({ kind: "add" })}>
      Add a binding
    </Button>
  );
  return (
    <>
      {data.length === 0 ? (
        <Empty icon="Link" title="Bound to no further place" action={add}>
          A binding brings the events of a place into this channel, for instance those of a repository into a
          chat room, and lets the channel answer there.
        </Empty>
      ) : (
        <>
          <div className={classes.head}>
            <p className={classes.lead}>
              Events of these places reach the channel, and it can answer there. An event goes through the
              first binding that lets it through.
            </p>
            {add}
          </div>
          <ul className={classes.cards}>
            {data.map((binding) => (
              <li key={binding.id}>
                <BindingCard
                  binding={binding}
                  offered={offered.find((one) => one.integration_type === binding.integration_type)}
                  onAction={mayChange ? (kind) => setDialog({ kind, binding }) : undefined}
                />
              </li>
            ))}
          </ul>
        </>
      )}
      {dialog?.kind === "add" && <BindingForm channel={channel} offered={offered} onClose={close} />}
      {dialog?.kind === "change" && (
        <BindingForm channel={channel} offered={offered} binding={dialog.binding} onClose={close} />
      )}
      {dialog?.kind === "move" && <MoveBinding binding={dialog.binding} onClose={close} />}
      {dialog?.kind === "remove" && <RemoveBinding binding={dialog.binding} onClose={close} />}
    </>
  );
}

const nameOf = ({ display_name, client_id }: Binding) => display_name ?? client_id;

interface CardProps {
  binding: Binding;
  /** What its integration declares; undefined while that is not live. */
  offered: Bindable | undefined;
  /** Undefined: the reader may not change bindings. */
  onAction: ((kind: "change" | "move" | "remove") => void) | undefined;
}

function BindingCard({ binding, offered, onAction }: CardProps) {
  const { data: known = [] } = useQuery(integrations);
  const { integration_type, client_id, event_filter, mirror, config, created_at } = binding;
  const integration = known.find(({ id }) => id === offered?.integration_id);
  const labelOf = (event: string) =>
    offered?.event_types.find(({ value }) => value === event)?.label ?? event;
  return (
    <Panel>
      <div className={classes.cardHead}>
        <span className={classes.mark}>
          <Icon name={integration?.icon ?? "Plug"} size={18} />
        </span>
        <div className={classes.cardTitle}>
          <h2>{nameOf(binding)}</h2>
          <code>{client_id}</code>
        </div>
        {!offered && <Badge tone="warn">{integration_type} is not live</Badge>}
      </div>
      <div className={classes.cardBody}>
        <Facts
          facts={[
            ["Integration", integration?.name ?? integration_type],
            [
              "Events",
              event_filter === null ? (
                "All of them"
              ) : (
                <span key="events" className={classes.badges}>
                  {event_filter.map((event) => (
                    <Badge key={event}>{labelOf(event)}</Badge>
                  ))}
                </span>
              ),
            ],
            ["What is said here", mirror ? "Is also posted there" : "Is not posted there"],
            ...Object.entries(config).map(([key, value]): [string, string] => [
              offered?.config_fields.find((field) => field.key === key)?.label ?? key,
              Array.isArray(value) ? value.join(", ") : String(value),
            ]),
            ["Bound", <Time key="at" at={created_at} />],
          ]}
        />
      </div>
      {onAction && (
        <Group gap="xs" mt="md">
          <Button
            size="xs"
            variant="default"
            disabled={!offered}
            leftSection={<Icon name="Pencil" size={14} />}
            onClick={() => onAction("change")}
          >
            Change
          </Button>
          <Button size="xs" variant="default" onClick={() => onAction("move")}>
            Move …
          </Button>
          <Button size="xs" variant="default" onClick={() => onAction("remove")}>
            Remove …
          </Button>
        </Group>
      )}
    </Panel>
  );
}

function RemoveBinding({ binding, onClose }: { binding: Binding; onClose(): void }) {
  const { id, channel_id } = binding;
  return (
    <ConfirmDestructive
      action="Remove the binding"
      title={`Remove the binding to ${nameOf(binding)}?`}
      onClose={onClose}
      onConfirm={async () => {
        await take(
          api.DELETE("/api/v1/channels/{id}/integrations/{binding_id}", {
            params: { path: { id: channel_id, binding_id: id } },
          }),
        );
        await refreshChannels();
      }}
    >
      <p>
        Events of {nameOf(binding)} no longer reach this channel, and nothing that is said here is posted
        there. If no other channel is bound to it, its events go into its own channel. Messages that have
        arrived stay.
      </p>
    </ConfirmDestructive>
  );
}
