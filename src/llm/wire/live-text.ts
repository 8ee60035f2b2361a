// What may be shown of an answer while it is written: thoughts and calls in it are taken out at its end, and a client that has been
// shown them would have to be told that its text is void, which the streams of OpenAI's protocol cannot say.

import { createCodeFences } from "./code-fences.ts";
import { STOP_MARK } from "./stop-marks.ts";
import { CLOSING, isAround, OUTSIDE } from "./thought-marks.ts";
import { LONGEST_OPENING, OPENINGS } from "./written/formats.ts";
import { mayBeHarmony } from "./written/harmony.ts";

export interface LiveText {
  /** Adds a piece and returns what may be shown now. */
  add(piece: string): string;
}

const LONGEST_MARK = LONGEST_OPENING;
/** Of an answer that may be nothing but a call, so much is looked at. */
const LOOKED_AT = 60;
/** How answers begin that may be a call or in channels; shorter ones cannot be told yet. */
const BEGINNINGS = ["```json\n", "```tool_code\n", "functools[", "analysis", "commentary to=functions."];
const BEGINS_JSON = /^(?:```[a-z]{0,8}\s?|functools)?[[{]/;
const NAMES_CALL = /"(?:name|function|parameters|arguments)"/;
/** As Llama and Gemma write it. */
const IS_PYTHON = /^(?:```tool_code\s|\[\s{0,2}[A-Za-z_][\w.-]{0,50}\()/;

interface LiveTextOptions {
  hasTools: boolean;
  /**
   * The model's template writes the opening tag itself, so that only the closing one comes. "perhaps": if the text begins as thoughts do.
   */
  startsInThought: boolean | "perhaps";
}

export function createLiveText({ hasTools, startsInThought }: LiveTextOptions): LiveText {
  const spokenOf = createThoughtFilter(startsInThought);
  let waiting = "";
  /** White space that waits alone, in pieces: a model may send it without end, and it must not be looked through again for each. */
  let blanks: string[] = [];
  let isFirst = true;
  let isHeld = false;

  /** Undefined: too short to tell. */
  function isNoText(): boolean | undefined {
    const text = waiting.trimStart().slice(0, LOOKED_AT);
    if (!isFirst) return false;
    if (mayBeHarmony(text)) return true;
    if (BEGINNINGS.some((beginning) => beginning.startsWith(text))) return undefined;
    if (!hasTools) return false;
    if (IS_PYTHON.test(text)) return true;
    if (!BEGINS_JSON.test(text)) return false;
    if (NAMES_CALL.test(text)) return true;
    return text.length < LOOKED_AT ? undefined : false;
  }

  return {
    add(piece) {
      if (isHeld) return "";
      const { spoken, hasThoughts } = spokenOf(piece);
      if (waiting === "" && spoken.trim() === "") {
        blanks.push(spoken);
        return "";
      }
      waiting = blanks.join("") + waiting + spoken;
      blanks = [];
      // White space at the ends is taken away together with thoughts.
      if (isFirst && hasThoughts) waiting = waiting.trimStart();
      const held = [STOP_MARK, ...(hasTools ? [OPENINGS] : [])]
        .map((marks) => firstOf(marks, waiting, ""))
        .filter((place) => place >= 0);
      const call = held.length === 0 ? -1 : Math.min(...held);
      const isWholly = isNoText();
      isHeld = call >= 0 || isWholly === true;
      if (isWholly !== false) return "";
      const shown = (call < 0 ? waiting : waiting.slice(0, call)).trimEnd();
      // Only white space is left, unless a call is held back.
      blanks = [waiting.slice(shown.length)];
      waiting = "";
      if (shown !== "") isFirst = false;
      return shown;
    },
  };
}

/** How models begin to think aloud. An answer that begins so, too, is shown when it is whole. */
const ALOUD = [
  "okay, ",
  "okay. ",
  "okay so ",
  "ok, ",
  "alright, ",
  "all right, ",
  "hmm",
  "so, ",
  "so the ",
  "so i ",
].concat(
  ["well, ", "now, ", "wait, ", "let me ", "let's ", "first, i ", "first, let ", "i need to ", "i should "],
  ["we need to ", "we have to ", "we should ", "the user ", "the question ", "thinking process"],
  ["here's a thinking", "好的，", "嗯", "首先", "用户"],
);
/** Blanks before a beginning. */
const MOST_BLANKS = 40;

/** Undefined: too short to tell. */
function beginsAloud(given: string): boolean | undefined {
  const text = given
    .slice(0, MOST_BLANKS * 2)
    .trimStart()
    .toLowerCase();
  if (text === "") return given.length > MOST_BLANKS ? false : undefined;
  if (ALOUD.some((beginning) => text.startsWith(beginning))) return true;
  return ALOUD.some((beginning) => beginning.startsWith(text)) ? undefined : false;
}

/** Returns a function that gives the text outside of thoughts, without an end that may become a mark. */
function createThoughtFilter(startsInThought: boolean | "perhaps") {
  let waiting = "";
  let isUnknown = startsInThought === "perhaps";
  let isInThought = startsInThought === true;
  let hasThoughts = isInThought;
  let last = "";
  const fences = createCodeFences();
  return (piece: string): { spoken: string; hasThoughts: boolean } => {
    waiting += piece;
    if (isUnknown) {
      const isThought = beginsAloud(waiting);
      if (isThought === undefined) return { spoken: "", hasThoughts };
      isUnknown = false;
      isInThought = isThought;
      hasThoughts = isThought;
    }
    const spoken: string[] = [];
    const speak = (text: string) => {
      spoken.push(text);
      fences.add(text);
      last = text.at(-1) ?? last;
    };
    for (;;) {
      const at = isInThought ? firstOf(CLOSING, waiting, "") : firstOf(OUTSIDE, waiting, last);
      if (at < 0) break;
      const end = at + markAt(waiting, at);
      if (!isInThought) speak(waiting.slice(0, at));
      const mark = waiting.slice(at, end);
      const isExample = !isInThought && fences.isOpen();
      if (isExample) speak(mark);
      waiting = waiting.slice(end);
      if (isExample) continue;
      hasThoughts = true;
      if (isInThought || !isAround(mark)) isInThought = !isInThought;
    }
    const end = isInThought ? Math.max(0, waiting.length - LONGEST_MARK) : safeEnd(waiting);
    if (!isInThought) speak(waiting.slice(0, end));
    waiting = waiting.slice(end);
    return { spoken: spoken.join(""), hasThoughts };
  };
}

/** A tag right behind a backtick is quoted. */
function firstOf(marks: RegExp, text: string, before: string): number {
  for (const { index } of text.matchAll(marks)) {
    if ((index === 0 ? before : text[index - 1]) !== "`") return index;
  }
  return -1;
}

/** The length of the mark there, which ends with its first bracket. */
const markAt = (text: string, at: number): number => text.slice(at).search(/[>\]▷]/) + 1;

/** The beginning of a mark. Those with bars may have blanks, as have `<invoke name=` and `<function name=`. */
const BEGUN =
  /[<[◁](?:[^\s<[◁>\]▷]{0,40}|[|｜‖][^<>\n]{0,40}|(?:steptml:)?(?:invoke|function) (?:n(?:a(?:me?)?)?)?)$/;

/** Where what may become a mark begins. */
function safeEnd(text: string): number {
  const tail = Math.max(0, text.length - LONGEST_MARK);
  const begun = text.slice(tail).search(BEGUN);
  return begun < 0 ? text.length : tail + begun;
}
