import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { SchemaHelp } from "../../parts/schema-help.tsx";
import { YamlEditor } from "../../parts/yaml-editor.tsx";
import { type DryRun, dryRun, fieldsOf, type Policy, refreshPolicies } from "./queries.ts";
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

/** A rule as YAML, with what it would have done before it is stored. */
export function PolicyEditor({ policy, onDone }: { policy?: Policy; onDone(id?: string): void }) {
  const [tried, setTried] = useState<DryRun>();
  const save = async (value: unknown) => {
    const written = policy
      ? await take(
          api.PATCH("/api/v1/policies/{id}", {
            params: { path: { id: policy.id } },
            body: value as Schema<"PolicyChange">,
          }),
        )
      : await take(api.POST("/api/v1/policies", { body: value as Schema<"NewPolicy"> }));
    await refreshPolicies();
    notifyDone(["It applies from the next call on.", ...written.warnings].join(" "));
    onDone(written.id);
  };
  return (
    <>
      <YamlEditor
        what="policy"
        value={policy ? fieldsOf(policy) : EXAMPLE}
        onSave={save}
        onCancel={() => onDone(policy?.id)}
        second={{
          label: "Dry run",
          run: async (value) =>
            setTried(
              await dryRun({
                policy: value as Schema<"NewPolicy">,
                ...(policy && { replaces: policy.id }),
              }),
            ),
        }}
      />
      {tried?.recent && <WouldHave recent={tried.recent} />}
      <SchemaHelp name="NewPolicy" />
    </>
  );
}
