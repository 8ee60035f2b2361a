// What of an MCP server must not be shown or logged.

import { urlSecrets } from "../secrets/urls.ts";
import type { McpServer } from "./server.ts";

/** What it is given. */
export const secretsOf = ({ headers, env, oauth }: McpServer): string[] =>
  [...Object.values(headers), ...Object.values(env), oauth?.client_secret ?? ""].filter(
    (secret) => secret !== "",
  );

/** Secrets as they are often shown: those of an address, and in "Bearer <token>" the token by itself. */
export const shownSecrets = ({ url, headers }: McpServer): string[] => [
  ...urlSecrets(url ?? ""),
  ...Object.values(headers).flatMap((value) =>
    value.includes(" ") ? [value.slice(value.indexOf(" ") + 1)] : [],
  ),
];
