import { useState } from "react";
import { errorText } from "./api-error.tsx";
import { lineIn } from "./content-files.ts";
import { LinedEditor, type TextProblem } from "./lined-editor.tsx";
import { useEdited } from "./use-edited.tsx";

interface File {
  text: string;
  /** Of the file that is changed; null: it is a new one. */
  version: string | null;
}

interface FileEditorProps extends File {
  /** For screen readers, and what the button says. */
  label: string;
  submit: string;
  /** What is known to be wrong with it. */
  known?: TextProblem;
  /** Reads it again, when somebody else has changed it. */
  read(): Promise<File>;
  write(file: File): Promise<unknown>;
  /** Told of what was refused, which may be its id. */
  onRefused?(error: unknown): void;
  onSaved(): void;
  onCancel(): void;
}

/** The file itself, comments and all. The API refuses what could not be used, and says in which line. */
export function FileEditor(props: FileEditorProps) {
  const { label, submit, known, read, write, onRefused, onSaved, onCancel } = props;
  const [text, setText] = useState(props.text);
  const edited = useEdited({
    one: { text: props.text, updated_at: props.version },
    fieldsOf: (one) => ({ text: one.text }),
    read: async () => {
      const file = await read();
      return { text: file.text, updated_at: file.version };
    },
  });
  const [state, setState] = useState<{ busy: boolean; problem?: TextProblem }>({
    busy: false,
    ...(known && { problem: known }),
  });
  const save = async () => {
    setState({ busy: true });
    try {
      await edited.save({ text }, (_, { version }) => write({ text, version }));
      setState({ busy: false });
      onSaved();
    } catch (thrown) {
      onRefused?.(thrown);
      const problem = errorText(thrown);
      setState({ busy: false, problem: { text: problem, line: lineIn(problem) } });
    }
  };
  return (
    <LinedEditor
      label={label}
      submit={submit}
      text={text}
      onText={setText}
      {...state}
      notice={edited.notice({
        onKeep: () => void save(),
        mine: () => ({ text }),
        onTake: (theirs, kept) => {
          setText(kept.text ?? theirs.text);
          setState({ busy: false });
        },
      })}
      onSave={() => void save()}
      onCancel={onCancel}
    />
  );
}
