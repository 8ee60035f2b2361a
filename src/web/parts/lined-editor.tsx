import { Button, Group } from "@mantine/core";
import { useEffect, useRef } from "react";
import { firstField } from "./first-field.ts";
import { Icon } from "./icon.tsx";
import classes from "./lined-editor.module.css";
import { useUnsaved } from "./unsaved.ts";

/** What is wrong with a text; `line` counts from 1. */
export interface TextProblem {
  text: string;
  line?: number | undefined;
}

interface LinedEditorProps {
  /** For screen readers: "The bot as YAML". */
  label: string;
  /** What the button says: "Save bot". */
  submit: string;
  text: string;
  onText(text: string): void;
  busy: boolean;
  problem?: TextProblem | undefined;
  /** In the place of a problem: that somebody else has changed it meanwhile. */
  notice?: React.ReactNode;
  onSave(): void;
  onCancel(): void;
  /** Another thing to do with the text. */
  second?: { label: string; run(): void } | undefined;
}

/** A text with numbered lines. What is wrong with it is shown below, with a way to its line; Ctrl-S saves. */
export function LinedEditor({
  label,
  submit,
  text,
  onText,
  busy,
  problem,
  notice,
  onSave,
  onCancel,
  second,
}: LinedEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLPreElement>(null);
  // It opens because somebody wants to write.
  useEffect(() => firstField(field.current?.parentElement)?.focus({ preventScroll: true }), []);
  const unsaved = useUnsaved<HTMLDivElement>(problem);
  const save = () => {
    unsaved.sent();
    onSave();
  };
  const lines = text.split("\n");
  const goTo = (line: number) => {
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    field.current?.focus();
    field.current?.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  };
  return (
    <div ref={unsaved.ref} className={classes.editor}>
      <div className={classes.box}>
        <pre ref={gutter} className={classes.gutter} aria-hidden="true">
          {lines.map((_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
            <span key={index} data-wrong={problem?.line === index + 1 || undefined}>
              {index + 1}
              {"\n"}
            </span>
          ))}
        </pre>
        <textarea
          ref={field}
          className={classes.text}
          aria-label={label}
          value={text}
          spellCheck={false}
          wrap="off"
          rows={Math.min(34, Math.max(10, lines.length + 1))}
          onChange={(event) => onText(event.currentTarget.value)}
          onScroll={({ currentTarget }) => {
            if (gutter.current) gutter.current.scrollTop = currentTarget.scrollTop;
          }}
          onKeyDown={(event) => {
            if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              save();
            }
          }}
        />
      </div>
      {notice}
      {problem && (!notice || problem.line !== undefined) && (
        <p className={classes.problem} role="alert">
          <Icon name="AlertTriangle" size={15} />
          <span>{problem.text}</span>
          {problem.line !== undefined && (
            <Button variant="subtle" size="compact-xs" onClick={() => goTo(problem.line ?? 1)}>
              Line {problem.line}
            </Button>
          )}
        </p>
      )}
      <Group gap="xs">
        <Button loading={busy} onClick={save}>
          {submit}
        </Button>
        {second && (
          <Button variant="default" onClick={second.run}>
            {second.label}
          </Button>
        )}
        <Button
          variant="default"
          onClick={() => {
            unsaved.giveUp();
            onCancel();
          }}
        >
          Cancel
        </Button>
      </Group>
    </div>
  );
}
