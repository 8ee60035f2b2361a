import { Checkbox, Input, SegmentedControl, Switch, TagsInput, TextInput } from "@mantine/core";
import { NumberField } from "../../../parts/number-field.tsx";
import type { Wrong } from "../../../parts/wrong-field.ts";
import classes from "../channel-page.module.css";
import type { Bindable } from "../queries.ts";

interface EventFilterProps {
  /** What the integration offers; empty if it names no events. */
  events: Bindable["event_types"];
  /** Null: all events. */
  value: string[] | null;
  wrong: Wrong;
  onChange(value: string[] | null): void;
}

/** Which events of the place reach the channel. */
export function EventFilter({ events, value, wrong, onChange }: EventFilterProps) {
  return (
    <Input.Wrapper
      label="Events that reach the channel"
      labelElement="div"
      error={value?.length === 0 ? "Choose at least one, or all of them." : wrong("event_filter")}
    >
      <div>
        <SegmentedControl
          size="xs"
          mt={4}
          aria-label="Events that reach the channel"
          data={[
            { value: "all", label: "All of them" },
            { value: "some", label: "Only these" },
          ]}
          value={value === null ? "all" : "some"}
          onChange={(way) => onChange(way === "all" ? null : [])}
        />
      </div>
      {value !== null && events.length > 0 && (
        <div className={classes.events}>
          {events.map((event) => (
            <Checkbox
              key={event.value}
              label={event.label}
              description={event.description}
              checked={value.includes(event.value)}
              onChange={({ currentTarget }) =>
                onChange(
                  currentTarget.checked
                    ? [...value, event.value]
                    : value.filter((one) => one !== event.value),
                )
              }
            />
          ))}
        </div>
      )}
      {value !== null && events.length === 0 && (
        <TagsInput
          mt={6}
          aria-label="Names of events"
          placeholder="Name of an event, then Enter"
          value={value}
          onChange={onChange}
        />
      )}
    </Input.Wrapper>
  );
}

interface ConfigFieldsProps {
  fields: Bindable["config_fields"];
  values: Record<string, unknown>;
  wrong: Wrong;
  onChange(values: Record<string, unknown>): void;
}

/** The further fields that the integration declares. */
export function ConfigFields({ fields, values, wrong, onChange }: ConfigFieldsProps) {
  return fields.map((field) => (
    <ConfigField
      key={field.key}
      field={field}
      // What somebody has emptied does not get its default back while they type.
      value={field.key in values ? values[field.key] : field.default}
      error={wrong(`config.${field.key}`)}
      onChange={(value) => onChange({ ...values, [field.key]: value })}
    />
  ));
}

interface ConfigFieldProps {
  field: Bindable["config_fields"][number];
  value: unknown;
  error: string | undefined;
  onChange(value: unknown): void;
}

function ConfigField({ field, value, error, onChange }: ConfigFieldProps) {
  const { type, label, description, options } = field;
  const shared = { label, description, error };
  switch (type) {
    case "boolean":
      return (
        <Switch
          {...shared}
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      );
    case "number":
      return (
        <NumberField {...shared} value={typeof value === "number" ? value : undefined} onChange={onChange} />
      );
    case "multiselect": {
      const chosen = Array.isArray(value) ? value.map(String) : [];
      return (
        <Checkbox.Group {...shared} value={chosen} onChange={onChange}>
          <div className={classes.events}>
            {options.map((option) => (
              <Checkbox
                key={option.value}
                value={option.value}
                label={option.label}
                description={option.description}
              />
            ))}
          </div>
        </Checkbox.Group>
      );
    }
    case "string":
      return (
        <TextInput
          {...shared}
          value={typeof value === "string" ? value : ""}
          onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
        />
      );
  }
}
