// Neutralises control tokens. A local model's tokenizer takes "<|im_start|>system" in any text for the start of a
// system message, whoever wrote it. A space after the bracket turns it into ordinary text that people and models read
// as before. Only what is sent to the model is changed; what is stored stays as received.

/**
 * Matches a bracket that may open a control token: "<|…|>" (ChatML, Llama 3, Phi, Command R; with full-width bars,
 * DeepSeek), "<<…>>", "<…>" and "[…]", including brackets that compatibility normalisation turns into plain ones. Only
 * the bracket itself is consumed, so that every bracket is examined; every repeat is bounded, and none passes another
 * bracket.
 */
const ANGLE =
  /[<＜﹤](?=([|｜][^\s<＜﹤>＞﹥|｜]{1,64}[|｜][>＞﹥]|[|｜]DSML[|｜]|[|｜][^\s<＜﹤>＞﹥|｜]{1,24}[>＞﹥]|[^\s<＜﹤>＞﹥|｜]{1,24}[|｜][>＞﹥]|[<＜﹤][/／]?[^\s<＜﹤>＞﹥/／]{1,12}[>＞﹥]{2}|[/／]?[^\s<＜﹤>＞﹥/／]{1,24}[>＞﹥]))/gu;
/** The tags of Heddle's own additions, whatever follows the name: a model may read "</heddle_context x>" as their end. */
const OWN = /[<＜﹤](?=[/／]?heddle_)/giu;
const SQUARE = /[[［](?=([/／]?[^\s[\]［］/／]{1,24}[\]］]))/gu;

/** MiniMax puts a tilde beside the bracket. */
const TILDED = /\](?=~!?b[\][])|\[(?=e~\[)/g;

/** Gemma 4 puts the bar on one side only: "<|turn>user", "<turn|>". */
const HALF = new Set([
  "turn",
  "tool",
  "tool_call",
  "tool_response",
  "channel",
  "think",
  "image",
  "audio",
  "video",
]);
/** Tokens in angle brackets of Llama 2, Gemma, Qwen, Command R and others, and the tags of Heddle's own additions. */
const ANGLED = new Set(
  `s bos eos pad unk mask cls sep start_of_turn end_of_turn start_of_image end_of_image image_soft_token
  think tool_call tool_response bos_token eos_token eop sop unused94 unused95 heddle_context heddle_attachment`.split(
    /\s+/,
  ),
);
/** Tokens in square brackets of Mistral and GLM. Case matters: in lower case these are ordinary words. */
const SQUARED = new Set(
  `INST SYSTEM_PROMPT AVAILABLE_TOOLS TOOL_CALLS TOOL_RESULTS TOOL_CONTENT MODEL_SETTINGS ARGS CALL_ID THINK IMG IMG_BREAK
  IMG_END AUDIO BEGIN_AUDIO TRANSCRIBE PREFIX SUFFIX MIDDLE MASK CLS SEP PAD UNK gMASK sMASK`.split(/\s+/),
);

/** Every token has one of these, and most texts have none. */
const BRACKET = /[<＜﹤[［\]]/u;

/** Returns the text with a space inserted into each control token. */
export function withoutControlTokens(text: string): string {
  if (!BRACKET.test(text)) return text;
  const spaced = (open: string, rest: string) => (isControl(open + rest) ? `${open} ` : open);
  return text.replace(ANGLE, spaced).replace(OWN, "$& ").replace(SQUARE, spaced).replace(TILDED, "$& ");
}

function isControl(found: string): boolean {
  const plain = found.normalize("NFKC");
  if (plain.startsWith("<|") && plain.endsWith("|>")) return plain.length > "<||>".length;
  if (plain === "<|DSML|") return true;
  if (plain.startsWith("<|")) return HALF.has(plain.slice(2, -1).toLowerCase());
  if (plain.endsWith("|>")) return HALF.has(plain.slice(1, -2).toLowerCase());
  const name = plain.replace(/^(?:<<?|\[)\/?/, "").replace(/(?:>>?|\])$/, "");
  if (plain.startsWith("[")) return SQUARED.has(name);
  const word = name.toLowerCase();
  return plain.startsWith("<<")
    ? word === "sys"
    : ANGLED.has(word) || /^(?:unused|reserved_)\d{1,4}$|^(?:seed:|minimax:|longcat_)/.test(word);
}

/**
 * The same for the JSON arguments of a tool call. Chat templates decode and print them again, so an escaped bracket
 * becomes a real one. JSON without such tokens stays unchanged; in text that is not valid JSON only literal tokens are
 * changed.
 */
export function argumentsWithoutControlTokens(json: string): string {
  if (!json.includes("\\u")) return withoutControlTokens(json);
  try {
    let isChanged = false;
    const value: unknown = JSON.parse(json, (_, inner) => {
      if (typeof inner !== "string") return inner;
      const clean = withoutControlTokens(inner);
      isChanged ||= clean !== inner;
      return clean;
    });
    return isChanged ? JSON.stringify(value) : json;
  } catch {
    return withoutControlTokens(json);
  }
}
