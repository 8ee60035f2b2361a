// Client ids that the server gives itself to what a caller sends without naming a place. They can be foreseen, and a channel
// belongs to whoever created it: so nobody but their owner may create them, or it could read what is sent there.

/** The conversation of a caller that names none; `owner` is null for callers that reach all rows. */
export const conversationOf = (owner: string | null): string =>
  owner === null ? "default" : `default ${owner}`;

/** The channel of a caller's conversations over the OpenAI-compatible API. */
export const openAiPlaceOf = (owner: string | null): string => `openai-api ${owner ?? "operator"}`;

/** The channel of a caller's questions to bots over MCP. */
export const mcpPlaceOf = (owner: string | null): string => `mcp-api ${owner ?? "operator"}`;

/** Where tools are called outside of any run. */
export const TRY_PLACE = "heddle:try";
/** The same, for programs that speak MCP. */
export const MCP_PLACE = "heddle:mcp";

const OWN = /^(?:default(?: |$)|openai-api |mcp-api |heddle:)/;

/** Whether the server may give this client id to another caller than this owner. */
export const isPlaceOfOthers = (clientId: string, owner: string): boolean =>
  OWN.test(clientId) && !isPlaceOf(clientId, owner);

export const isPlaceOf = (clientId: string, owner: string): boolean =>
  [conversationOf(owner), openAiPlaceOf(owner), mcpPlaceOf(owner)].includes(clientId);
