import { Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { bots } from "../../../api/queries.ts";
import { WHEN_BUSY } from "../../../api/when-busy.ts";
import { NumberField } from "../../../parts/number-field.tsx";
import type { Wrong } from "../../../parts/wrong-field.ts";
import classes from "../channel-page.module.css";
import type { Channel } from "../queries.ts";
import type { ChannelChange } from "./settings.tsx";

interface FieldsProps {
  value: Channel;
  set(change: ChannelChange): void;
  wrong: Wrong;
}

export function AnswerFields({ value, set, wrong }: FieldsProps) {
  const { data: known = [] } = useQuery(bots);
  return (
    <div className={classes.fields}>
      <TextInput
        label="Name"
        description="What people see, if the integration has no name for the place."
        maxLength={300}
        error={wrong("name")}
        value={value.name}
        onChange={({ currentTarget }) => set({ name: currentTarget.value })}
      />
      <Select
        label="Bot"
        description="Who answers here, whichever bot a message names."
        placeholder="Whichever a message names"
        clearable
        clearButtonProps={{ "aria-label": "Any bot" }}
        searchable={known.length > 8}
        data={known.map(({ id, name }) => ({ value: id, label: name }))}
        error={wrong("bot_id")}
        value={value.bot_id}
        onChange={(bot_id) => set({ bot_id })}
      />
      <Select
        label="A message that arrives during a run"
        description={WHEN_BUSY.find((way) => way.value === value.when_busy)?.explanation}
        data={WHEN_BUSY.map(({ value: way, label }) => ({ value: way, label }))}
        allowDeselect={false}
        error={wrong("when_busy")}
        value={value.when_busy}
        onChange={(way) => way && set({ when_busy: way as Channel["when_busy"] })}
      />
      <Textarea
        label="Prompt"
        description="A system message for every run here, in addition to the bot's own."
        autosize
        minRows={3}
        maxRows={14}
        error={wrong("prompt")}
        value={value.prompt ?? ""}
        onChange={({ currentTarget }) => set({ prompt: currentTarget.value || null })}
      />
      <Select
        label="While an answer is written"
        description="What chats show of it. The finished answer takes its place."
        data={[
          { value: "append", label: "All that the bot writes" },
          { value: "replace", label: "Only what it wrote last" },
          { value: "hidden", label: "Nothing" },
        ]}
        allowDeselect={false}
        error={wrong("thinking_display")}
        value={value.thinking_display}
        onChange={(way) => way && set({ thinking_display: way as Channel["thinking_display"] })}
      />
    </div>
  );
}

export function ListeningFields({ value, set, wrong }: FieldsProps) {
  const switches = [
    [
      "require_mention",
      "Only when the bot is addressed",
      "Chat integrations run the bot only when a message mentions it.",
    ],
    [
      "passive_memory",
      "Remember what was not addressed to the bot",
      "Messages that start no run become context of later runs.",
    ],
    ["allow_bot_messages", "Answer other bots", "Messages of other bots may start runs here."],
    ["private", "Private", "A mark for chat integrations, which read it over the API."],
    ["workspace", "Files of the workspace", "Bots may read and write workspace files here."],
  ] as const;
  return (
    <div className={classes.fields}>
      {switches.map(([key, label, description]) => (
        <Switch
          key={key}
          label={label}
          description={description}
          error={wrong(key)}
          checked={value[key]}
          onChange={({ currentTarget }) => set({ [key]: currentTarget.checked })}
        />
      ))}
    </div>
  );
}

export function LimitFields({ value, set, wrong }: FieldsProps) {
  return (
    <div className={classes.fields}>
      <TextInput
        label="Model"
        placeholder="The bot's own"
        maxLength={200}
        error={wrong("model_override")}
        value={value.model_override ?? ""}
        onChange={({ currentTarget }) => set({ model_override: currentTarget.value || null })}
      />
      <NumberField
        label="Model calls in one run, at most"
        placeholder="The bot's own"
        allowDecimal={false}
        min={1}
        max={100}
        error={wrong("max_iterations")}
        value={value.max_iterations ?? undefined}
        onChange={(next) => set({ max_iterations: next ?? null })}
      />
      <TagsInput
        label="Tools that nobody can use here"
        description="The name of a tool, then Enter; * stands for any text."
        error={wrong("tools_disabled")}
        value={value.tools_disabled}
        onChange={(tools_disabled) => set({ tools_disabled })}
      />
    </div>
  );
}
