import { useState } from "react";
import { CodeBlock, Json } from "../../parts/code-block.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ToolProgress } from "../../parts/tool-progress.tsx";
import { Duration } from "../../parts/units.tsx";
import type { ShownPiece } from "./thread.ts";
import classes from "./tool-call.module.css";

type Call = Extract<ShownPiece, { kind: "tool" }>;

const STATES = {
  running: ["RefreshCw", "Running"],
  done: ["Check", "Done"],
  failed: ["X", "Failed"],
  lost: ["Minus", "Without a result"],
} as const;

interface ToolCallProps {
  call: Call;
  /** Nothing more comes: a call without a result has none. */
  isOver: boolean;
}

/** A call of a tool in one line; open, with what it was given and what it returned. */
export function ToolCall({ call, isOver }: ToolCallProps) {
  const [isOpen, setOpen] = useState(false);
  const { tool, args, status, durationMs, error, result, progress } = call;
  const state = status === "running" && isOver ? "lost" : status;
  const [icon, words] = STATES[state];
  return (
    <details
      className={classes.call}
      data-state={state}
      open={isOpen}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <span className={classes.mark} title={words}>
          <Icon name={icon} size={12} />
          <span className={classes.hidden}>{words}</span>
        </span>
        <code className={classes.name}>{tool}</code>
        {state === "running" && progress ? (
          <ToolProgress {...progress} />
        ) : (
          <span className={`${classes.about} cut`}>{aboutOf(args)}</span>
        )}
        {durationMs !== null && (
          <span className={classes.took}>
            <Duration ms={durationMs} />
          </span>
        )}
        <Icon name="ChevronRight" size={14} />
      </summary>
      {isOpen && (
        <div className={classes.body}>
          <p className={classes.label}>Arguments</p>
          <Json value={args} what="arguments" />
          {error !== null && (
            <>
              <p className={classes.label}>Error</p>
              <CodeBlock text={error} what="error" wrap />
            </>
          )}
          {error === null && result !== null && (
            <>
              <p className={classes.label}>Result</p>
              <Json value={result} what="result" />
            </>
          )}
        </div>
      )}
    </details>
  );
}

const LONGEST = 200;

/** The first argument in words, to tell calls apart. */
function aboutOf(args: unknown): string {
  const value = typeof args === "string" ? parsed(args) : args;
  if (typeof value !== "object" || value === null) return "";
  const first = Object.values(value).find((one) => ["string", "number", "boolean"].includes(typeof one));
  return first === undefined ? "" : String(first).slice(0, LONGEST).replaceAll("\n", " ");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
