import { ActionIcon, Menu, Tooltip, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { WHEN_BUSY, type WhenBusy } from "../../api/when-busy.ts";
import { Icon } from "../../parts/icon.tsx";
import { channel } from "../channels/queries.ts";
import { type ChatFile, setFiles, useConversations, useDrafts } from "./chat-store.ts";
import classes from "./composer.module.css";
import { DraftFiles } from "./draft-files.tsx";
import { addFiles } from "./files.ts";
import type { NewMessage } from "./follow.ts";

interface ComposerProps {
  /** Keeps its draft: the session, or what stands for it before it has begun. */
  place: string;
  /** Its setting says what becomes of a message that arrives during a run. */
  channelId: string | undefined;
  isBusy: boolean;
  isStopping: boolean;
  onStop(): void;
  /** False: it cannot be sent now, so it stays in the field. */
  onSend(message: NewMessage): boolean;
}

const NONE: ChatFile[] = [];

/** The field for a message. Enter sends, Shift and Enter begins a line, Escape stops the run. */
export function Composer({ place, channelId, isBusy, isStopping, onStop, onSend }: ComposerProps) {
  const text = useDrafts(({ texts }) => texts[place] ?? "");
  const setText = useDrafts((state) => state.set);
  const files = useConversations((state) => state.files[place]) ?? NONE;
  const [whenBusy, setWhenBusy] = useState<WhenBusy>();
  const [isOver, setOver] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const isEmpty = text.trim() === "" && files.length === 0;

  useEffect(() => {
    // On a screen without a keyboard one would come up and hide the conversation.
    if (matchMedia("(pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: its height follows its text
  useLayoutEffect(() => {
    if (!field.current || CSS.supports("field-sizing", "content")) return;
    field.current.style.height = "auto";
    field.current.style.height = `${field.current.scrollHeight}px`;
  }, [text]);
  const send = () => {
    if (isEmpty) return;
    if (!onSend({ text, files, whenBusy: isBusy ? whenBusy : undefined })) return;
    setText(place, "");
    setFiles(place, () => []);
    field.current?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    // Enter also ends the choice of a character in some languages.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const take = (event: React.SyntheticEvent, given: FileList | undefined) => {
    if (!given || given.length === 0) return;
    event.preventDefault();
    addFiles(place, given);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files can be dropped here; the button does the same
    <div
      className={classes.composer}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        take(event, event.dataTransfer.files);
      }}
    >
      <div className={classes.box}>
        <DraftFiles place={place} files={files} />
        <textarea
          ref={field}
          className={classes.field}
          aria-label="Message"
          placeholder={isBusy ? "Write while it answers …" : "Write a message …"}
          rows={1}
          value={text}
          onChange={({ currentTarget }) => setText(place, currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => take(event, event.clipboardData.files)}
        />
        <div className={classes.bar}>
          <input
            ref={chooser}
            type="file"
            multiple
            hidden
            aria-label="Files to attach"
            onChange={({ currentTarget }) => {
              addFiles(place, currentTarget.files ?? []);
              currentTarget.value = "";
            }}
          />
          <Tooltip label="Attach images, PDFs or text files">
            <ActionIcon size={34} aria-label="Attach files" onClick={() => chooser.current?.click()}>
              <Icon name="Paperclip" size={17} />
            </ActionIcon>
          </Tooltip>
          {isBusy && <Mode channelId={channelId} value={whenBusy} onChange={setWhenBusy} />}
          <span className={classes.hint}>{isBusy ? "Escape stops" : "Shift + Enter: new line"}</span>
          {isBusy && (
            <Tooltip label="Stop (Escape)">
              <ActionIcon
                size={34}
                variant={isEmpty ? "filled" : "default"}
                color={isEmpty ? "indigo" : undefined}
                aria-label="Stop"
                className={classes.stop}
                loading={isStopping}
                onClick={onStop}
              >
                <Icon name="Square" size={15} />
              </ActionIcon>
            </Tooltip>
          )}
          {(!isBusy || !isEmpty) && (
            <Tooltip label="Send (Enter)">
              <ActionIcon
                size={34}
                variant="filled"
                color="indigo"
                aria-label="Send"
                disabled={isEmpty}
                onClick={send}
              >
                <Icon name="ArrowUp" size={18} />
              </ActionIcon>
            </Tooltip>
          )}
        </div>
      </div>
    </div>
  );
}

interface ModeProps {
  channelId: string | undefined;
  value: WhenBusy | undefined;
  onChange(value: WhenBusy): void;
}

/** What becomes of the message while the run goes on. */
function Mode({ channelId, value, onChange }: ModeProps) {
  const { data } = useQuery({ ...channel(channelId ?? ""), enabled: channelId !== undefined });
  const chosen = value ?? data?.when_busy ?? "queue";
  const way = WHEN_BUSY.find((one) => one.value === chosen);
  return (
    <Menu position="top-start" width={290}>
      <Menu.Target>
        <UnstyledButton className={classes.mode} aria-label={`While it answers: ${way?.label}`}>
          <span className="cut">{way?.label}</span>
          <Icon name="ChevronUp" size={13} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>A message during a run</Menu.Label>
        {WHEN_BUSY.map((one) => (
          <Menu.Item
            key={one.value}
            leftSection={
              one.value === chosen ? <Icon name="Check" size={14} /> : <span className={classes.gap} />
            }
            onClick={() => onChange(one.value)}
          >
            {one.label}
            <span className={classes.explanation}>{one.explanation}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
