// The links of questions. Opening one decides nothing, since virus scanners open every link in a mail.

import { Elysia } from "heddle/sdk";
import { decideBy, findLink, verifyLink } from "../_decisions/links.ts";
import { TOO_LATE } from "../_decisions/refused.ts";
import { escaped } from "./compose.ts";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  // The secret is in the address.
  "referrer-policy": "no-referrer",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

export const router = new Elysia()
  .get("/decisions/:token", async ({ params }) => {
    const found = await findLink(params.token);
    if (!found) return page(TOO_LATE, 410);
    const word = found.offered.approved ? "Approve" : "Deny";
    return page(`<form method="post"><button>${word} the call</button></form>`);
  })
  .post(
    "/decisions/:token",
    async ({ params, request }) => {
      const link = await verifyLink(request, params.token);
      const decided = link ? await decideBy(link, (address) => address) : { refused: TOO_LATE };
      return "refused" in decided
        ? page(escaped(decided.refused), 410)
        : page(`The call is ${decided.status}.`);
    },
    { parse: "none" },
  );

const page = (body: string, status = 200): Response =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Heddle</title>` +
      `<style>body{font:18px system-ui;margin:15vh auto;max-width:30em;padding:0 1em}button{font:inherit;padding:.6em 1.2em}</style><h1>Heddle</h1><p>${body}</p></html>`,
    { status, headers: HEADERS },
  );
