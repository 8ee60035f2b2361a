import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { memo, useState } from "react";
import { Link } from "wouter";
import { api, take } from "../../api/client.ts";
import { notifyError } from "../../parts/api-error.tsx";
import { FileList } from "../../parts/file-list.tsx";
import { Icon } from "../../parts/icon.tsx";
import type { ShownFile } from "../../parts/sent-files.ts";
import { absoluteTime, Time } from "../../parts/time.tsx";
import { refreshConversation } from "./queries.ts";
import type { Message, Task } from "./thread.ts";
import classes from "./timeline.module.css";

interface MessageProps {
  message: Message;
  task: Task | null;
}

/** Whether somebody wrote it with a key, as in this chat; everything else came from a service or names its author. */
const isOwn = (message: Message) =>
  (message.from_person || message.source === "chat") && nameOfAuthor(message) === undefined;

function nameOfAuthor({ metadata }: Message): string | undefined {
  const author = metadata.author as { display_name?: unknown } | null | undefined;
  return typeof author?.display_name === "string" ? author.display_name : undefined;
}

/** A message to the bot, from a person or from a service. */
export const MessageView = memo(({ message, task }: MessageProps) => {
  const { content, attachments, created_at } = message;
  const own = isOwn(message);
  const asker = askerOf(message);
  return (
    <section className={classes.message} data-own={own || undefined} aria-label={own ? "Message" : "Event"}>
      {!own && (
        <p className={classes.from}>
          <Icon name={nameOfAuthor(message) === undefined ? "Webhook" : "User"} size={13} />
          {authorOf(message)} · <Time at={created_at} />
          {asker !== undefined && <Link href={`/tasks/${asker}`}>Its run</Link>}
        </p>
      )}
      {attachments.length > 0 && (
        <FileList what="Attached files" files={attachments.map(attachedFile)} isAtEnd={own} />
      )}
      {content.trim() !== "" && <LongText text={content} title={absoluteTime(created_at)} />}
      {task && <Fate task={task} />}
    </section>
  );
});

const attachedFile = ({ id, kind, name, bytes }: Message["attachments"][number]): ShownFile => ({
  href: `/api/v1/attachments/${id}`,
  name,
  isImage: kind === "image",
  bytes,
});

/** The run that has delegated the work; undefined if none has. */
function askerOf({ source, metadata }: Message): string | undefined {
  const id = metadata.delegation_task_id;
  return source === "delegation" && typeof id === "string" ? id : undefined;
}

function authorOf(message: Message): string {
  const { source, role, metadata } = message;
  if (askerOf(message) !== undefined) return `Work from ${metadata.delegated_by_display}`;
  const name = nameOfAuthor(message);
  if (name === undefined) return source ?? role;
  return source ? `${name}, over ${source}` : name;
}

/** What there is to say about its run while that has no answer. */
function Fate({ task }: { task: Task }) {
  const cancel = useMutation({
    mutationFn: () => take(api.POST("/api/v1/tasks/{id}/cancel", { params: { path: { id: task.id } } })),
    onError: notifyError("The message is still waiting"),
    onSettled: () => refreshConversation(task.session_id),
  });
  if (task.status === "merged") return <p className={classes.foot}>Answered together with another one</p>;
  if (task.status !== "pending") return null;
  return (
    <p className={classes.foot}>
      Waits for its turn
      <Button variant="subtle" size="compact-xs" loading={cancel.isPending} onClick={() => cancel.mutate()}>
        Take back
      </Button>
    </p>
  );
}

const LONG = 1_500;
const MANY_LINES = 16;

/** A long text is cut until somebody wants to read it. */
export function LongText({ text, title }: { text: string; title?: string }) {
  const [isOpen, setOpen] = useState(false);
  const isLong = text.length > LONG || text.split("\n", MANY_LINES + 1).length > MANY_LINES;
  return (
    <>
      <div className={classes.text} data-cut={(isLong && !isOpen) || undefined} title={title}>
        {text}
      </div>
      {isLong && (
        <Button variant="subtle" size="compact-xs" onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
          {isOpen ? "Show less" : "Show all of it"}
        </Button>
      )}
    </>
  );
}
