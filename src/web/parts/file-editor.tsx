import { useState } from "react";
import { errorText } from "./api-error.tsx";
import { type ContentKind, lineIn, readFile, WHAT, writeFile } from "./content-files.ts";
import { LinedEditor, type TextProblem } from "./lined-editor.tsx";
import { useEdited } from "./use-edited.tsx";

interface FileEditorProps {
  kind: ContentKind;
  id: string;
  text: string;
  /** Of the file that is changed; null: it is a new one. */
  version: string | null;
  onSaved(): void;
  onCancel(): void;
}

/** The file itself, comments and all. The API refuses what could not be used, and says in which line. */
export function FileEditor({ kind, id, onSaved, onCancel, ...given }: FileEditorProps) {
  const [text, setText] = useState(given.text);
  const edited = useEdited({
    one: { text: given.text, updated_at: given.version },
    fieldsOf: (one) => ({ text: one.text }),
    read: async () => {
      const { file_text, file_version } = await readFile(kind, id);
      return { text: file_text ?? "", updated_at: file_version };
    },
  });
  const [state, setState] = useState<{ busy: boolean; problem?: TextProblem }>({ busy: false });
  const save = async () => {
    if (id === "") return setState({ busy: false, problem: { text: "It needs an id first." } });
    setState({ busy: true });
    try {
      await edited.save({ text }, (_, { version }) => writeFile(kind, id, { text, version }));
      onSaved();
    } catch (thrown) {
      const problem = errorText(thrown);
      setState({ busy: false, problem: { text: problem, line: lineIn(problem) } });
    }
  };
  return (
    <LinedEditor
      label={`The file of the ${WHAT[kind]}`}
      submit={`Save ${WHAT[kind]}`}
      text={text}
      onText={setText}
      {...state}
      notice={edited.notice({
        onKeep: () => void save(),
        onTake: (theirs) => setText(theirs.text),
      })}
      onSave={() => void save()}
      onCancel={onCancel}
    />
  );
}
