// What the schema of an MCP server cannot say: which fields go together.

import { checkProgramChange, checkVariables } from "../declared/program-fields.ts";
import { HeddleError } from "../errors.ts";
import type { GivenMcpServer } from "./fields.ts";
import type { McpServer } from "./server.ts";

interface Checked extends Pick<McpServer, "transport" | "url" | "command" | "headers" | "env"> {
  oauth: GivenMcpServer["oauth"] | null;
}

/** Throws `validation`. */
export function checkServer({ transport, url, command, headers, env, oauth }: Checked): void {
  const header = Object.keys(headers).find((name) => !/^[A-Za-z0-9_-]+$/.test(name));
  if (header !== undefined)
    throw wrong("headers", `must have names of letters, digits, - and _; got "${header}"`);
  checkVariables(env);
  if (transport === "http") {
    if (url === null) throw wrong("url", "must be given for the transport http");
    if (command !== null) throw wrong("command", "must be left out for the transport http");
    checkUrl(url);
    if (oauth && oauth.client_secret === undefined && oauth.grant !== "authorization_code") {
      throw wrong("oauth.client_secret", "must be given for the grant client_credentials");
    }
    return;
  }
  if (oauth) throw wrong("oauth", "must be left out for the transport stdio");
  if (command === null) throw wrong("command", "must be given for the transport stdio");
  if (url !== null) throw wrong("url", "must be left out for the transport stdio");
}

function checkUrl(text: string): void {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw wrong("url", "must be an address that starts with http:// or https://");
  }
  if (url.username !== "" || url.password !== "") {
    throw wrong("url", "must not contain a name and password: put them into headers");
  }
}

/**
 * A key that was meant for one server must not go to another: whoever may change the address does not thereby learn the
 * key. Throws `validation`.
 */
export function checkMove(
  before: McpServer,
  change: {
    url?: string | null;
    headers?: object;
    oauth?: object | null;
    command?: string | null;
    args?: string[];
    env?: object;
  },
): void {
  const moves =
    change.url !== undefined && before.url !== null && originOf(change.url) !== originOf(before.url);
  if (moves && Object.keys(before.headers).length > 0 && change.headers === undefined) {
    throw wrong("headers", "must be given again when url moves to another server");
  }
  if (moves && before.oauth !== null && change.oauth === undefined) {
    throw wrong("oauth", "must be given again when url moves to another server");
  }
  checkProgramChange(before, change);
}

const originOf = (url: string | null): string | null =>
  url === null ? null : (URL.parse(url)?.origin ?? url);

const wrong = (field: string, rule: string) => new HeddleError("validation", `${field} ${rule}.`, { field });
