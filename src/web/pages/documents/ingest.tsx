import { Button, FileButton, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { errorText, notifyDone } from "../../parts/api-error.tsx";
import { Form } from "../../parts/form.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import classes from "./documents.module.css";
import { readText, titleOf } from "./read-text.ts";

const refresh = () => queryClient.resetQueries({ queryKey: ["documents"] });

const send = (title: string, content: string) =>
  take(api.POST("/api/v1/documents", { body: { content, ...(title !== "" && { title }) } }));

/** Documents from a text that is pasted, or from files. */
export function Ingest() {
  return (
    <>
      <Section title="From files">
        <FromFiles />
      </Section>
      <Section title="Or from a text">
        <FromText />
      </Section>
    </>
  );
}

function FromText() {
  const [, navigate] = useLocation();
  const [title, setTitle] = useState("");
  const [content, setContent] = useState("");
  const add = useMutation({
    mutationFn: () => send(title.trim(), content),
    onSuccess: ({ id }) => {
      notifyDone("Stored. It is found from now on.");
      navigate(`/documents/${id}`);
      void refresh();
    },
  });
  const wrong = wrongIn(add.error);
  return (
    <Form submit="Add the document" busy={add.isPending} error={add.error} onSubmit={() => add.mutate()}>
      <TextInput
        label="Title"
        description="It is searched as well."
        error={wrong("title")}
        value={title}
        onChange={({ currentTarget }) => setTitle(currentTarget.value)}
      />
      <Textarea
        label="Text"
        description="Markdown or plain text. Headings become the places where it is split."
        required
        rows={10}
        error={wrong("content")}
        value={content}
        onChange={({ currentTarget }) => setContent(currentTarget.value)}
      />
    </Form>
  );
}

interface Sent {
  file: File;
  /** Undefined while it is sent. */
  problem?: string | null;
}

function FromFiles() {
  const [sent, setSent] = useState<Sent[]>([]);
  const [isOver, setOver] = useState(false);
  const addAll = async (files: File[]) => {
    // Others may still be on their way.
    setSent((before) => [...before, ...files.map((file) => ({ file }))]);
    // One after the other: the server splits and embeds each before it answers.
    for (const file of files) {
      const problem = await readText(file)
        .then((text) => send(titleOf(file.name), text))
        .then(() => null, errorText);
      setSent((before) => before.map((one) => (one.file === file ? { ...one, problem } : one)));
    }
    await refresh();
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same */}
      <div
        className={classes.drop}
        data-over={isOver || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void addAll([...event.dataTransfer.files]);
        }}
      >
        <p>Drop Markdown or text files here. Each becomes a document with its name as title.</p>
        <FileButton
          multiple
          accept=".md,.markdown,.txt,text/*"
          onChange={(files) => void addAll(files)}
          inputProps={{ "aria-label": "Files" }}
        >
          {(props) => (
            <Button {...props} variant="default" size="xs">
              Choose files
            </Button>
          )}
        </FileButton>
      </div>
      {sent.length > 0 && (
        <ul className={classes.files} aria-live="polite">
          {sent.map(({ file, problem }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: files of different folders may have the same name
            <li key={at}>
              <span className={classes.name}>{file.name}</span>
              {problem === undefined ? (
                <Badge>Being stored</Badge>
              ) : problem === null ? (
                <Badge tone="good">Stored</Badge>
              ) : (
                <Badge tone="bad">Not stored</Badge>
              )}
              {typeof problem === "string" && <p className={classes.problem}>{problem}</p>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
