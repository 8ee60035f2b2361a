import { useQuery } from "@tanstack/react-query";
import { channelsWith } from "../../api/channels-with.ts";
import type { Schema } from "../../api/client.ts";
import { bots, carapaces } from "../../api/queries.ts";
import { covers, useSession } from "../../api/session.ts";
import { AwaitedAll } from "../../parts/awaited.tsx";
import { Icon } from "../../parts/icon.tsx";
import type { IconName } from "../../parts/icon-names.ts";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { ShortList, type ShortRow } from "../../parts/short-list.tsx";
import { MODES, skillId, skillMode } from "../../parts/skill-modes.ts";
import { Badge } from "../../parts/status.tsx";

type Entries = Schema<"Bot">["skills"];

/** Bots, carapaces and channels that have the skill, and how each uses it. */
export function SkillUses({ id }: { id: string }) {
  const scopes = useSession(({ me }) => me?.scopes) ?? [];
  const may = (scope: string) => ({ enabled: covers(scopes, scope) });
  const ofBots = useQuery({ ...bots, ...may("bots:read") });
  const ofCarapaces = useQuery({ ...carapaces, ...may("carapaces:read") });
  const ofChannels = useQuery({ ...channelsWith({ skill: id }), ...may("channels:read") });
  /** An integration's own files may leave out the beginning of its ids. */
  const namesOf = (integration: string | null) =>
    integration === null ? [id] : [id, id.replace(`integrations/${integration}/`, "")];
  const rows = [
    ...(ofBots.data ?? []).flatMap((one) => use("Bot", `/bots/${one.id}`, one.name, one.skills, [id])),
    ...(ofCarapaces.data ?? []).flatMap((one) =>
      use("Layers", `/carapaces/${one.id}`, one.name, one.skills, namesOf(one.integration_id)),
    ),
    ...(ofChannels.data ?? []).flatMap((one) =>
      use("Hash", `/channels/${one.id}`, one.display_name, one.skills, [id]),
    ),
  ];
  return (
    <Section title="Who has it">
      <AwaitedAll reads={[ofBots, ofCarapaces, ofChannels]}>
        <Panel flush>
          <ShortList rows={rows} none={`Nobody has it. A message can still ask for it with @skill:${id}.`} />
        </Panel>
      </AwaitedAll>
    </Section>
  );
}

function use(
  icon: IconName,
  href: string,
  title: string,
  entries: Entries,
  names: readonly string[],
): ShortRow[] {
  const entry = entries.find((one) => names.includes(skillId(one)));
  if (entry === undefined) return [];
  const mode = skillMode(entry);
  return [
    {
      key: href,
      href,
      lead: <Icon name={icon} size={15} />,
      title,
      end: <Badge tone={mode === "pinned" ? "calm" : "quiet"}>{MODES[mode]}</Badge>,
    },
  ];
}
