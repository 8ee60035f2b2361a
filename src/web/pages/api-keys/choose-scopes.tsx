import { Checkbox, Table, Textarea } from "@mantine/core";
import type { Schema } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import type { Wrong } from "../../parts/wrong-field.ts";
import classes from "./api-keys.module.css";
import { onceTyped, scopesIn, whileTyping } from "./typed-scopes.ts";

type Resource = Schema<"Scopes">["resources"][number];
type Action = Resource["actions"][number];

const ACTIONS = [
  { action: "read", label: "Read" },
  { action: "write", label: "Change" },
  { action: "use", label: "Use" },
] as const;

interface ChooseScopesProps {
  resources: readonly Resource[];
  value: readonly string[];
  wrong: Wrong;
  onChange(scopes: string[]): void;
}

/** A box for each thing that a key may do. What it includes anyway is checked and cannot be taken away alone. */
export function ChooseScopes({ resources, value, wrong, onChange }: ChooseScopesProps) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
      <section className={classes.table} tabIndex={0} aria-label="Scopes, scrollable">
        <Table verticalSpacing={5} horizontalSpacing="xs" stickyHeader>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>What</Table.Th>
              {ACTIONS.map(({ action, label }) => (
                <Table.Th key={action} className={classes.box}>
                  {label}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {resources.map((resource) => (
              <Row key={resource.name} resource={resource} value={value} onChange={onChange} />
            ))}
          </Table.Tbody>
        </Table>
      </section>
      <Others resources={resources} value={value} wrong={wrong} onChange={onChange} />
    </>
  );
}

function Row({
  resource,
  value,
  onChange,
}: Omit<ChooseScopesProps, "resources" | "wrong"> & { resource: Resource }) {
  const held = useSession(({ me }) => me?.scopes ?? []);
  const { name, description, actions } = resource;
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.what}>
        {description}
        <code className={classes.name}>{name}</code>
      </Table.Th>
      {ACTIONS.map(({ action, label }) => {
        const scope = `${name}:${action}`;
        const isHeldAlone = value.includes(scope);
        const isIncluded = covers(
          value.filter((one) => one !== scope),
          scope,
        );
        return (
          <Table.Td key={action} className={classes.box}>
            {has(actions, action) && (
              <Checkbox
                size="xs"
                aria-label={`${label}: ${description}`}
                checked={isHeldAlone || isIncluded}
                disabled={isIncluded || !covers(held, scope)}
                onChange={({ currentTarget }) =>
                  onChange(
                    currentTarget.checked
                      ? [...value.filter((one) => !covers([scope], one)), scope]
                      : value.filter((one) => one !== scope),
                  )
                }
              />
            )}
          </Table.Td>
        );
      })}
    </Table.Tr>
  );
}

const has = (actions: readonly Action[], action: Action): boolean => actions.includes(action);

/** Scopes that no box stands for: of one tool, one type of target, one integration. */
function Others({ resources, value, wrong, onChange }: ChooseScopesProps) {
  const isBox = (scope: string) =>
    resources.some(({ name, actions }) => actions.some((action) => scope === `${name}:${action}`));
  const others = value.filter((scope) => !isBox(scope));
  return (
    <Textarea
      label="Further scopes"
      description="One a line, such as tools.web_search:use, tools.mcp:files:use, dispatch.github:use or integrations.github.store:read"
      autosize
      minRows={2}
      maxRows={8}
      error={wrong("scopes")}
      defaultValue={others.join("\n")}
      // What was typed last counts; the field is made anew with each preset.
      onChange={({ currentTarget }) => onChange(whileTyping({ value, text: currentTarget.value, isBox }))}
      onBlur={({ currentTarget }) => {
        const typed = onceTyped({ value, text: currentTarget.value, isBox });
        if (!scopesIn(currentTarget.value).some(isBox)) return;
        currentTarget.value = typed.text;
        onChange(typed.value);
      }}
    />
  );
}
