import { Button } from "@mantine/core";
import classes from "./changed-meanwhile.module.css";
import { Diff } from "./diff.tsx";
import { Icon } from "./icon.tsx";
import { type DiffLine, lineDiff } from "./line-diff.ts";
import { Badge } from "./status.tsx";
import { sentFormAround } from "./unsaved.ts";

interface ChangedMeanwhileProps {
  /** As it was when editing began, and as it is stored now. */
  was: object;
  now: object;
  /** The fields that the reader has changed. */
  mine: readonly string[];
  /** Whether the reader has also changed something that nobody is shown. */
  isHidden: boolean;
  onKeep(): void;
  onTake(): void;
}

/** Somebody else has saved first: what they changed, and whose version counts. What was typed stays until that is decided. */
export function ChangedMeanwhile({ was, now, mine, isHidden, onKeep, onTake }: ChangedMeanwhileProps) {
  const before = new Map<string, unknown>(Object.entries(was));
  const theirs = Object.entries(now).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(before.get(field)),
  );
  const isDisputed = isHidden || theirs.some(([field]) => mine.includes(field));
  return (
    <div className={classes.box} role="alert">
      <p className={classes.title}>
        <Icon name="AlertTriangle" size={18} />
        <strong>Somebody else has changed this meanwhile.</strong>
      </p>
      <p>
        {theirs.length === 0
          ? "What they changed is not shown here. "
          : "This is what they changed. What you typed is still there. "}
        {isDisputed
          ? "Saving yours replaces what you have both changed; taking theirs leaves the rest of what you typed."
          : "Saving keeps both their changes and yours; taking theirs puts them into the form first."}
        {isHidden && " What they changed may be a secret, which nobody is shown."}
      </p>
      {theirs.map(([field, value]) => (
        <div key={field}>
          <p className={classes.field}>
            {labelOf(field)} {mine.includes(field) && <Badge tone="warn">You have changed it, too</Badge>}
          </p>
          <Diff what={`What they changed: ${labelOf(field)}`} text={diffOf(before.get(field), value)} />
        </div>
      ))}
      <div className={classes.buttons}>
        <Button
          onClick={({ currentTarget }) => {
            sentFormAround(currentTarget);
            onKeep();
          }}
        >
          {isDisputed ? "Save mine" : "Save both"}
        </Button>
        <Button variant="default" onClick={onTake}>
          Take theirs
        </Button>
      </div>
    </div>
  );
}

/** system_prompt → System prompt */
function labelOf(field: string): string {
  const words = field.replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** Lines around a change that say where it is. */
const AROUND = 2;

function diffOf(before: unknown, now: unknown): string {
  const lines = lineDiff(textOf(before), textOf(now));
  const isNear = (at: number): boolean =>
    lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(([sign]) => sign !== " ");
  return lines.flatMap((line, at) => (isNear(at) ? [lineText(line)] : [])).join("\n");
}

const lineText = ([sign, text]: DiffLine): string => `${sign}${text}`;

const textOf = (value: unknown): string => {
  if (value === null || value === undefined || value === "") return "(nothing)";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
};
