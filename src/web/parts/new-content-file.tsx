import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "wouter";
import { covers, useSession } from "../api/session.ts";
import { type ContentKind, fileOf, WHAT } from "./content-files.ts";
import { Dialog } from "./dialog.tsx";
import { FileEditor } from "./file-editor.tsx";
import { Icon } from "./icon.tsx";
import { wrongIn } from "./wrong-field.ts";

const BEGINNINGS: Record<ContentKind, string> = {
  skills: "---\nname: \ndescription: When a bot should read it.\n---\n\n",
  carapaces: "name: \ndescription: \nlocal_tools: []\nskills: []\nsystem_prompt_fragment: |\n  \n",
  templates: "---\nname: \ndescription: \n---\n\n",
};

/** The button that makes a new file in the home folder, with its dialog. */
export function NewContentFile({ kind }: { kind: ContentKind }) {
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], `${kind}:write`));
  const [isOpen, setOpen] = useState(false);
  if (!mayChange) return null;
  return (
    <>
      <Button size="xs" leftSection={<Icon name="Plus" size={14} />} onClick={() => setOpen(true)}>
        New {WHAT[kind]}
      </Button>
      {isOpen && <Writing kind={kind} onClose={() => setOpen(false)} />}
    </>
  );
}

function Writing({ kind, onClose }: { kind: ContentKind; onClose(): void }) {
  const [, navigate] = useLocation();
  const [id, setId] = useState("");
  const [refused, setRefused] = useState<unknown>();
  const ending = kind === "carapaces" ? "yaml" : "md";
  return (
    <Dialog onClose={onClose} title={`New ${WHAT[kind]}`} size="lg">
      <TextInput
        label="Id"
        description={`The file is ${kind}/${id || "…"}.${ending} in the home folder. Bots and channels refer to it by this name.`}
        error={wrongIn(refused)("id")}
        value={id}
        onChange={(event) => setId(event.currentTarget.value.trim())}
        data-autofocus
        mb="sm"
      />
      <FileEditor
        {...fileOf(kind, id)}
        text={BEGINNINGS[kind]}
        version={null}
        onRefused={setRefused}
        onCancel={onClose}
        onSaved={() => {
          onClose();
          navigate(`/${kind}/${id}`);
        }}
      />
    </Dialog>
  );
}
