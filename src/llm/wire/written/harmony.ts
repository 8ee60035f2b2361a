// The format of gpt-oss, which servers that do not know it leave in the text: messages in channels, of which "final" is the answer and
// "commentary" may call a tool.

import { type WrittenCall, withJson } from "./written-call.ts";

export interface Spoken {
  text: string;
  calls: (WrittenCall | undefined)[];
}

interface Message {
  channel: string;
  /** Whom a call is for: "functions.search". */
  recipient: string;
  body: string;
}

/** Undefined: the text is in no such format. */
export function readHarmony(text: string): Spoken | undefined {
  const begin = text.trimStart();
  const messages = MARKED.test(begin) ? markedMessages(begin) : bareMessages(begin);
  if (!messages) return undefined;
  const calls = messages.flatMap(({ channel, recipient, body }) =>
    recipient === "" || channel === "analysis" ? [] : [withJson(recipient.replace(/^functions\./, ""), body)],
  );
  const said = messages.filter(({ recipient }) => recipient === "");
  const answer = said.findLast(({ channel }) => channel === "final" || channel === "");
  // What is said before a call stands in the channel of the calls.
  const beside = said.filter(({ channel }) => channel === "commentary").map(({ body }) => body.trim());
  return { text: answer?.body.trim() ?? beside.join("\n\n"), calls };
}

const MARKED = /^<\|(?:start|channel|message)\|>/;
const BETWEEN = /<\|(?:start|end|call|return)\|>/;
const BODY = "<|message|>";

function markedMessages(text: string): Message[] {
  return text.split(BETWEEN).flatMap((part) => {
    const at = part.indexOf(BODY);
    if (at < 0) return [];
    const head = part.slice(0, at);
    const [, channel = ""] = /<\|channel\|>\s{0,4}([a-z]{1,20})/.exec(head) ?? [];
    return [{ channel, recipient: recipientIn(head), body: part.slice(at + BODY.length) }];
  });
}

/** What is left where a server takes the marks away: "analysisI look.assistantcommentary to=functions.search json{}" */
const BARE = /^(?:analysis(?=[^a-z\s.,:;'-])|commentary to=functions\.)/;
const NEXT = /assistant(?=final|analysis|commentary)/;
const BARE_HEAD =
  /^(analysis|commentary|final)(?: to=(functions\.[\w-]{1,200}))?(?: ?(?:json|code)(?=[\s{]))?/;

function bareMessages(text: string): Message[] | undefined {
  if (!BARE.test(text)) return undefined;
  const parts = text.split(NEXT);
  // A text that only begins with the word is an answer.
  if (parts.length === 1 && text.startsWith("analysis")) return undefined;
  return parts.map((part) => {
    const [head, channel = "", recipient = ""] = BARE_HEAD.exec(part) ?? [""];
    return { channel, recipient, body: part.slice(head.length) };
  });
}

const recipientIn = (head: string): string => /\bto=([\w.-]{1,200})/.exec(head)?.[1] ?? "";

/** Whether the text may turn out to be in this format. */
export const mayBeHarmony = (text: string): boolean => MARKED.test(text) || BARE.test(text);
