import { Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { Form } from "../../parts/form.tsx";
import { changedLines, namedLines } from "../../parts/named-lines.ts";
import { NumberField } from "../../parts/number-field.tsx";
import { SecretLines } from "../../parts/secret-lines.tsx";
import { useEdited } from "../../parts/use-edited.tsx";
import { type Wrong, wrongIn } from "../../parts/wrong-field.ts";
import { type CodingAgent, changeAgent, readAgent, refreshAgents } from "./queries.ts";

interface Fields {
  id: string;
  name: string;
  command: string;
  /** One a line. */
  args: string;
  /** NAME: value, one a line. Empty: they stay as they are. */
  variables: string;
  /** Whether the stored ones are removed. */
  removes: boolean;
  timeout: number;
}

const EMPTY: Fields = {
  ...{ id: "", name: "", command: "", args: "", variables: "", removes: false, timeout: 1_800 },
};

export function NewAgent({ onDone, onCancel }: { onDone(id: string): void; onCancel(): void }) {
  const [fields, setFields] = useState<Fields>(EMPTY);
  const create = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/admin/coding-agents", {
          body: { id: fields.id, ...bodyOf(fields), env: namedLines(fields.variables) },
        }),
      ),
    onSuccess: async ({ id }) => {
      await refreshAgents();
      onDone(id);
    },
  });
  const wrong = wrongIn(create.error);
  return (
    <Form
      submit="Add the agent"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate()}
      onCancel={onCancel}
    >
      <TextInput
        label="Id"
        description="Bots get it as code_with_id"
        required
        value={fields.id}
        error={wrong("id")}
        onChange={({ currentTarget }) => setFields({ ...fields, id: currentTarget.value.trim() })}
      />
      <AgentFields fields={fields} set={setFields} wrong={wrong} />
    </Form>
  );
}

const fieldsFrom = ({ id, name, command, args, timeout_seconds }: CodingAgent): Fields => ({
  ...{ id, name, command, args: args.join("\n") },
  ...{ variables: "", removes: false, timeout: timeout_seconds },
});

export function ChangedAgent({ agent, onDone }: { agent: CodingAgent; onDone(): void }) {
  const [fields, setFields] = useState(() => fieldsFrom(agent));
  const env = changedLines(fields.variables, fields.removes);
  const edited = useEdited({
    one: agent,
    fieldsOf: (one) => bodyOf(fieldsFrom(one)),
    read: () => readAgent(agent.id),
    sendsSecret: env !== undefined,
  });
  const change = useMutation({
    mutationFn: () =>
      edited.save(bodyOf(fields), async (changed, { header }) => {
        const body = { ...changed, ...(env && { env }) };
        if (Object.keys(body).length > 0) await changeAgent(agent.id, body, header);
      }),
    onSuccess: () => {
      notifyDone("Stored. It applies to work that begins from now on.");
      onDone();
    },
  });
  return (
    <Form
      submit="Save"
      busy={change.isPending}
      error={change.error}
      notice={edited.notice({
        onKeep: () => change.mutate(),
        mine: () => bodyOf(fields),
        onTake: (theirs, kept) => setFields(fieldsFrom({ ...theirs, ...kept })),
      })}
      onSubmit={() => change.mutate()}
      onCancel={onDone}
    >
      <AgentFields fields={fields} set={setFields} wrong={wrongIn(change.error)} stored={agent.env} />
    </Form>
  );
}

interface AgentFieldsProps {
  fields: Fields;
  set(fields: Fields): void;
  wrong: Wrong;
  /** The variables that are stored; missing for a new agent. */
  stored?: CodingAgent["env"];
}

function AgentFields({ fields, set, wrong, stored }: AgentFieldsProps) {
  const kept = stored
    ? " Empty: they stay as they are; otherwise all are replaced. They must be given again when the command or its arguments change."
    : "";
  return (
    <>
      <TextInput
        label="Name"
        description="People and bots read it"
        value={fields.name}
        error={wrong("name")}
        onChange={({ currentTarget }) => set({ ...fields, name: currentTarget.value })}
      />
      <TextInput
        label="Command"
        description="It runs on Heddle's machine. bun is the one inside Heddle"
        placeholder="npx"
        required
        value={fields.command}
        error={wrong("command")}
        onChange={({ currentTarget }) => set({ ...fields, command: currentTarget.value })}
      />
      <Textarea
        label="Arguments"
        description="One a line"
        autosize
        minRows={2}
        value={fields.args}
        error={wrong("args")}
        onChange={({ currentTarget }) => set({ ...fields, args: currentTarget.value })}
      />
      <SecretLines
        label="Variables"
        description={`One a line, as ANTHROPIC_API_KEY: …. Stored encrypted, and not shown again.${kept}`}
        error={wrong("env")}
        text={fields.variables}
        removes={fields.removes}
        stored={Object.keys(stored ?? {})}
        onChange={({ text, removes }) => set({ ...fields, variables: text, removes })}
      />
      <NumberField
        label="Time limit for one piece of work"
        description="Seconds, including the time in which it waits for people"
        min={1}
        max={7_200}
        allowDecimal={false}
        value={fields.timeout}
        error={wrong("timeout_seconds")}
        onChange={(value) => set({ ...fields, timeout: value ?? 1_800 })}
      />
    </>
  );
}

const bodyOf = ({ id, name, command, args, timeout }: Fields) => ({
  name: name.trim() || id,
  command: command.trim(),
  args: args.split("\n").filter((line) => line !== ""),
  timeout_seconds: timeout,
});
