import { Button, Group, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { ApiError } from "../../../parts/api-error.tsx";
import { FormFrame } from "../../../parts/form.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { WrongInput, wrongIn } from "../../../parts/wrong-field.ts";
import classes from "./endpoints.module.css";
import { type Endpoint, type Place, type Preset, sendTest } from "./queries.ts";

/** Schemes whose senders name the event in a header. */
const WITH_EVENT = ["github", "gitlab"];

/** An event signed by the server, which takes the way of a real one and starts a run. */
export function TryEndpoint(props: { place: Place; endpoint: Endpoint; preset: Preset | undefined }) {
  const { place, endpoint, preset } = props;
  const [text, setText] = useState(() =>
    JSON.stringify(preset?.sample ?? { text: "A test from Heddle" }, null, 2),
  );
  const [event, setEvent] = useState("");
  const send = useMutation({ mutationFn: async () => sendTest(place, endpoint.name, parsed(text), event) });
  const result = send.data?.results?.find(({ task_id }) => task_id !== null);
  const wrong = wrongIn(send.error);
  return (
    <Section title="Try it">
      <Panel>
        <FormFrame className={classes.fields} error={send.error} onSubmit={() => send.mutate()}>
          {WITH_EVENT.includes(endpoint.verifier.scheme) && (
            <TextInput
              label="Event"
              error={wrong("event")}
              value={event}
              onChange={({ currentTarget }) => setEvent(currentTarget.value.trim())}
            />
          )}
          <Textarea
            label="Body"
            description="The bot answers it as it would answer a real one, where it would answer that"
            autosize
            minRows={3}
            maxRows={14}
            classNames={{ input: classes.mono }}
            spellCheck={false}
            error={wrong("body")}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
          {send.error && <ApiError error={send.error} />}
          <Group gap="sm">
            <Button
              type="submit"
              size="xs"
              loading={send.isPending}
              leftSection={<Icon name="Send" size={14} />}
            >
              Send a test event
            </Button>
            {send.data && (
              <span role="status">
                {result ? (
                  <>
                    {result.duplicate && <span className="faint">The same event has run before. </span>}
                    <Link href={`/tasks/${result.task_id}`}>Watch its run</Link>
                  </>
                ) : (
                  <span className="faint">Accepted, but no run was started.</span>
                )}
              </span>
            )}
          </Group>
        </FormFrame>
      </Panel>
    </Section>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WrongInput("body", "The body must be JSON.");
  }
}
