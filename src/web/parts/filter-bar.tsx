import { Button, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useState } from "react";
import classes from "./filter-bar.module.css";
import { Icon } from "./icon.tsx";
import type { Filters } from "./use-filters.ts";

interface Choice<Name extends string> {
  name: Name;
  label: string;
  /** Without options it is a text field. */
  options?: readonly { value: string; label: string }[];
}

/** The filters above a list. */
export function FilterBar<Name extends string>({
  filters,
  choices,
}: {
  filters: Filters<Name>;
  choices: readonly Choice<Name>[];
}) {
  return (
    <search className={classes.bar} aria-label="Filters">
      {choices.map(({ name, label, options }) =>
        options ? (
          <Select
            key={name}
            size="xs"
            aria-label={label}
            placeholder={label}
            data={[...options]}
            value={filters.values[name] ?? null}
            onChange={(value) => filters.set(name, value)}
            clearable
            clearButtonProps={{ "aria-label": `Clear ${label}` }}
            searchable={options.length > 8}
            comboboxProps={{ width: "max-content", position: "bottom-start" }}
            className={classes.field}
            style={{ "--characters": chosenOf(options, filters.values[name]).length }}
          />
        ) : (
          <TextFilter
            key={name}
            label={label}
            value={filters.values[name] ?? ""}
            onChange={(value) => filters.set(name, value)}
          />
        ),
      )}
      {filters.count > 0 && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          leftSection={<Icon name="X" size={12} />}
          onClick={filters.clear}
        >
          Clear filters
        </Button>
      )}
    </search>
  );
}

/** What is chosen, as the field shows it. */
const chosenOf = (options: readonly { value: string; label: string }[], chosen: string | undefined): string =>
  options.find(({ value }) => value === chosen)?.label ?? "";

const TYPING_PAUSE_MS = 300;

function TextFilter(props: { label: string; value: string; onChange(value: string): void }) {
  const { label, value, onChange } = props;
  const [text, setText] = useState(value);
  const send = useDebouncedCallback(onChange, TYPING_PAUSE_MS);
  // A blank that has just been typed, before the next word, is not in the filter's value, and stays.
  useEffect(() => setText((now) => (now.trim() === value ? now : value)), [value]);
  return (
    <TextInput
      size="xs"
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        send(event.currentTarget.value.trim());
      }}
      className={classes.field}
    />
  );
}
