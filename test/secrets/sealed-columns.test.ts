// Whatever is sealed is forgotten for ever if `heddle keys rotate` leaves it out: each file that seals something is listed here with
// the tables that it seals for, and the rotation must know all of them.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Glob } from "bun";

const ROOT = `${import.meta.dir}/../..`;

/** Tables as the schema names them. */
const SEALED: Record<string, readonly string[]> = {
  "acp/store.ts": ["codingAgents"],
  "channels/bindings.ts": ["channelBindings"],
  "channels/channel-sessions.ts": ["sessions"],
  "channels/channels.ts": ["channels"],
  "dispatch/outbox.ts": ["deliveries"],
  "dispatch/seal-config.ts": [],
  "inbox/kept-text.ts": ["inboxEvents"],
  "integrations/settings/settings.ts": ["integrationSettings"],
  "integrations/settings/store.ts": ["integrationStore"],
  "mcp/questions/questions.ts": ["mcpQuestions"],
  "mcp/store.ts": ["mcpServers"],
  "mcp/waits/waits.ts": ["mcpWaits"],
  "oauth/store.ts": ["mcpStates", "mcpSignIns", "oauthAccounts", "oauthSignIns"],
  "people/people.ts": ["people"],
  "providers/store.ts": ["providers"],
  "secrets/kept-actions.ts": ["messages", "deliveries"],
  "secrets/vault.ts": [],
  "sessions/get-or-create.ts": ["sessions"],
  "sessions/prepare.ts": ["tasks"],
};

const SEALS = /\b(?:vault|sealer)\.seal(?:Config)?\(|\bsealWhole\(sealer/;

test("the rotation of the key reaches whatever is sealed", () => {
  const sealing = [...new Glob("**/*.ts").scanSync(`${ROOT}/src`)]
    .filter((file) => SEALS.test(readFileSync(`${ROOT}/src/${file}`, "utf8")))
    .sort();
  expect(sealing).toEqual(Object.keys(SEALED).sort());
  const rotation = readFileSync(`${ROOT}/src/secrets/rotate.ts`, "utf8");
  const missing = Object.values(SEALED)
    .flat()
    .filter((table) => !new RegExp(`\\b${table}\\b`).test(rotation.slice(rotation.indexOf("const TABLES"))));
  expect(missing).toEqual([]);
});
