import { ActionIcon, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { api, take } from "../../api/client.ts";
import { bots, OWN_CHATS } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Icon } from "../../parts/icon.tsx";
import { channel } from "../channels/queries.ts";
import classes from "./chat.module.css";
import { giveBack, useDrafts } from "./chat-store.ts";
import { Composer } from "./composer.tsx";
import { type NewMessage, sendMessage } from "./follow.ts";
import { titleOf } from "./names.ts";
import { newKey } from "./new-key.ts";

/** The beginning of a conversation; it is created with its first message. `isAlone`: no list with a heading is beside it. */
export function NewChat({ isAlone }: { isAlone: boolean }) {
  const [params, setParams] = useSearchParams();
  const channelId = params.get("channel_id") ?? undefined;
  const { data: known = [], error, refetch } = useQuery(bots);
  const { data: there } = useQuery({ ...channel(channelId ?? ""), enabled: channelId !== undefined });
  const last = useDrafts((state) => state.bot);
  // The page of a bot leads here with that bot; the one that was chosen last counts otherwise.
  const wanted = params.get("bot_id") ?? last;
  const bot = there?.bot_id ?? known.find(({ id }) => id === wanted)?.id ?? known[0]?.id ?? null;
  const begin = useBegin(channelId);
  const scopes = useSession(({ me }) => me?.scopes ?? []);
  const mayBegin = [
    "chat:write",
    "sessions:write",
    ...(channelId === undefined ? ["channels:write"] : []),
  ].every((scope) => covers(scopes, scope));
  useEffect(() => {
    document.title = "Chat · Heddle";
  }, []);
  const Heading = isAlone ? "h1" : "h2";
  return (
    <article className={classes.pane} aria-label="New chat">
      {(isAlone || there) && (
        <header className={classes.head}>
          <ActionIcon
            className={classes.back}
            component={Link}
            href="/chat"
            size="lg"
            aria-label="All conversations"
          >
            <Icon name="ArrowLeft" size={18} />
          </ActionIcon>
          <div className={classes.titles}>
            <p className={classes.facts}>{there ? `In ${there.display_name}` : "A new conversation"}</p>
          </div>
        </header>
      )}
      <div className={classes.fresh}>
        <Heading className={classes.greeting}>What would you like to know, or have done?</Heading>
        {mayBegin ? (
          <>
            <div className={classes.choice}>
              <Select
                aria-label="Bot"
                leftSection={<Icon name="Bot" size={15} />}
                data={known.map(({ id, name }) => ({ value: id, label: name }))}
                value={bot}
                allowDeselect={false}
                disabled={Boolean(there?.bot_id)}
                searchable={known.length > 8}
                onChange={(next) => {
                  useDrafts.setState({ bot: next });
                  if (params.has("bot_id")) setParams({}, { replace: true });
                }}
              />
            </div>
            {error && <ApiError error={error} onRetry={() => void refetch()} />}
            {begin.error && <ApiError error={begin.error} />}
            <Composer
              place={placeOf(channelId)}
              channelId={undefined}
              isBusy={false}
              isStopping={false}
              onStop={() => undefined}
              onSend={(message) => {
                // Who is to answer is not known as long as the bots are being read.
                if (bot !== null) begin.mutate({ message, bot });
                return bot !== null;
              }}
            />
          </>
        ) : (
          <Empty icon="Lock" title="Your key may read conversations, but not begin one" />
        )}
      </div>
    </article>
  );
}

const placeOf = (channelId: string | undefined) => (channelId === undefined ? "new" : `new ${channelId}`);

function useBegin(channelId: string | undefined) {
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: async ({ message, bot }: { message: NewMessage; bot: string }) => {
      const place = channelId === undefined ? await createPlace(message, bot) : await clientIdOf(channelId);
      const body = { client_id: place, bot_id: bot };
      return take(api.POST("/api/v1/sessions", { body }));
    },
    onSuccess: ({ session_id }, { message }) => {
      sendMessage(session_id, message);
      void queryClient.invalidateQueries({ queryKey: ["channels"] });
      navigate(`/chat/${session_id}`, { replace: true });
    },
    // What was written is not lost.
    onError: (_, { message }) => giveBack(placeOf(channelId), message),
  });
}

/** Each conversation that is begun here has a channel of its own, so that it can be named, set up and deleted by itself. */
async function createPlace({ text, files }: NewMessage, bot: string): Promise<string> {
  const name = titleOf(text.trim() === "" ? (files[0]?.file.name ?? "") : text);
  const body = { client_id: `${OWN_CHATS}${newKey()}`, name, bot_id: bot };
  return (await take(api.POST("/api/v1/channels", { body }))).client_id;
}

const clientIdOf = async (id: string): Promise<string> =>
  (await take(api.GET("/api/v1/channels/{id}", { params: { path: { id } } }))).client_id;
