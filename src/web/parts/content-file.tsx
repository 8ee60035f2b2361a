import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "wouter";
import { covers, useSession } from "../api/session.ts";
import { notifyDone } from "./api-error.tsx";
import { ConfirmDestructive } from "./confirm.tsx";
import { type ContentKind, fileOf, removeFile, WHAT } from "./content-files.ts";
import { FileEditor } from "./file-editor.tsx";
import { Icon } from "./icon.tsx";

interface ContentFileProps {
  kind: ContentKind;
  item: {
    id: string;
    name: string;
    source: "builtin" | "home" | "integration";
    file: string;
    file_text: string | null;
    file_version: string | null;
  };
}

/** Changes or deletes the file of an item. One of an integration changes with the integration only. */
export function ContentFile({ kind, item }: ContentFileProps) {
  const { id, source, file, file_text, file_version } = item;
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], `${kind}:write`));
  const [state, setState] = useState<"editing" | "deleting">();
  if (!mayChange || file_text === null) return null;
  if (state === "editing") {
    return (
      <>
        {source === "builtin" && (
          <p className="faint">
            It comes with Heddle. Saving puts a copy into the home folder, which replaces it until that is
            deleted.
          </p>
        )}
        <FileEditor
          {...fileOf(kind, id)}
          text={file_text}
          version={file_version}
          onCancel={() => setState(undefined)}
          onSaved={() => {
            setState(undefined);
            notifyDone(`${file} is saved, and in use.`);
          }}
        />
      </>
    );
  }
  return (
    <Group gap="xs">
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="Pencil" size={14} />}
        onClick={() => setState("editing")}
      >
        Edit
      </Button>
      {source === "home" && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="Trash2" size={14} />}
          onClick={() => setState("deleting")}
        >
          Delete …
        </Button>
      )}
      {state === "deleting" && <Deleting kind={kind} item={item} onClose={() => setState(undefined)} />}
    </Group>
  );
}

function Deleting({ kind, item: { id, name, file }, onClose }: ContentFileProps & { onClose(): void }) {
  const [, navigate] = useLocation();
  return (
    <ConfirmDestructive
      action={`Delete the ${WHAT[kind]}`}
      title={`Delete ${name}?`}
      onClose={onClose}
      onConfirm={async () => {
        await removeFile(kind, id);
        navigate(`/${kind}`);
      }}
    >
      <p>
        The file <code>{file}</code> is deleted from the home folder. Bots and channels that name {id} go on
        without it, with a warning. If Heddle has a {WHAT[kind]} of that name, it is there again.
      </p>
    </ConfirmDestructive>
  );
}
