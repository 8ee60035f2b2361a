import { useQuery } from "@tanstack/react-query";
import { channelsWith } from "../../api/channels-with.ts";
import { bots, carapaces } from "../../api/queries.ts";
import { covers, useSession } from "../../api/session.ts";
import { AwaitedAll } from "../../parts/awaited.tsx";
import { Icon } from "../../parts/icon.tsx";
import type { IconName } from "../../parts/icon-names.ts";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { ShortList, type ShortRow } from "../../parts/short-list.tsx";

/** Bots and channels that have the carapace, and carapaces that include it. */
export function CarapaceUses({ id }: { id: string }) {
  const scopes = useSession(({ me }) => me?.scopes) ?? [];
  const may = (scope: string) => ({ enabled: covers(scopes, scope) });
  const ofBots = useQuery({ ...bots, ...may("bots:read") });
  const ofCarapaces = useQuery({ ...carapaces, ...may("carapaces:read") });
  const ofChannels = useQuery({ ...channelsWith({ carapace: id }), ...may("channels:read") });
  const all = ofCarapaces.data ?? [];
  const rows = [
    ...(ofBots.data ?? [])
      .filter((one) => one.carapaces.includes(id))
      .map((one) => use("Bot", `/bots/${one.id}`, one.name, "")),
    ...(ofChannels.data ?? []).map((one) => use("Hash", `/channels/${one.id}`, one.display_name, "")),
    ...all
      .filter((one) => one.includes.some((name) => includedId(name, one.integration_id, all) === id))
      .map((one) => use("Layers", `/carapaces/${one.id}`, one.name, "Includes it")),
  ];
  return (
    <Section title="Who has it">
      <AwaitedAll reads={[ofBots, ofCarapaces, ofChannels]}>
        <Panel flush>
          <ShortList
            rows={rows}
            none="No bot or channel names it. Channels may still get it from an integration that is activated there."
          />
        </Panel>
      </AwaitedAll>
    </Section>
  );
}

/** An integration's own files may leave out the beginning of its ids. */
function includedId(name: string, integration: string | null, all: readonly { id: string }[]): string {
  const own = `integrations/${integration}/${name}`;
  return integration !== null && all.some(({ id }) => id === own) ? own : name;
}

const use = (icon: IconName, href: string, title: string, end: string): ShortRow => ({
  key: href,
  href,
  lead: <Icon name={icon} size={15} />,
  title,
  end,
});
