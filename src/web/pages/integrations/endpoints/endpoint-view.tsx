import { Button, Switch } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { notifyDone, notifyError } from "../../../parts/api-error.tsx";
import { CodeBlock } from "../../../parts/code-block.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { Facts } from "../../../parts/facts.tsx";
import { Form } from "../../../parts/form.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Time } from "../../../parts/time.tsx";
import { useEdited } from "../../../parts/use-edited.tsx";
import { wrongIn } from "../../../parts/wrong-field.ts";
import { SCHEMES } from "../schemes.ts";
import { bodyOf, draftOf } from "./draft.ts";
import { EndpointFields } from "./endpoint-fields.tsx";
import classes from "./endpoints.module.css";
import { Instructions } from "./instructions.tsx";
import {
  changeEndpoint,
  deleteEndpoint,
  type Endpoint,
  type Place,
  type Preset,
  readEndpoint,
} from "./queries.ts";
import { Secrets } from "./secrets.tsx";
import { TryEndpoint } from "./try-endpoint.tsx";

interface Props {
  place: Place;
  endpoint: Endpoint;
  preset: Preset | undefined;
  /** As its sender reaches it. */
  url: string;
  homeHref: string;
}

export function EndpointView({ place, endpoint, preset, url, homeHref }: Props) {
  const { name, enabled } = endpoint;
  const [isDeleting, setDeleting] = useState(false);
  const [isEditing, setEditing] = useState(false);
  const [, navigate] = useLocation();
  const toggle = useMutation({
    mutationFn: (on: boolean) => changeEndpoint(place, name, { enabled: on }),
    onError: notifyError("Nothing was changed"),
  });
  return (
    <>
      <div className={classes.head}>
        <h2>{name}</h2>
        <Switch
          label={enabled ? "Accepts events" : "Refuses everything"}
          checked={enabled}
          disabled={toggle.isPending}
          onChange={({ currentTarget }) => toggle.mutate(currentTarget.checked)}
        />
        <Button size="xs" variant="default" onClick={() => setDeleting(true)}>
          Delete …
        </Button>
      </div>
      <Section title="Address">
        <Panel>
          <CodeBlock text={url} what="endpoint URL" wrap />
          <Instructions preset={preset} url={url} />
        </Panel>
      </Section>
      <Section
        title="What it does"
        actions={
          !isEditing && (
            <Button size="compact-xs" variant="default" onClick={() => setEditing(true)}>
              Edit
            </Button>
          )
        }
      >
        <Panel>
          {isEditing ? (
            <Edit
              place={place}
              endpoint={endpoint}
              isKnown={preset !== undefined}
              onDone={() => setEditing(false)}
            />
          ) : (
            <Shown endpoint={endpoint} />
          )}
        </Panel>
      </Section>
      <Secrets place={place} endpoint={endpoint} />
      <TryEndpoint place={place} endpoint={endpoint} preset={preset} />
      {isDeleting && (
        <ConfirmDestructive
          action="Delete the endpoint"
          title={`Delete ${name}?`}
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await deleteEndpoint(place, name);
            navigate(homeHref);
          }}
        >
          <p>
            Its sender is refused from then on, and its secrets are gone. Runs and conversations that it has
            led to stay.
          </p>
        </ConfirmDestructive>
      )}
    </>
  );
}

function Shown({ endpoint }: { endpoint: Endpoint }) {
  const { verifier, bot_id, session_pointer, idempotency_pointer, dispatch_config } = endpoint;
  return (
    <>
      <Facts
        facts={[
          ["Sender", proofText(verifier)],
          [
            "Bot",
            <Link key="bot" href={`/bots/${encodeURIComponent(bot_id)}`}>
              {bot_id}
            </Link>,
          ],
          [
            "Conversations",
            session_pointer === null ? (
              "All is one"
            ) : (
              <span key="session">
                One for each <code>{session_pointer}</code>
              </span>
            ),
          ],
          idempotency_pointer !== null && ["Runs once for each", <code key="id">{idempotency_pointer}</code>],
          [
            "Answers go to",
            dispatch_config === null ? "Nowhere: they stay with the run" : String(dispatch_config.type),
          ],
          ["Changed", <Time key="changed" at={endpoint.updated_at} />],
        ]}
      />
      <h3 className={classes.what}>What the bot is told</h3>
      <CodeBlock text={endpoint.prompt_template} what="prompt" wrap />
    </>
  );
}

export const proofText = ({ scheme, header }: Endpoint["verifier"]): string =>
  `${SCHEMES[scheme] ?? scheme}${header === undefined ? "" : `: ${header}`}`;

interface EditProps {
  place: Place;
  endpoint: Endpoint;
  isKnown: boolean;
  onDone(): void;
}

function Edit({ place, endpoint, isKnown, onDone }: EditProps) {
  const [draft, setDraft] = useState(() => draftOf(endpoint));
  const edited = useEdited({
    one: endpoint,
    fieldsOf: (one) => bodyOf(draftOf(one)),
    read: () => readEndpoint(place, endpoint.name),
    isSecret: (field) => field === "dispatch_config",
  });
  const save = useMutation({
    // Only what differs: secrets of a target are not shown, so that an unchanged one must not be sent back.
    mutationFn: async () =>
      edited.save(bodyOf(draft), (body, { header }) => changeEndpoint(place, endpoint.name, body, header)),
    onSuccess: () => {
      notifyDone("Stored. It applies from the next event on.");
      onDone();
    },
  });
  const hasTarget = endpoint.dispatch_config !== null;
  return (
    <Form
      submit="Save"
      busy={save.isPending}
      error={save.error}
      notice={edited.notice({
        onKeep: () => save.mutate(),
        mine: () => bodyOf(draft),
        onTake: (theirs, kept) => setDraft(draftOf({ ...theirs, ...kept })),
      })}
      onSubmit={() => save.mutate()}
      onCancel={onDone}
    >
      <EndpointFields
        draft={draft}
        set={(change) => setDraft({ ...draft, ...change })}
        wrong={wrongIn(save.error)}
        isKnown={isKnown}
      />
      {hasTarget && (
        <p className="faint">
          Secrets of the target are not shown. Unless you change the target they stay; if you do, enter them
          again.
        </p>
      )}
    </Form>
  );
}
