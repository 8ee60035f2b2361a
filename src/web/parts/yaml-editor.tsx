import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiFailure } from "../api/failure.ts";
import { errorText } from "./api-error.tsx";
import { LinedEditor, type TextProblem } from "./lined-editor.tsx";
import { isObject } from "./use-edited.tsx";

export interface YamlEditorProps {
  /** What it is: "bot". */
  what: string;
  value: unknown;
  /** Sends the object to the API, whose schema decides; its refusal is shown at the line of the field it names. */
  onSave(value: unknown): Promise<unknown>;
  onCancel(): void;
  /** That somebody else has changed it meanwhile. */
  notice?(actions: MeanwhileActions): React.ReactNode;
  /** Does something else with the object; refusals are shown in the same way. */
  second?: { label: string; run(value: unknown): Promise<unknown> };
}

interface MeanwhileActions {
  /** Saves again. */
  onKeep(): void;
  /** The object that the text is; throws if it is none. */
  mine(): object;
  /** Puts another object into the text. */
  replace(value: unknown): void;
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

function Editor({
  what,
  value,
  onSave,
  onCancel,
  notice,
  second,
  yaml,
}: YamlEditorProps & { yaml: typeof import("yaml") }) {
  const written = (object: unknown) => yaml.stringify(object, { lineWidth: 100 });
  const [text, setText] = useState(() => written(value));
  const [state, setState] = useState<{ busy: boolean; problem?: TextProblem }>({ busy: false });

  const pass = async (to: (value: unknown) => Promise<unknown>) => {
    const counter = new yaml.LineCounter();
    const document = yaml.parseDocument(text, { lineCounter: counter, prettyErrors: false });
    const [error] = document.errors;
    if (error) {
      const { line } = counter.linePos(error.pos[0]);
      return setState({ busy: false, problem: { text: `The text is not YAML: ${error.message}`, line } });
    }
    setState({ busy: true });
    try {
      await to(document.toJS());
      setState({ busy: false });
    } catch (thrown) {
      const at =
        thrown instanceof ApiFailure && thrown.field ? lineOf(document, counter, thrown.field) : undefined;
      setState({ busy: false, problem: { text: errorText(thrown), line: at } });
    }
  };
  return (
    <LinedEditor
      label={`The ${what} as YAML`}
      submit={`Save ${what}`}
      text={text}
      onText={setText}
      {...state}
      notice={notice?.({
        onKeep: () => void pass(onSave),
        mine: () => {
          const object: unknown = yaml.parse(text);
          if (!isObject(object)) throw new TypeError("The text must be an object.");
          return object;
        },
        replace: (other) => {
          setText(written(other));
          setState({ busy: false });
        },
      })}
      onSave={() => void pass(onSave)}
      onCancel={onCancel}
      second={second && { label: second.label, run: () => void pass(second.run) }}
    />
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
