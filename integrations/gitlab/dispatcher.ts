import { type DispatchContext, Permanent, registerDispatcher, t } from "heddle/sdk";
import { withoutImages } from "../_answers/without-images.ts";
import { attributed, errorText, nameOf } from "../_forge/answer-text.ts";
import { askOnNoteable } from "./approvals.ts";
import { settings } from "./config.ts";
import { type NoteTarget, postNotes } from "./notes.ts";
import { withoutQuickActions } from "./quick-actions.ts";
import { IID, KIND, PROJECT } from "./schema.ts";

const config = t.Object({
  project: PROJECT,
  kind: KIND,
  iid: IID,
  /** The thread that is answered. */
  discussion: t.Optional(t.String({ pattern: "^[0-9a-f]{40}$" })),
});

const receipt = t.Object({
  note_ids: t.Array(t.Integer()),
  urls: t.Array(t.String({ minLength: 1 })),
  skipped: t.Optional(t.String()),
});

/** Posts answers as comments on the issue or merge request that the dispatch_config names. */
registerDispatcher("gitlab", {
  config,
  receipt,
  // GitLab ignores the case of paths.
  targetOf: ({ project, kind, iid }) => `${project}/${kind}/${iid}`.toLowerCase(),
  deliver({ config, result, isError, extraMetadata }, ctx) {
    const text = isError ? errorText(result) : safe(result);
    return post(config, attributed(text, nameOf(extraMetadata), extraMetadata), ctx);
  },
  postMessage({ config, text, username, extraMetadata }, ctx) {
    return post(config, attributed(safe(text), username, extraMetadata), ctx);
  },
  askApproval: (input, ctx) => askOnNoteable(input, ready(input.config), ctx),
});

const safe = (markdown: string): string => withoutQuickActions(withoutImages(markdown));

async function post(target: NoteTarget, text: string, ctx: DispatchContext) {
  // GitLab refuses empty comments, and nobody would want one.
  if (text.trim() === "") return { receipt: { note_ids: [], urls: [], skipped: "empty text" } };
  return { receipt: await postNotes(ready(target), text, ctx, ctx.signal) };
}

function ready(target: NoteTarget): NoteTarget {
  if (settings.GITLAB_TOKEN !== "") return target;
  throw new Permanent("GITLAB_TOKEN must be set to a token that may write comments; no comment was posted.");
}
