import { Button } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../../../api/client.ts";
import { covers, useSession } from "../../../api/session.ts";
import { notifyDone } from "../../../parts/api-error.tsx";
import { Facts } from "../../../parts/facts.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Names } from "../../../parts/names.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { modesOf, skillId } from "../../../parts/skill-modes.ts";
import { bodyOfText, isObject, useEdited } from "../../../parts/use-edited.tsx";
import { YamlEditor } from "../../../parts/yaml-editor.tsx";
import classes from "../channel-page.module.css";
import { type Channel, refreshChannels } from "../queries.ts";

type Own = Pick<Channel, "skills" | "carapaces" | "carapaces_disabled">;

const NOTHING: Own = { skills: [], carapaces: [], carapaces_disabled: [] };

const ownOf = ({ skills, carapaces, carapaces_disabled }: Channel): Own => ({
  skills,
  carapaces,
  carapaces_disabled,
});

/** Skills and carapaces of the channel itself, to read, and to edit as YAML. */
export function OwnCapabilities({ channel }: { channel: Channel }) {
  const [isEditing, setEditing] = useState(false);
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "channels.config:write"));
  const { skills, carapaces, carapaces_disabled } = channel;
  const path = { id: channel.id };
  const edited = useEdited<Channel, Own>({
    one: channel,
    fieldsOf: ownOf,
    read: () => take(api.GET("/api/v1/channels/{id}", { params: { path } })),
    isBegun: isEditing,
  });
  const save = async (value: unknown) => {
    // A field that was taken out of the text means none; what is not an object is for the API to refuse.
    const fields = isObject(value) ? { ...NOTHING, ...value } : (value as Own);
    const { warnings } = await edited.save(fields, (changed, { header }) => {
      const body = bodyOfText(value, changed);
      if (body === undefined) return Promise.resolve({ warnings: [] as string[] });
      return take(api.PATCH("/api/v1/channels/{id}", { params: { path, header }, body }));
    });
    setEditing(false);
    notifyDone(["Stored. It applies from the next run on.", ...warnings].join(" "));
    await refreshChannels();
  };
  const edit = mayChange && !isEditing && (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon name="Pencil" size={14} />}
      onClick={() => setEditing(true)}
    >
      Edit
    </Button>
  );
  return (
    <Section title="Skills and carapaces of the channel" actions={edit}>
      <Panel>
        {isEditing ? (
          <YamlEditor
            what="channel"
            value={{ skills, carapaces, carapaces_disabled }}
            onSave={save}
            notice={({ onKeep, mine, replace }) =>
              edited.notice({
                onKeep,
                mine: () => ({ ...NOTHING, ...mine() }),
                onTake: (theirs, kept) => replace({ ...ownOf(theirs), ...kept }),
              })
            }
            onCancel={() => setEditing(false)}
          />
        ) : (
          <>
            <p className={classes.apart}>Whichever bot answers here has these as well.</p>
            <Facts
              facts={[
                [
                  "Skills",
                  <Names
                    key="skills"
                    of={skills.map(skillId)}
                    noteOf={modesOf(skills)}
                    hrefOf={(id) => `/skills/${id}`}
                  />,
                ],
                ["Carapaces", <Names key="carapaces" of={carapaces} hrefOf={(id) => `/carapaces/${id}`} />],
                [
                  "Switched off",
                  <Names
                    key="off"
                    of={carapaces_disabled}
                    hrefOf={(id) => `/carapaces/${id}`}
                    none="No carapace"
                  />,
                ],
              ]}
            />
          </>
        )}
      </Panel>
    </Section>
  );
}
