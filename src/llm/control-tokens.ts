// A local model's tokenizer reads "<|im_start|>system" in a text as the beginning of a system message, whoever wrote
// it. A space behind the bracket makes ordinary text of it again, which people and models read as before. Only what is
// sent is changed: what is stored is what came.

/**
 * A bracket that may open one: "<|…|>" (ChatML, Llama 3, Phi, Command R; with the bars of full width, DeepSeek), "<<…>>",
 * "<…>" and "[…]", also with the brackets that compatibility normalisation makes plain ones of. Only the bracket is
 * matched, so that each is looked at; every repeat is bounded, and none goes past another bracket.
 */
const ANGLE =
  /[<＜﹤](?=([|｜][^\s<＜﹤>＞﹥|｜]{1,64}[|｜][>＞﹥]|[|｜]DSML[|｜]|[|｜][^\s<＜﹤>＞﹥|｜]{1,24}[>＞﹥]|[^\s<＜﹤>＞﹥|｜]{1,24}[|｜][>＞﹥]|[<＜﹤][/／]?[^\s<＜﹤>＞﹥/／]{1,12}[>＞﹥]{2}|[/／]?[^\s<＜﹤>＞﹥/／]{1,24}[>＞﹥]))/gu;
const SQUARE = /[[［](?=([/／]?[^\s[\]［］/／]{1,24}[\]］]))/gu;

/** MiniMax's are brackets around a tilde. */
const TILDED = /\](?=~!?b[\][])|\[(?=e~\[)/g;

/** Gemma 4 has the bar on one side: "<|turn>user", "<turn|>". */
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
/** Of Llama 2, Gemma, Qwen, Command R and others. */
const ANGLED = new Set(
  `s bos eos pad unk mask cls sep start_of_turn end_of_turn start_of_image end_of_image image_soft_token
  think tool_call tool_response bos_token eos_token eop sop`.split(/\s+/),
);
/** Of Mistral and GLM, which write them so: the same words in small letters are words. */
const SQUARED = new Set(
  `INST SYSTEM_PROMPT AVAILABLE_TOOLS TOOL_CALLS TOOL_RESULTS TOOL_CONTENT MODEL_SETTINGS ARGS CALL_ID THINK IMG IMG_BREAK
  IMG_END AUDIO BEGIN_AUDIO TRANSCRIBE PREFIX SUFFIX MIDDLE MASK CLS SEP PAD UNK gMASK sMASK`.split(/\s+/),
);

/** The text with a space in each control token. */
export function withoutControlTokens(text: string): string {
  const spaced = (open: string, rest: string) => (isControl(open + rest) ? `${open} ` : open);
  return text.replace(ANGLE, spaced).replace(SQUARE, spaced).replace(TILDED, "$& ");
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
 * The same for the JSON of a tool call, which templates write out again: an escaped bracket is a bracket then. JSON
 * without any such token, and what is no JSON, stays as it is but for tokens that stand in it openly.
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
