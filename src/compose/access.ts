// Who may use the server: browsers that are signed in, besides the API keys.

import type { ApiKeys } from "../access/api-keys.ts";
import { followRevocations } from "../access/revocations.ts";
import { createSignInLinks } from "../access/sign-in-links.ts";
import { createSignIns } from "../access/sign-ins.ts";
import type { Config } from "../config/config.ts";
import type { AccessParts } from "../http/api/parts.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./storage.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export async function openAccess(
  { signIn }: Pick<Config, "signIn">,
  { db, log, redactor }: Storage,
  apiKeys: ApiKeys,
  closers: Closers,
): Promise<AccessParts> {
  const signInLinks = createSignInLinks({ db, minutes: signIn.linkMinutes });
  const limits = { idleMs: signIn.idleHours * HOUR_MS, absoluteMs: signIn.maxDays * 24 * HOUR_MS };
  const signIns = createSignIns({ db, log: log.getChild("http"), apiKeys, links: signInLinks, limits });
  closers.push(signIns.close);
  const revocations = await followRevocations({
    db,
    forget(id) {
      apiKeys.forget(id);
      signIns.forget(id);
    },
  });
  closers.push(revocations.close);
  return {
    apiKeys,
    signIns,
    signInLinks,
    revocations,
    signInFreshMs: signIn.freshMinutes * MINUTE_MS,
    redact: redactor.redact,
    addSecret: (secret) => redactor.addPassing(secret),
  };
}
