// `heddle login-link`: like `heddle keys`, through the server that runs on the home, or else in its database.

import { OPERATOR } from "../access/caller.ts";
import { createSignInLinks } from "../access/sign-in-links.ts";
import { linkUrl } from "../access/sign-in-page.ts";
import { loadConfig } from "../config/config.ts";
import type { Flags } from "../config/read-variables.ts";
import { scopesOf } from "./key-scopes.ts";
import { serverOrDatabase, type WithDatabase } from "./keys.ts";
import { sayWithSecret } from "./stray-code.ts";

/** Prints a link with which a browser signs in, once. `scopes` defaults to everything. */
export const createLoginLink =
  (withDatabase: WithDatabase) =>
  async (flags: Flags, scopes: string | undefined): Promise<void> => {
    const wanted = scopes === undefined ? undefined : scopesOf(scopes);
    const config = loadConfig(flags);
    const show = (url: string) =>
      sayWithSecret(`${url}\n(opens once, within ${config.signIn.linkMinutes} minutes)`);
    await serverOrDatabase(flags, withDatabase, {
      async atServer(server) {
        const body = wanted ? { scopes: wanted } : {};
        const { url } = (await server.post("/api/v1/sign-in-links", body)) as { url: string };
        show(url);
      },
      async inDatabase(db) {
        const links = createSignInLinks({ db, minutes: config.signIn.linkMinutes });
        const { token } = await links.create(OPERATOR, wanted);
        show(linkUrl(config.baseUrl ?? urlOf(config), token));
      },
    });
  };

/** Where a server with this configuration is reached on this machine. */
function urlOf({ host, port }: { host: string; port: number }): string {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
