import { ActionIcon, Table, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "../../api/client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { plural, shortCountText } from "../../parts/units.tsx";
import { ModelFacts } from "./model-facts.tsx";
import classes from "./providers.module.css";
import { modelsOf, type Provider } from "./queries.ts";

type Model = Schema<"Model">;

/** A longer table would be slow; the text above it finds the others. */
const MOST_SHOWN = 100;

/** What the endpoint offers and what is known of it: window, images, prices. */
export function ProviderModels({ provider, mayChange }: { provider: Provider; mayChange: boolean }) {
  const { data, error, isPending, refetch } = useQuery(modelsOf(provider.id));
  const [wanted, setWanted] = useState("");
  const [changing, setChanging] = useState<Model>();
  const all = [...(data ?? []), ...onlySet(provider, data ?? [])];
  const matching = all.filter(({ id }) => id.toLowerCase().includes(wanted.toLowerCase()));
  const shown = matching.slice(0, MOST_SHOWN);
  return (
    <Section
      title={data ? `Models (${plural(all.length, "model")})` : "Models"}
      actions={
        all.length > 10 && (
          <TextInput
            size="xs"
            aria-label="Only models with this text"
            placeholder="Only models with this text"
            value={wanted}
            onChange={({ currentTarget }) => setWanted(currentTarget.value)}
          />
        )
      }
    >
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {isPending && <p className="faint">Asking the endpoint …</p>}
      {shown.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
        <section className={classes.table} tabIndex={0} aria-label="Models as a table, scrollable">
          <Table verticalSpacing={6} horizontalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Model</Table.Th>
                <Table.Th className={classes.value}>Window</Table.Th>
                <Table.Th className={classes.value}>Input</Table.Th>
                <Table.Th className={classes.value}>Output</Table.Th>
                <Table.Th>Images</Table.Th>
                {mayChange && <Table.Th aria-label="Change" />}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((model) => (
                <Row
                  key={model.id}
                  model={model}
                  isSet={provider.models[model.id] !== undefined}
                  onChange={mayChange ? () => setChanging(model) : undefined}
                />
              ))}
            </Table.Tbody>
          </Table>
        </section>
      )}
      {data && all.length === 0 && <p className="faint">The endpoint lists no model.</p>}
      {all.length > 0 && (
        <p className={classes.note}>
          {matching.length > shown.length &&
            `${plural(matching.length - shown.length, "more model matches", "more models match")}. `}
          The window is in tokens, prices are US dollars per million tokens. What you set counts instead of
          what Heddle knows.
        </p>
      )}
      {changing !== undefined && (
        <ModelFacts provider={provider} model={changing} onClose={() => setChanging(undefined)} />
      )}
    </Section>
  );
}

interface RowProps {
  model: Model;
  /** Whether somebody has set something of it here. */
  isSet: boolean;
  onChange: (() => void) | undefined;
}

function Row({ model, isSet, onChange }: RowProps) {
  const { prices, context_window, images } = model;
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.name}>
        {model.id} <CopyButton text={model.name} what={`${model.name} as bots name it`} />
        {isSet && <span className={classes.set}>Set here</span>}
      </Table.Th>
      <Table.Td className={classes.value}>
        {context_window === null ? unknown : shortCountText(context_window)}
      </Table.Td>
      <Table.Td className={classes.value}>{priceOf(prices?.input)}</Table.Td>
      <Table.Td className={classes.value}>{priceOf(prices?.output)}</Table.Td>
      <Table.Td>{images === null ? unknown : images ? "Yes" : "No"}</Table.Td>
      {onChange && (
        <Table.Td className={classes.value}>
          <ActionIcon size="sm" aria-label={`Set what is known of ${model.id}`} onClick={onChange}>
            <Icon name="Pencil" size={14} />
          </ActionIcon>
        </Table.Td>
      )}
    </Table.Tr>
  );
}

const unknown = <span className="faint">Unknown</span>;

const priceOf = (price: number | undefined) => (price === undefined ? unknown : `$${price}`);

/** Models that somebody has described here and the endpoint does not list. */
const onlySet = (provider: Provider, listed: readonly Model[]): Model[] =>
  Object.entries(provider.models)
    .filter(([id]) => !listed.some((one) => one.id === id))
    .map(([id, facts]) => ({
      id,
      name: `${provider.id}/${id}`,
      context_window: facts.context_window ?? null,
      max_output_tokens: facts.max_output_tokens ?? null,
      images: facts.images ?? null,
      pdfs: facts.pdfs ?? null,
      prices: facts.prices ? { ...facts.prices } : null,
    }));
