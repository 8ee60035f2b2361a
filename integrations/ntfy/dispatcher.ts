import {
  type DispatchContext,
  type DispatcherOf,
  type JsonObject,
  log,
  Permanent,
  registerDispatcher,
  t,
} from "heddle/sdk";
import { withoutImages } from "../_answers/without-images.ts";
import { askByActions } from "./approvals.ts";
import {
  type Notification,
  OLD_SERVER,
  OWN_TAG,
  type Published,
  publish,
  publishFile,
  unpublish,
} from "./client.ts";
import { type Shown, showProgress } from "./progress.ts";
import { head, targetConfig } from "./target.ts";

const MESSAGE_BYTES = 4_096;
/** ntfy.sh takes 2 MB; a self-hosted server takes 15 MB by default, and refuses what is larger. */
const MOST_BYTES = 15 * 1024 * 1024;
const PREVIEW = 300;

const receipt = t.Object({
  ids: t.Array(t.String({ minLength: 1 })),
  /** By what the text can be replaced and removed. */
  text: t.Optional(t.String()),
  files: t.Optional(t.Array(t.String())),
});
type Posted = typeof receipt.static;

/** Makes answers notifications of the topic that the dispatch_config names. */
export const dispatcher = {
  config: targetConfig,
  receipt,
  lane: ({ topic }) => topic,
  // What ntfy.sh allows for ever is one request every five seconds, and sixty at once.
  streamEvery: 3,
  stream: showProgress,
  async deliver({ task, config, result, isError, clientActions, extraMetadata, streamed }, ctx) {
    const notification = {
      ...head(config, extraMetadata.bot_display),
      // One notification for each run, also if it is delivered again, or was shown while it was written.
      sequence_id: task.id,
      ...(isError && { priority: Math.max(config.priority ?? 3, 4), tags: [OWN_TAG, "warning"] }),
    };
    if ((streamed as Shown | undefined)?.replaced && result.trim() === "")
      await unpublish(config.topic, task.id, ctx.signal);
    return post(notification, result, clientActions, ctx);
  },
  postMessage: ({ config, text, username, clientActions = [] }, ctx) =>
    post({ ...head(config, username), sequence_id: ctx.delivery_id }, text, clientActions, ctx),
  async edit({ config, text, receipt, extraMetadata }, { signal }) {
    const { ids, text: sequence_id, files } = receipt as Posted;
    if (sequence_id === undefined) throw new Permanent(OLD_SERVER);
    const changed = await postText({ ...head(config, extraMetadata.bot_display), sequence_id }, text, signal);
    return { receipt: { ids: [changed.id, ...ids.slice(1)], text: sequence_id, ...(files && { files }) } };
  },
  async remove({ config, receipt }, { signal }) {
    const { text, files = [] } = receipt as Posted;
    const sequences = [...(text === undefined ? [] : [text]), ...files];
    if (sequences.length === 0) throw new Permanent(OLD_SERVER);
    for (const sequence of sequences) await unpublish(config.topic, sequence, signal);
    return { receipt: { ids: [] } };
  },
  askApproval: (input, ctx) => askByActions(input, head(input.config), ctx),
} satisfies DispatcherOf<typeof targetConfig>;

registerDispatcher("ntfy", dispatcher);

type Named = Omit<Notification, "message">;

async function post(notification: Named, text: string, actions: JsonObject[], ctx: DispatchContext) {
  const { sequence_id } = notification;
  const isText = text.trim() !== "";
  const shown = isText ? await ctx.once("text", () => postText(notification, text, ctx.signal)) : undefined;
  const files: Published[] = [];
  for (const [number, action] of actions.entries()) {
    const file = fileOf(action);
    if (!file) continue;
    const message = typeof action.caption === "string" ? action.caption.slice(0, 1_000) : "";
    const about = { ...notification, sequence_id: `${sequence_id}-${number}`, message };
    files.push(await ctx.once(`file:${number}`, () => publishFile(about, file, ctx.signal)));
  }
  const sequences = files.flatMap(({ sequence }) => sequence ?? []);
  return {
    receipt: {
      ids: [...(shown ? [shown] : []), ...files].map(({ id }) => id),
      ...(shown?.sequence !== undefined && { text: shown.sequence }),
      ...(sequences.length > 0 && { files: sequences }),
    } satisfies Posted,
  };
}

/** A text that is too long for a notification is sent as a file, with its beginning as the notification's text. */
async function postText(notification: Named, text: string, signal: AbortSignal): Promise<Published> {
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
