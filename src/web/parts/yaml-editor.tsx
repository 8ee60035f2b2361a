import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ApiFailure } from "../api/failure.ts";
import { errorText } from "./api-error.tsx";
import { Icon } from "./icon.tsx";
import classes from "./yaml-editor.module.css";

interface YamlEditorProps {
  /** What it is: "bot". */
  what: string;
  value: unknown;
  /** Sends the object to the API, whose schema decides; its refusal is shown at the line of the field it names. */
  onSave(value: unknown): Promise<unknown>;
  onCancel(): void;
}

interface Problem {
  text: string;
  line?: number | undefined;
}

/** An object as YAML. What is not YAML is not sent; what the API refuses is shown at its line. */
export function YamlEditor(props: YamlEditorProps) {
  // The YAML library is loaded with the first editor.
  const { data: yaml } = useQuery({
    queryKey: ["code", "yaml"],
    queryFn: () => import("yaml"),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return yaml ? <Editor {...props} yaml={yaml} /> : null;
}

function Editor({ what, value, onSave, onCancel, yaml }: YamlEditorProps & { yaml: typeof import("yaml") }) {
  const [text, setText] = useState(() => yaml.stringify(value, { lineWidth: 100 }));
  const [state, setState] = useState<{ busy: boolean; problem?: Problem }>({ busy: false });
  const field = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLPreElement>(null);
  const lines = text.split("\n");

  const save = async () => {
    const counter = new yaml.LineCounter();
    const document = yaml.parseDocument(text, { lineCounter: counter, prettyErrors: false });
    const [error] = document.errors;
    if (error) {
      const { line } = counter.linePos(error.pos[0]);
      return setState({ busy: false, problem: { text: `It is not YAML: ${error.message}`, line } });
    }
    setState({ busy: true });
    try {
      await onSave(document.toJS());
      setState({ busy: false });
    } catch (thrown) {
      const at =
        thrown instanceof ApiFailure && thrown.field ? lineOf(document, counter, thrown.field) : undefined;
      setState({ busy: false, problem: { text: errorText(thrown), line: at } });
    }
  };
  const goTo = (line: number) => {
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    field.current?.focus();
    field.current?.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  };
  const { problem } = state;
  return (
    <div className={classes.editor}>
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
          aria-label={`The ${what} as YAML`}
          value={text}
          spellCheck={false}
          wrap="off"
          rows={Math.min(34, Math.max(10, lines.length + 1))}
          onChange={(event) => setText(event.currentTarget.value)}
          onScroll={({ currentTarget }) => {
            if (gutter.current) gutter.current.scrollTop = currentTarget.scrollTop;
          }}
          onKeyDown={(event) => {
            if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              void save();
            }
          }}
        />
      </div>
      {problem && (
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
        <Button loading={state.busy} onClick={save}>
          Save {what}
        </Button>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </Group>
    </div>
  );
}

/** The line of a dotted path, or of its closest parent that is there. */
function lineOf(
  document: ReturnType<typeof import("yaml").parseDocument>,
  counter: import("yaml").LineCounter,
  field: string,
): number | undefined {
  const path: (string | number)[] = field
    .split(".")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  for (; path.length > 0; path.pop()) {
    const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return counter.linePos(node.range[0]).line;
  }
  return undefined;
}
