import {
  type DispatchContext,
  type DispatcherOf,
  type JsonObject,
  log,
  registerDispatcher,
  t,
} from "heddle/sdk";
import { withoutImages } from "../_answers/without-images.ts";
import { askByActions } from "./approvals.ts";
import { type Notification, OWN_TAG, publish, publishFile } from "./client.ts";
import { settings } from "./config.ts";
import { TOPIC } from "./topic.ts";

const MESSAGE_BYTES = 4_096;
/** ntfy.sh takes 2 MB; a self-hosted server takes 15 MB by default, and refuses what is larger. */
const MOST_BYTES = 15 * 1024 * 1024;
const PREVIEW = 300;

export const targetConfig = t.Object({
  topic: t.String({ pattern: TOPIC.source, secret: false }),
  priority: t.Optional(t.Number({ minimum: 1, maximum: 5, multipleOf: 1 })),
  tags: t.Optional(t.Array(t.String({ minLength: 1, maxLength: 64 }), { maxItems: 10 })),
  title: t.Optional(t.String({ maxLength: 250 })),
  click: t.Optional(t.String({ maxLength: 2_000 })),
});
export type Target = typeof targetConfig.static;

/** Makes answers notifications of the topic that the dispatch_config names. */
export const dispatcher = {
  config: targetConfig,
  receipt: t.Object({ ids: t.Array(t.String({ minLength: 1 })) }),
  lane: ({ topic }) => topic,
  deliver({ task, config, result, isError, clientActions, extraMetadata }, ctx) {
    const notification = {
      ...head(config, extraMetadata.bot_display),
      // One notification for each run, also if it is delivered again.
      ...(settings.NTFY_CAN_UPDATE && { sequence_id: task.id }),
      ...(isError && { priority: Math.max(config.priority ?? 3, 4), tags: [OWN_TAG, "warning"] }),
    };
    return post(notification, result, clientActions, ctx);
  },
  postMessage: ({ config, text, username, clientActions = [] }, ctx) =>
    post(head(config, username), text, clientActions, ctx),
  askApproval: (input, ctx) => askByActions(input, head(input.config), ctx),
} satisfies DispatcherOf<typeof targetConfig>;

registerDispatcher("ntfy", dispatcher);

export type Head = Omit<Notification, "message">;

function head({ topic, priority, tags = [], title, click }: Target, name?: string): Head {
  return {
    topic,
    tags: [OWN_TAG, ...tags],
    ...((title ?? name) !== undefined && { title: title ?? name }),
    ...(priority !== undefined && { priority }),
    ...(click !== undefined && { click }),
  } as Head;
}

async function post(notification: Head, text: string, actions: JsonObject[], ctx: DispatchContext) {
  const ids: string[] = [];
  if (text.trim() !== "") ids.push(await ctx.once("text", () => postText(notification, text, ctx.signal)));
  for (const [number, action] of actions.entries()) {
    const file = fileOf(action);
    if (!file) continue;
    const message = typeof action.caption === "string" ? action.caption.slice(0, 1_000) : "";
    ids.push(
      await ctx.once(`file:${number}`, () => publishFile({ ...notification, message }, file, ctx.signal)),
    );
  }
  return { receipt: { ids } };
}

/** A text that is too long for a notification is sent as a file, with its beginning as the notification's text. */
async function postText(notification: Head, text: string, signal: AbortSignal): Promise<string> {
  // The web app would fetch images, whose addresses a stranger may have talked the bot into.
  const shown = withoutImages(text);
  if (Buffer.byteLength(shown) <= MESSAGE_BYTES) {
    return publish({ ...notification, message: shown, markdown: true }, signal);
  }
  const message = `${[...text.slice(0, PREVIEW)].slice(0, -1).join("")}…`;
  return publishFile({ ...notification, message }, { name: "answer.md", bytes: bytesOf(text) }, signal);
}

function fileOf({ type, data, filename }: JsonObject) {
  if ((type !== "upload_image" && type !== "upload_file") || typeof data !== "string") return undefined;
  const bytes = new Uint8Array(Buffer.from(data, "base64"));
  const name = String(filename ?? "file").slice(-200);
  if (bytes.length > 0 && bytes.length <= MOST_BYTES) return { name, bytes };
  log.warning("A file was left out, since ntfy takes 1 byte to 15 MB", { name, bytes: bytes.length });
  return undefined;
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));
