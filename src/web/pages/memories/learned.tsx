import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, take } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Time } from "../../parts/time.tsx";
import classes from "./memories.module.css";
import type { Memory } from "./queries.ts";

/** Where it was learned, and why it waits. */
export function Learned({ memory }: { memory: Memory }) {
  const { bot_id, channel_id, session_id, task_id, status, reviewed_at, created_at } = memory;
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "sessions:read"));
  // The session may be gone; then its id alone is shown.
  const { data: session } = useQuery({
    queryKey: ["sessions", "one", session_id],
    queryFn: () => take(api.GET("/api/v1/sessions/{id}", { params: { path: { id: session_id } } })),
    enabled: maySee,
    retry: false,
  });
  return (
    <Section title="Where it was learned">
      {status === "unreviewed" && (
        <p className={classes.why}>
          It waits because something in that conversation was not written by a person with a key: a webhook, a
          message of a chat service, a file, or what a tool has read.
        </p>
      )}
      <Facts
        facts={[
          [
            "Run",
            <Link key="run" href={`/tasks/${task_id}`}>
              What the bot read and did
            </Link>,
          ],
          [
            "Conversation",
            <Link key="session" href={`/chat/${session_id}`}>
              {session?.channel_name ?? session?.client_id ?? session_id}
            </Link>,
          ],
          [
            "Bot",
            <Link key="bot" href={`/bots/${bot_id}`}>
              {bot_id}
            </Link>,
          ],
          [
            "Holds",
            channel_id === null ? (
              "In every channel of the bot"
            ) : (
              <Link key="channel" href={`/channels/${channel_id}`}>
                In one channel only
              </Link>
            ),
          ],
          ["Learned", <Time key="learned" at={created_at} as="absolute" />],
          reviewed_at !== null && ["Reviewed", <Time key="reviewed" at={reviewed_at} as="absolute" />],
        ]}
      />
    </Section>
  );
}
