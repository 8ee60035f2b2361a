// The server's own settings: what applies and where it comes from. Most are read at a start, so they are not changed here.

import { Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Schema } from "../../api/client.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { May } from "../../parts/may.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame, Panel, Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { type ServerSettings, serverSettings } from "./queries.ts";
import classes from "./settings.module.css";
import { StoredSetting } from "./stored-setting.tsx";

type Setting = Schema<"ServerSetting">;

const FILTERS = ["q", "set"] as const;

export function View() {
  const filters = useFilters(FILTERS);
  const { q = "", set } = filters.values;
  const { data, error, refetch } = useQuery(serverSettings);
  const shown = (data?.settings ?? []).filter(
    (one) => matches(one, q.toLowerCase()) && (set === undefined || one.is_set),
  );
  const groups = [...Map.groupBy(shown, ({ group }) => group)].sort(serverFirst);
  return (
    <PageFrame
      title="Settings"
      about={
        <>
          The server's own. Its public address can be set here; the others with flags, environment variables
          or the file <code>.env</code> in the server's home, which are read at a start. Integrations have
          their own at <Link href="/admin/integrations">each of them</Link>.
        </>
      }
      bar={
        <div className={classes.bar}>
          <FilterBar filters={filters} choices={[{ name: "q", label: "Name or purpose" }]} />
          <Switch
            size="xs"
            label="Only those that are set"
            checked={set !== undefined}
            onChange={({ currentTarget }) => filters.set("set", currentTarget.checked ? "yes" : null)}
          />
        </div>
      }
    >
      {!data && <Awaited error={error} onRetry={() => void refetch()} />}
      <div className={classes.groups}>
        {groups.map(([group, settings]) => (
          <Section key={group} title={group}>
            <Panel flush>
              <dl className={classes.list}>
                {settings.map((setting) => (
                  <OneSetting key={setting.name} setting={setting} all={data} />
                ))}
              </dl>
            </Panel>
          </Section>
        ))}
        {data && shown.length === 0 && <NoMatch what="setting" onClear={filters.clear} />}
      </div>
    </PageFrame>
  );
}

const serverFirst = ([one]: [string, unknown], [other]: [string, unknown]): number =>
  Number(other === "Server") - Number(one === "Server") || one.localeCompare(other);

const matches = ({ name, description }: Setting, text: string): boolean =>
  `${name} ${description}`.toLowerCase().includes(text);

const SOURCES = {
  flag: "A flag",
  environment: "The environment",
  file: "The file .env",
  stored: "Stored here",
} as const;

function OneSetting({ setting, all }: { setting: Setting; all: ServerSettings | undefined }) {
  const { name, description, value, is_set, secret, source } = setting;
  return (
    <div className={classes.setting}>
      <dt>
        <span className={classes.name}>{name}</span>
        <span className={classes.about}>{description}</span>
      </dt>
      <dd>
        {is_set ? (
          <span className={classes.value}>{secret ? "Set, and never shown" : value}</span>
        ) : (
          <span className={classes.usual}>{setting.default ?? "Not set"}</span>
        )}
        {source !== null && <Badge tone="good">{SOURCES[source]}</Badge>}
        {!is_set && setting.default !== null && <Badge>Default</Badge>}
        {setting.can_be_stored && all && (
          <May scope="admin">
            <StoredSetting setting={setting} all={all} />
          </May>
        )}
      </dd>
    </div>
  );
}
