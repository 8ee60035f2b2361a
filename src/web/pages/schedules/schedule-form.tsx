import { SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { bots } from "../../api/queries.ts";
import { Form } from "../../parts/form.tsx";
import { type Wrong, wrongIn } from "../../parts/wrong-field.ts";
import { type Draft, isJson, timingOf } from "./draft.ts";
import { NextTimes } from "./next-times.tsx";
import { places, preview, tools } from "./queries.ts";
import classes from "./schedules.module.css";

const KINDS = [
  { value: "cron", label: "By the clock" },
  { value: "interval", label: "Interval" },
  { value: "once", label: "Once" },
];
const MISSED = [
  { value: "run_once", label: "The last missed time runs late" },
  { value: "record", label: "Missed times are only recorded" },
];
const OVERLAP = [
  { value: "skip", label: "The next time is skipped" },
  { value: "queue", label: "The next time waits for its turn" },
];
const ZONES = Intl.supportedValuesOf("timeZone");

interface ScheduleFormProps {
  draft: Draft;
  set(change: Partial<Draft>): void;
  submit: string;
  busy: boolean;
  error: unknown;
  notice?: React.ReactNode;
  /** Whether its channel is fixed. */
  isOld?: boolean;
  onSubmit(): void;
  onCancel(): void;
}

/** Shows when the schedule would be due, while somebody types. */
export function ScheduleForm({ draft, set, isOld = false, ...form }: ScheduleFormProps) {
  const { data: known = [] } = useQuery(places);
  const { data: knownBots = [] } = useQuery(bots);
  const timing = timingOf(draft);
  const { error: unplanned } = useQuery({
    ...preview(timing ?? { kind: "once" }, draft.timezone),
    enabled: timing !== undefined,
  });
  const wrong: Wrong = (...fields) => wrongIn(unplanned)(...fields) ?? wrongIn(form.error)(...fields);
  return (
    <Form {...form}>
      <TextInput
        label="Name"
        required
        maxLength={200}
        error={wrong("name")}
        value={draft.name}
        onChange={({ currentTarget }) => set({ name: currentTarget.value })}
      />
      {!isOld && (
        <Select
          label="Channel"
          required
          searchable
          data={known.map(({ id, display_name }) => ({ value: id, label: display_name }))}
          error={wrong("channel_id")}
          value={draft.channel}
          onChange={(channel) => set({ channel })}
        />
      )}
      <Textarea
        label="Message"
        description="What the bot gets each time."
        required
        autosize
        minRows={3}
        maxLength={20_000}
        error={wrong("content")}
        value={draft.content}
        onChange={({ currentTarget }) => set({ content: currentTarget.value })}
      />
      <SegmentedControl
        aria-label="When it is due"
        data={KINDS}
        value={draft.kind}
        onChange={(kind) => set({ kind })}
      />
      <When draft={draft} set={set} wrong={wrong} />
      <Select
        label="Time zone"
        searchable
        data={ZONES.includes(draft.timezone) ? ZONES : [draft.timezone, ...ZONES]}
        error={wrong("timezone")}
        value={draft.timezone}
        onChange={(timezone) => timezone !== null && set({ timezone })}
      />
      {timing && <NextTimes timing={timing} timezone={draft.timezone} />}
      <Select
        label="Bot"
        placeholder="The channel's own"
        clearable
        searchable
        data={knownBots.map(({ id, name }) => ({ value: id, label: name }))}
        error={wrong("bot_id")}
        value={draft.bot}
        onChange={(bot) => set({ bot })}
      />
      <Exceptions draft={draft} set={set} wrong={wrong} />
      <Quiet draft={draft} set={set} wrong={wrong} />
    </Form>
  );
}

interface PartProps {
  draft: Draft;
  set(change: Partial<Draft>): void;
  wrong: Wrong;
}

/** What becomes of times that cannot be kept. */
function Exceptions({ draft, set, wrong }: PartProps) {
  return (
    <>
      <Select
        label="After servers were away"
        data={MISSED}
        error={wrong("missed")}
        allowDeselect={false}
        value={draft.missed}
        onChange={(missed) => missed !== null && set({ missed: missed as Draft["missed"] })}
      />
      <Select
        label="If an earlier run is in progress"
        data={OVERLAP}
        error={wrong("overlap")}
        allowDeselect={false}
        value={draft.overlap}
        onChange={(overlap) => overlap !== null && set({ overlap: overlap as Draft["overlap"] })}
      />
    </>
  );
}

/** When nothing is sent: in quiet hours, and while a tool finds nothing new. */
function Quiet({ draft, set, wrong }: PartProps) {
  const { data: known = [] } = useQuery(tools);
  return (
    <>
      <div className={classes.pair}>
        <TextInput
          label="Quiet from"
          type="time"
          required={draft.quietEnd !== ""}
          error={wrong("quiet_hours.end") === undefined ? wrong("quiet_hours") : undefined}
          value={draft.quietStart}
          onChange={({ currentTarget }) => set({ quietStart: currentTarget.value })}
        />
        <TextInput
          label="Quiet until"
          type="time"
          required={draft.quietStart !== ""}
          error={wrong("quiet_hours.end")}
          value={draft.quietEnd}
          onChange={({ currentTarget }) => set({ quietEnd: currentTarget.value })}
        />
      </div>
      <Select
        label="Only if this tool finds something new"
        description="It is called first; while it answers as before, no model is asked."
        placeholder="Always"
        error={wrong("pre_check.tool")}
        clearable
        searchable
        data={known.filter(({ annotations }) => annotations.destructive !== true).map(({ name }) => name)}
        value={draft.checkTool}
        onChange={(checkTool) => set({ checkTool })}
      />
      {draft.checkTool !== null && (
        <Textarea
          label="Its arguments"
          description="As JSON."
          autosize
          error={isJson(draft.checkArguments) ? wrong("pre_check.arguments") : "This is not a JSON object."}
          value={draft.checkArguments}
          onChange={({ currentTarget }) => set({ checkArguments: currentTarget.value })}
        />
      )}
    </>
  );
}

function When({ draft, set, wrong }: PartProps) {
  if (draft.kind === "cron") {
    return (
      <TextInput
        label="Cron expression"
        description="Minute, hour, day of month, month, day of week: 0 8 * * 1-5 is 8:00 on workdays."
        required
        error={wrong("timing.cron")}
        value={draft.cron}
        onChange={({ currentTarget }) => set({ cron: currentTarget.value })}
      />
    );
  }
  if (draft.kind === "interval") {
    return (
      <TextInput
        label="Minutes between two due times"
        required
        inputMode="numeric"
        error={wrong("timing.seconds")}
        value={draft.minutes}
        onChange={({ currentTarget }) => set({ minutes: currentTarget.value })}
      />
    );
  }
  return (
    <TextInput
      label="Date and time"
      description="On the clock of this browser."
      type="datetime-local"
      required
      error={wrong("timing.at")}
      value={draft.at}
      onChange={({ currentTarget }) => set({ at: currentTarget.value })}
    />
  );
}
