// Signs in at two services, and dies as `kill -9` would between their answers to an exchange and the storing of them.

import { getLogger } from "@logtape/logtape";
import { openDatabase } from "../../src/db/open.ts";
import { openAccounts } from "../../src/oauth/accounts/accounts.ts";
import { fetchWithTimeout } from "../../src/sdk/fetch.ts";
import { testVault } from "../secrets/test-vault.ts";
import { BASE, consent, registeredAt } from "./provider.ts";

const { home, databaseUrl, issuers } = JSON.parse(process.argv[2] ?? "{}");
const db = await openDatabase({ home, databaseUrl, log: getLogger("heddle") });
const vault = testVault();
let clock = 0;
let isMortal = false;
let answers = 0;
const both = Promise.withResolvers<void>();
const accounts = await openAccounts({
  db,
  vault: {
    open: vault.open,
    seal(...given) {
      if (isMortal) process.kill(process.pid, "SIGKILL");
      return vault.seal(...given);
    },
  },
  addPassing: () => undefined,
  connections: { report: async () => undefined, forget: async () => undefined },
  log: getLogger("heddle"),
  now: () => Date.now() + clock,
});
const fetch: typeof fetchWithTimeout = async (...given) => {
  const response = await fetchWithTimeout(...given);
  if (!isMortal) return response;
  answers += 1;
  if (answers === 2) both.resolve();
  await both.promise;
  return response;
};
const names = Object.keys(issuers);
accounts.replaceOwner(
  "mail",
  names.map((name) => registeredAt(issuers[name], undefined, { name }, fetch)),
);
const ann = { person: "browser-of-ann", name: "Ann" };
for (const name of names) {
  const { url } = await accounts.begin("mail", name, { ...ann, base: BASE });
  await accounts.finish((await consent(url)).returned, ann);
}
// Soon before the tokens end.
clock = 3_490_000;
isMortal = true;
await Promise.all(names.map((name) => accounts.of("mail").token(name)));
