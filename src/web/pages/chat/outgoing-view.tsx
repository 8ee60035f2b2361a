import { Button, Group } from "@mantine/core";
import { ApiError } from "../../parts/api-error.tsx";
import { Icon } from "../../parts/icon.tsx";
import { giveBack, type Outgoing } from "./chat-store.ts";
import { discard, sendAgain } from "./follow.ts";
import { LongText } from "./message-view.tsx";
import classes from "./timeline.module.css";

/** A message on its way, or one that was not accepted. */
export function OutgoingView({ session, outgoing }: { session: string; outgoing: Outgoing }) {
  const { text, files, error, key } = outgoing;
  const edit = () => {
    giveBack(session, outgoing);
    discard(session, key);
  };
  return (
    <section className={classes.message} data-own aria-label="Message">
      {files.length > 0 && (
        <ul className={classes.files}>
          {files.map(({ id, file, preview }) => (
            <li key={id} className={classes.file} data-kind={preview === undefined ? "text" : "image"}>
              {preview === undefined ? (
                <>
                  <Icon name="FileText" size={18} />
                  <span className="cut">{file.name}</span>
                </>
              ) : (
                <img src={preview} alt={file.name} />
              )}
            </li>
          ))}
        </ul>
      )}
      {text.trim() !== "" && <LongText text={text} />}
      {error === undefined ? (
        <p className={classes.foot}>Sending …</p>
      ) : (
        <div className={classes.refused}>
          <ApiError error={error} />
          <Group gap="xs" justify="flex-end" mt={6}>
            <Button size="xs" variant="default" onClick={edit}>
              Edit
            </Button>
            <Button size="xs" onClick={() => sendAgain(session, outgoing)}>
              Send again
            </Button>
          </Group>
        </div>
      )}
    </section>
  );
}
