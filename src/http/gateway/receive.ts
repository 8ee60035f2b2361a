// Sends a test webhook to one of the server's integrations, signed as its sender would sign it, so that authors need no
// real sender. It passes through the gateway like every other webhook.

import { HeddleError, notFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { Inbox } from "../../inbox/inbox.ts";
import type { IntegrationView } from "../../integrations/registry/view.ts";
import type { Settings } from "../../integrations/settings/settings.ts";
import { MARKER } from "../../redact.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import { schemeOf, signWebhook } from "../../sdk/signatures/descriptor.ts";
import { innerUrl, parseTarget } from "../target.ts";
import type { Gateway } from "./integrations-gateway.ts";
import { type TestDelivery, testDeliveryOf } from "./test-delivery.ts";

export interface ReceiveInput {
  /** The path below /integrations/<id>; default: the manifest's webhook path. */
  path?: string;
  /** Headers to add; those that authenticate the sender or identify the delivery are generated. */
  headers?: Record<string, string>;
  /** Text that is sent as it is, or any JSON. */
  body: unknown;
  /** The event's name, for senders that put it in a header (others are refused); default: the value of that header. */
  event?: string;
  /** The delivery's id, for senders that put it in a header (others are refused); default: a new one. */
  delivery?: string;
  /** The secret to sign with instead of the one in the settings; without a verifier in the manifest, a bearer token. */
  token?: string;
  /** A header in which to send `token` unchanged, instead of using the manifest's verifier. */
  token_header?: string;
}

export interface ReceiveOptions {
  integrations: {
    whenLoaded(id: string): Promise<void>;
    get(id: string): Pick<IntegrationView, "setup" | "settings"> | undefined;
  };
  settings: Pick<Settings, "effective">;
  gateway: Gateway;
  inbox: Pick<Inbox, "get">;
}

/** Throws "not_found", and "conflict" if the signing secret is not set. */
export type Receive = (
  integrationId: string,
  input: ReceiveInput,
) => Promise<TestDelivery & { signed: boolean }>;

export function createReceive({ integrations, settings, gateway, inbox }: ReceiveOptions): Receive {
  return async (id, input) => {
    await integrations.whenLoaded(id);
    const integration = integrations.get(id);
    if (!integration) throw notFound("integration", id);
    const webhook = integration.setup?.webhook;
    const body = typeof input.body === "string" ? input.body : JSON.stringify(input.body);
    const headers = new Headers({ "content-type": contentTypeOf(body) });
    for (const [name, value] of Object.entries(input.headers ?? {})) {
      if (value !== MARKER && !OF_THE_WAY.has(name.toLowerCase())) setHeader(headers, name, value);
    }
    const verifier = verifierOf(webhook?.verifier, input);
    let signed: Record<string, string> = {};
    // For an integration with a verifier of its own there is nothing to sign; the server vouches for the request
    // instead.
    if (verifier && verifier.scheme !== "own") {
      // The value that the integration's code reads, which may be the default.
      const declared = integration.settings.find(({ key }) => key === verifier.secret);
      const setting = settings.effective(id, declared ?? { key: verifier.secret, default: null });
      const secret = input.token ?? setting.value;
      if (secret === null) {
        throw new HeddleError(
          "conflict",
          `The setting ${verifier.secret} of "${id}" must be set to sign the webhook; or pass a token.`,
        );
      }
      const { eventHeader } = schemeOf(verifier);
      const event = input.event ?? (eventHeader ? headers.get(eventHeader) : null) ?? undefined;
      signed = signWebhook(
        body,
        { ...verifier, secret },
        {
          ...(event !== undefined && { event }),
          ...(input.delivery !== undefined && { id: input.delivery }),
        },
      );
      for (const [name, value] of Object.entries(signed)) {
        if (name !== "content-type") setHeader(headers, name, value);
      }
    }
    refuseUnsaid(id, input, signed);
    const requestId = newId();
    const path = input.path ?? pathBelow(id, webhook?.path ?? "/webhook");
    const request = new Request(innerUrl({ path: `/integrations/${id}${path}`, search: "" }), {
      method: "POST",
      headers,
      ...(body !== "" && { body }),
    });
    const answer = await gateway(request, {
      target: parseTarget(request),
      sender: "127.0.0.1",
      requestId,
      isVouchedFor: verifier?.scheme === "own",
    });
    return { ...(await testDeliveryOf(requestId, answer, inbox)), signed: verifier !== undefined };
  };
}

type Verifier = NonNullable<NonNullable<SetupManifest["webhook"]>["verifier"]>;

/** Returns how to authenticate the webhook: as the manifest says, unless the caller passes a token or its header. */
function verifierOf(
  declared: Verifier | undefined,
  { token, token_header: header }: ReceiveInput,
): Verifier | undefined {
  if (token === undefined) {
    if (header === undefined) return declared;
    throw new HeddleError("validation", "token_header must be left out without a token.", {
      field: "token_header",
    });
  }
  // No setting is read here, so the name of the secret's setting is empty.
  if (header !== undefined) return { scheme: "token", header, secret: "" };
  if (declared?.scheme !== "own") return declared ?? { scheme: "bearer", secret: "" };
  throw new HeddleError(
    "validation",
    "token_header must name the token's header, because the manifest's verifier is the integration's own.",
    { field: "token_header" },
  );
}

/** Throws "validation" for what no header of this sender says; it would be lost without a word. */
function refuseUnsaid(
  id: string,
  { event, delivery }: Pick<ReceiveInput, "event" | "delivery">,
  signed: Record<string, string>,
): void {
  const said = Object.values(signed);
  for (const [field, value] of Object.entries({ event, delivery })) {
    if (value === undefined || said.includes(value)) continue;
    const text = `${field} must be left out, because no verifier of "${id}" says in which header it is sent; add that header to headers instead.`;
    throw new HeddleError("validation", text, { field });
  }
}

/** Headers that belong to the recorded connection and not to its content. */
const OF_THE_WAY = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "accept-encoding",
  "content-encoding",
]);

/** Guesses the content type: Slack and some others send forms, everyone else sends JSON. */
function contentTypeOf(body: string): string {
  const isForm = /^[\w.%+[\]-]+=[^\s{}"]*$/.test(body.trim());
  return isForm ? "application/x-www-form-urlencoded" : "application/json";
}

function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch (cause) {
    throw new HeddleError("validation", `headers must be valid header names and values; got "${name}".`, {
      field: "headers",
      cause,
    });
  }
}

/** A manifest may give the whole path or the part below the integration. */
function pathBelow(id: string, path: string): string {
  const prefix = `/integrations/${id}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length - 1) : path;
}
