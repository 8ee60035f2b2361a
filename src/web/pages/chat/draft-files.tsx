import { ActionIcon } from "@mantine/core";
import { Icon } from "../../parts/icon.tsx";
import { Bytes } from "../../parts/units.tsx";
import type { ChatFile } from "./chat-store.ts";
import classes from "./composer.module.css";
import { removeFile } from "./files.ts";

/** The files that go with the message. */
export function DraftFiles({ place, files }: { place: string; files: readonly ChatFile[] }) {
  if (files.length === 0) return null;
  return (
    <ul className={classes.files} aria-label="Attached files">
      {files.map((one) => (
        <li key={one.id} className={classes.file}>
          {one.preview === undefined ? (
            <Icon name="FileText" size={18} />
          ) : (
            <img className={classes.thumb} src={one.preview} alt="" />
          )}
          <span className={classes.fileText}>
            <span className="cut">{one.file.name || "Pasted file"}</span>
            <span className="faint">
              <Bytes value={one.file.size} />
            </span>
          </span>
          <ActionIcon size="sm" aria-label={`Remove ${one.file.name}`} onClick={() => removeFile(place, one)}>
            <Icon name="X" size={13} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
