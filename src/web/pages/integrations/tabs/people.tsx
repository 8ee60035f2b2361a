import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../../api/client.ts";
import { useLiveQueries } from "../../../api/live.ts";
import { covers, useSession } from "../../../api/session.ts";
import { ApiError, notifyDone, notifyError } from "../../../parts/api-error.tsx";
import { Awaited } from "../../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { FormFrame } from "../../../parts/form.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Badge, Status } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import { wrongIn } from "../../../parts/wrong-field.ts";
import type { IntegrationDetail } from "../queries.ts";
import classes from "./people.module.css";
import { MOST_PEOPLE, type Person, peopleOf, refreshPeople } from "./people.ts";
import shared from "./tabs.module.css";

/** Whom of the service's people the bots trust. */
export function People({ integration: { id, name } }: { integration: IntegrationDetail }) {
  const { data, error, refetch } = useQuery(peopleOf(id));
  useLiveQueries(["person"], ["people"]);
  const mayDecide = useSession(({ me }) => covers(me?.scopes ?? [], "people:write"));
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  return (
    <div className={shared.readme}>
      <p className={shared.lead}>
        What an allowed person writes over {name} counts as yours: bots use their tools for it. Everybody else
        is a stranger, for whom most calls that change something wait for you.
      </p>
      {mayDecide && <Pair />}
      <Section title="People">
        <Panel flush>
          {data.length === 0 ? (
            <Empty icon="Users" title="Nobody has asked yet">
              Whoever writes to a bot over {name} can be shown a code there, and appears here.
            </Empty>
          ) : (
            <ul className={classes.people} aria-label="People">
              {data.map((person) => (
                <Row key={person.id} person={person} mayDecide={mayDecide} />
              ))}
            </ul>
          )}
        </Panel>
        {data.length === MOST_PEOPLE && <p className="faint">Only the latest {MOST_PEOPLE} are shown.</p>}
      </Section>
      {mayDecide && <Add integrationId={id} name={name} />}
    </div>
  );
}

/** Allows whoever was shown the code. */
function Pair() {
  const [code, setCode] = useState("");
  const pair = useMutation({
    mutationFn: () => take(api.POST("/api/v1/people/pair", { body: { code } })),
    onSuccess: (person) => {
      setCode("");
      notifyDone(`${person.name} is allowed.`);
    },
    onSettled: refreshPeople,
  });
  return (
    <Section title="Confirm a code">
      <Panel>
        <FormFrame className={classes.line} error={pair.error} onSubmit={() => pair.mutate()}>
          <TextInput
            label="Pairing code"
            description="Get it from the person in a way that proves it is them."
            placeholder="7KQ2-MXRD"
            autoComplete="off"
            spellCheck={false}
            maxLength={40}
            error={wrongIn(pair.error)("code")}
            value={code}
            onChange={({ currentTarget }) => setCode(currentTarget.value)}
          />
          <Button type="submit" loading={pair.isPending} disabled={code.trim() === ""}>
            Allow
          </Button>
          {pair.error && <ApiError error={pair.error} />}
        </FormFrame>
      </Panel>
    </Section>
  );
}

function Row({ person, mayDecide }: { person: Person; mayDecide: boolean }) {
  const { id, name, external_id, place, status, asked_at, decided_at, decided_by } = person;
  const [isAsking, setAsking] = useState(false);
  const params = { params: { path: { id } } };
  const decide = useMutation({
    mutationFn: (next: "allowed" | "blocked") =>
      take(api.PATCH("/api/v1/people/{id}", { ...params, body: { status: next } })),
    onError: notifyError("Nothing was decided"),
    onSettled: refreshPeople,
  });
  return (
    <li className={classes.person}>
      <div className={classes.about}>
        <p className={classes.name}>{name === "" ? "Without a name" : name}</p>
        <p className={classes.facts}>
          {status === "pending" ? <Badge tone="warn">Asks</Badge> : <Status value={status} />}
          <code>{external_id}</code>
          {place !== null && place !== external_id && <code>{place}</code>}
          {decided_at === null ? (
            <Time at={asked_at} />
          ) : (
            <span>
              by {(decided_by ?? "").replace(/^key:/, "")} <Time at={decided_at} />
            </span>
          )}
        </p>
      </div>
      {mayDecide && (
        <div className={classes.buttons}>
          {status !== "allowed" && (
            <Button
              size="xs"
              variant={status === "pending" ? "filled" : "default"}
              leftSection={<Icon name="Check" size={14} />}
              loading={decide.isPending && decide.variables === "allowed"}
              disabled={decide.isPending}
              onClick={() => decide.mutate("allowed")}
              aria-label={`Allow ${name}`}
            >
              Allow
            </Button>
          )}
          {status !== "blocked" && (
            <Button
              size="xs"
              variant="default"
              leftSection={<Icon name="Ban" size={14} />}
              loading={decide.isPending && decide.variables === "blocked"}
              disabled={decide.isPending}
              onClick={() => decide.mutate("blocked")}
              aria-label={`Block ${name}`}
            >
              Block
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => setAsking(true)} aria-label={`Forget ${name}`}>
            Forget …
          </Button>
        </div>
      )}
      {isAsking && (
        <ConfirmDestructive
          action="Forget the person"
          title={`Forget ${name}?`}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/people/{id}", params);
            await refreshPeople();
          }}
        >
          <p>
            What {name} writes counts as a stranger's from then on. Messages that have been written stay as
            they are, and {name} can ask again.
          </p>
        </ConfirmDestructive>
      )}
    </li>
  );
}

/** For somebody who has not written, by the id that the service gives. */
function Add({ integrationId, name: service }: { integrationId: string; name: string }) {
  const [externalId, setExternalId] = useState("");
  const [name, setName] = useState("");
  const add = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/people", {
          body: {
            integration_id: integrationId,
            external_id: externalId.trim(),
            name: name.trim(),
            status: "allowed",
          },
        }),
      ),
    onSuccess: () => {
      setExternalId("");
      setName("");
    },
    onSettled: refreshPeople,
  });
  const wrong = wrongIn(add.error);
  return (
    <details className={shared.more}>
      <summary>Allow somebody who has not written yet</summary>
      <FormFrame className={classes.line} error={add.error} onSubmit={() => add.mutate()}>
        <TextInput
          label={`Id at ${service}`}
          autoComplete="off"
          maxLength={200}
          error={wrong("external_id")}
          value={externalId}
          onChange={({ currentTarget }) => setExternalId(currentTarget.value)}
        />
        <TextInput
          label="Name"
          autoComplete="off"
          maxLength={200}
          error={wrong("name")}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          loading={add.isPending}
          disabled={externalId.trim() === "" || name.trim() === ""}
        >
          Allow
        </Button>
        {add.error && <ApiError error={add.error} />}
      </FormFrame>
    </details>
  );
}
