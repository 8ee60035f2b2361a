import { Button, Group, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { FormFrame } from "../../parts/form.tsx";
import { Icon } from "../../parts/icon.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import type { IntegrationDetail } from "./queries.ts";
import { commandOf, SAMPLES } from "./samples.ts";
import classes from "./test-event.module.css";

/** Sends a webhook as the real sender would, signed by the server, or shows the command that does. */
export function TestEvent({ integration }: { integration: IntegrationDetail }) {
  const { id, webhook } = integration;
  const sample = SAMPLES[id] ?? SAMPLES[webhook?.scheme ?? ""] ?? { body: { test: true } };
  const [way, setWay] = useState("here");
  const [event, setEvent] = useState(sample.event ?? "");
  const [text, setText] = useState(() => JSON.stringify(sample.body, null, 2));
  const [refused, setRefused] = useState<unknown>();
  const wrong = wrongIn(refused);
  return (
    <div className={classes.test}>
      <SegmentedControl
        size="xs"
        aria-label="How to send it"
        value={way}
        onChange={setWay}
        data={[
          { value: "here", label: "Send from here" },
          { value: "terminal", label: "From a terminal" },
        ]}
      />
      {sample.event !== undefined && (
        <TextInput
          label="Event"
          error={wrong("event")}
          value={event}
          onChange={({ currentTarget }) => setEvent(currentTarget.value)}
        />
      )}
      <Textarea
        label="Body"
        rows={Math.min(14, text.split("\n").length + 1)}
        error={wrong("body")}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        classNames={{ input: classes.body }}
        spellCheck={false}
      />
      {way === "here" ? (
        <SendFromHere integration={integration} event={event} text={text} onRefused={setRefused} />
      ) : (
        <>
          <p className="faint">
            {webhook?.scheme
              ? "Put the secret in. The command signs the body as the sender would."
              : "The integration declares no verifier, so the command signs nothing."}
          </p>
          <CodeBlock text={commandOf(integration, { event, text, origin: location.origin })} what="command" />
        </>
      )}
    </div>
  );
}

interface SendProps {
  integration: IntegrationDetail;
  event: string;
  text: string;
  onRefused(error: unknown): void;
}

function SendFromHere({ integration: { id, webhook }, event, text, onRefused }: SendProps) {
  const hasParameter = webhook?.path.includes("/:") === true;
  const [path, setPath] = useState(() => webhook?.path.replace(`/integrations/${id}`, "") ?? "/webhook");
  const send = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/admin/integrations/{id}/receive", {
          params: { path: { id } },
          body: { body: parsed(text), ...(event !== "" && { event }), ...(hasParameter && { path }) },
        }),
      ),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: ["inbox"] }),
    onSettled: (_, error) => onRefused(error),
  });
  return (
    <FormFrame className={classes.form} error={send.error} onSubmit={() => send.mutate()}>
      {hasParameter && (
        <TextInput
          label="Path"
          description="Replace what begins with a colon"
          error={wrongIn(send.error)("path")}
          value={path}
          onChange={({ currentTarget }) => setPath(currentTarget.value)}
        />
      )}
      {send.error && <ApiError error={send.error} />}
      <Group gap="xs">
        <Button
          type="submit"
          size="xs"
          loading={send.isPending}
          disabled={hasParameter && path.includes("/:")}
          leftSection={<Icon name="Send" size={14} />}
        >
          {webhook?.scheme ? "Send a signed test event" : "Send a test event"}
        </Button>
        {send.data && (
          <span className="faint" role="status">
            The sender would have got status {send.data.status_code}.
          </span>
        )}
      </Group>
    </FormFrame>
  );
}

/** A text that is not JSON is sent as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
