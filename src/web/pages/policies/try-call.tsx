import { Checkbox, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { bots } from "../../api/queries.ts";
import { Form } from "../../parts/form.tsx";
import { objectOf, wrongIn } from "../../parts/wrong-field.ts";
import { Effect } from "./effect.tsx";
import { dryRun } from "./queries.ts";

/** Says what the policies make of a call, without making it. */
export function TryCall() {
  const [tool, setTool] = useState("");
  const [args, setArgs] = useState("{}");
  const [bot, setBot] = useState<string | null>(null);
  const [tainted, setTainted] = useState(false);
  const { data: known = [] } = useQuery(bots);
  const decide = useMutation({
    mutationFn: async () =>
      await dryRun({
        call: {
          tool: tool.trim(),
          arguments: objectOf(args, "call.arguments", "The arguments must be a JSON object."),
          tainted,
          ...(bot !== null && { bot_id: bot }),
        },
      }),
  });
  const decision = decide.data?.decision;
  const wrong = wrongIn(decide.error);
  return (
    <>
      <Form
        submit="Ask the policies"
        busy={decide.isPending}
        error={decide.error}
        onSubmit={() => decide.mutate()}
      >
        <TextInput
          label="Tool"
          required
          maxLength={64}
          error={wrong("call.tool")}
          value={tool}
          onChange={({ currentTarget }) => setTool(currentTarget.value)}
        />
        <Textarea
          label="Arguments as JSON"
          autosize
          minRows={3}
          error={wrong("call.arguments")}
          value={args}
          onChange={({ currentTarget }) => setArgs(currentTarget.value)}
        />
        <Select
          label="Bot"
          placeholder="Any"
          clearable
          error={wrong("call.bot_id")}
          data={known.map(({ id, name }) => ({ value: id, label: name }))}
          value={bot}
          onChange={setBot}
        />
        <Checkbox
          label="The run answers text of strangers"
          checked={tainted}
          onChange={({ currentTarget }) => setTainted(currentTarget.checked)}
        />
      </Form>
      {decision && (
        <p role="status">
          <Effect value={decision.effect} />{" "}
          {decision.policy_name === null ? (
            "No policy fits, so the call is made."
          ) : decision.policy_id === null ? (
            decision.policy_name
          ) : (
            <Link href={`/policies/${decision.policy_id}`}>{decision.policy_name}</Link>
          )}
          {decision.reason !== null && ` ${decision.reason}`}
        </p>
      )}
    </>
  );
}
