import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { SchemaHelp } from "../../parts/schema-help.tsx";
import { bodyOfText, isObject, useEdited } from "../../parts/use-edited.tsx";
import { YamlEditor, type YamlEditorProps } from "../../parts/yaml-editor.tsx";
import { type DryRun, dryRun, fieldsOf, type Policy, refreshPolicies } from "./queries.ts";
import { wholeOf } from "./unset.ts";
import { WouldHave } from "./would-have.tsx";

const EXAMPLE: Schema<"NewPolicy"> = {
  name: "Mails need a person",
  effect: "require_approval",
  tools: ["send_mail"],
  kinds: null,
  bot_id: null,
  arguments: {},
  reason: null,
  priority: 100,
  approval: { timeout_seconds: 3_600, on_timeout: "deny", approvers: [] },
};

type Written = { id: string; warnings: string[] };
type Done = (id?: string) => void;

const stored = async ({ id, warnings }: Written, onDone: Done): Promise<void> => {
  await refreshPolicies();
  notifyDone(["It applies from the next call on.", ...warnings].join(" "));
  onDone(id);
};

export function NewPolicy({ onDone }: { onDone: Done }) {
  return (
    <PolicyText
      value={EXAMPLE}
      onSave={async (value) =>
        stored(await take(api.POST("/api/v1/policies", { body: value as Schema<"NewPolicy"> })), onDone)
      }
      onCancel={() => onDone()}
    />
  );
}

export function ChangedPolicy({ policy, onDone }: { policy: Policy; onDone: Done }) {
  const path = { id: policy.id };
  const edited = useEdited({
    one: policy,
    fieldsOf,
    read: () => take(api.GET("/api/v1/policies/{id}", { params: { path } })),
  });
  const save = async (value: unknown) => {
    // A field that was taken out of the text is as in a new policy; what is not an object is for the API to refuse.
    const written = await edited.save(
      isObject(value) ? wholeOf(value) : (value as Schema<"NewPolicy">),
      async (changed, { header }): Promise<Written> => {
        const body = bodyOfText(value, changed) as Schema<"PolicyChange"> | undefined;
        if (body === undefined) return { id: policy.id, warnings: [] };
        return take(api.PATCH("/api/v1/policies/{id}", { params: { path, header }, body }));
      },
    );
    await stored(written, onDone);
  };
  return (
    <PolicyText
      value={fieldsOf(policy)}
      replaces={policy.id}
      onSave={save}
      onCancel={() => onDone(policy.id)}
      notice={({ replace, onKeep, mine }) =>
        edited.notice({
          onKeep,
          mine: () => wholeOf(mine()),
          onTake: (theirs, kept) => replace({ ...fieldsOf(theirs), ...kept }),
        })
      }
    />
  );
}

interface PolicyTextProps extends Pick<YamlEditorProps, "value" | "onSave" | "onCancel" | "notice"> {
  /** The stored rule whose place it takes. */
  replaces?: string;
}

/** A policy as YAML, with what it would have done, before it is stored. */
function PolicyText({ replaces, ...editor }: PolicyTextProps) {
  const [tried, setTried] = useState<DryRun>();
  return (
    <>
      <YamlEditor
        what="policy"
        {...editor}
        second={{
          label: "Dry run",
          run: async (value) =>
            setTried(
              await dryRun({
                policy: value as Schema<"NewPolicy">,
                ...(replaces !== undefined && { replaces }),
              }),
            ),
        }}
      />
      {tried?.recent && <WouldHave recent={tried.recent} />}
      <SchemaHelp name="NewPolicy" />
    </>
  );
}
