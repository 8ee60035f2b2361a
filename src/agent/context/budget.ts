// Estimates the number of tokens of messages. These are estimates, because no tokenizer fits every model.

import type { Continuation, LlmAttachment, LlmMessage, LlmTool } from "../../llm/llm.ts";
import { MARKS_OVERHEAD } from "../../llm/outside-marks.ts";
import { cutText } from "../cut-text.ts";

export const CONTEXT_WINDOW_TOKENS = 128_000;
/** Characters per token: for Latin text, for other alphabets, and for ideographs, syllables and emoji. */
const LATIN = 3.5;
const ALPHABETS = 2;
const WIDE = 1;
/** The first character after Latin, and the first that counts as wide. */
const AFTER_LATIN = 0x250;
const FIRST_WIDE = 0x2e80;
/** Reserved for the answer and the estimation error. */
const RESERVED = 0.15;
/** Role and separators of a message. */
const MESSAGE_OVERHEAD = 4;
/** The blank line between two texts. */
const SEPARATOR = 1;
/** The tags around what is added to a message. */
const CONTEXT_OVERHEAD = 16;
/** The tags and the name of a file. */
const FILE_OVERHEAD = 40;
/** Vendors count between 85 and 1,600 tokens for an image that is not shown in parts. */
const IMAGE = 1_600;
/** The share of the window kept for the conversation, however large the schemas of the tools are. */
const LEAST_SHARE = 0.25;

/** Returns the tokens available for all messages of one model call. */
export function messageBudget(windowTokens: number, tools: readonly LlmTool[]): number {
  const rest = windowTokens * (1 - RESERVED) - estimateTools(tools);
  return Math.floor(Math.max(rest, windowTokens * LEAST_SHARE));
}

export const estimateTools = (tools: readonly LlmTool[]): number =>
  tools.length === 0 ? 0 : estimateText(JSON.stringify(tools));

export function estimateText(text: string): number {
  let [wide, other] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= FIRST_WIDE) wide++;
    else if (code >= AFTER_LATIN) other++;
  }
  return Math.ceil((text.length - wide - other) / LATIN + other / ALPHABETS + wide / WIDE);
}

export function estimate(messages: LlmMessage[]): number {
  let tokens = 0;
  for (const message of messages) {
    tokens += MESSAGE_OVERHEAD + estimateText(message.content);
    if (message.role === "user" && message.context)
      tokens += CONTEXT_OVERHEAD + estimateText(message.context);
    if (message.role === "tool" && message.outside !== undefined) tokens += MARKS_OVERHEAD;
    if (message.role === "user" || message.role === "tool") tokens += estimateFiles(message.attachments);
    if (message.role === "assistant") {
      tokens += estimateFields(message.continuation);
      for (const call of message.tool_calls ?? []) {
        tokens += MESSAGE_OVERHEAD + estimateText(call.name + call.arguments);
        tokens += estimateFields(call.continuation);
      }
    }
  }
  return tokens;
}

const estimateFiles = (files: LlmAttachment[] = []): number =>
  files.reduce(
    (sum, file) =>
      sum + FILE_OVERHEAD + (file.kind === "image" ? IMAGE : estimateText(file.text) + pagesOf(file)),
    0,
  );

/** Models that read PDFs see each page, too. */
const pagesOf = ({ pdf }: Extract<LlmAttachment, { kind: "text" }>): number =>
  pdf?.isShown ? pdf.pages * IMAGE : 0;

const estimateFields = (continuation: Continuation | undefined): number =>
  continuation ? estimateText(JSON.stringify(continuation.fields)) : 0;

/**
 * Returns the message with its text cut so that it costs at most `tokens` (and at least its overhead). Its files give way first:
 * the images from the last one on, then the longest texts.
 */
export function cutMessage<T extends LlmMessage>(given: T, tokens: number): T {
  const message =
    given.role === "user" && given.attachments && estimate([given]) > tokens
      ? withFittingFiles(given, given.attachments, tokens)
      : given;
  const other = estimate([{ ...message, content: "" }]);
  const content = cutToTokens(message.content, Math.max(0, tokens - other));
  return content === message.content ? message : { ...message, content };
}

/** Whoever has no room for the text has none for the pages. */
const cutFile = (
  { pdf: _pages, ...file }: Extract<LlmAttachment, { kind: "text" }>,
  text: string,
): LlmAttachment => ({ ...file, text });

/** What the text of a message keeps beside its files. */
const TEXT_SHARE = 0.5;

function withFittingFiles<T extends LlmMessage>(message: T, files: LlmAttachment[], tokens: number): T {
  const { attachments: _all, ...bare } = message as T & { attachments?: LlmAttachment[] };
  let room = tokens - Math.min(estimate([bare as LlmMessage]), tokens * TEXT_SHARE);
  const kept: LlmAttachment[] = [];
  for (const file of files) {
    const least = FILE_OVERHEAD + (file.kind === "image" ? IMAGE : 0);
    if (least > room) continue;
    room -= least;
    kept.push(file);
  }
  const texts = cutTexts(
    kept.flatMap((file) => (file.kind === "text" ? [file.text] : [])),
    Math.max(0, room),
  );
  const fitted = kept.map((file) => (file.kind === "text" ? cutFile(file, texts.shift() ?? "") : file));
  const left = files.length - kept.length;
  const note = left === 0 ? "" : `\n\n[${left} attached files were left out: there is no room for them.]`;
  const { content } = message;
  return {
    ...bare,
    content: `${content}${note}`,
    ...(fitted.length > 0 && { attachments: fitted }),
  } as unknown as T;
}

/** Returns the text cut to at most `tokens`. Each attempt is at least a tenth shorter than the one before, so that all together read the text only a few times. */
export function cutToTokens(text: string, tokens: number): string {
  let cut = text;
  let length = text.length;
  for (let cost = estimateText(cut); cost > tokens; cost = estimateText(cut)) {
    length = Math.floor(Math.min(length * 0.9, (length * tokens) / cost));
    cut = cutText(text, length);
  }
  return cut;
}

/** Returns the texts cut to at most `tokens` together: short ones stay as they are, the longest are cut. */
export function cutTexts(texts: string[], tokens: number, cut = cutToTokens): string[] {
  let left = tokens;
  let uncut = texts.length;
  const limits = new Map<string, number>();
  for (const text of texts.toSorted((a, b) => a.length - b.length)) {
    const limit = Math.floor(left / uncut--) - SEPARATOR;
    limits.set(text, limit);
    left -= Math.min(limit, estimateText(text)) + SEPARATOR;
  }
  return texts.map((text) => cut(text, Math.max(0, limits.get(text) ?? 0)));
}
