// What a browser brings back from an authorization server, as the API takes it.

import { t } from "elysia";
import type { SignedIn } from "../../../../oauth/returned.ts";
import { Instant, InstantOf, instantOrNull, nullable } from "../../schemas.ts";

const text = (maxLength: number, description: string) => t.Optional(t.String({ maxLength, description }));

/** The parameters of the address to which the authorization server sends the browser. */
export const OAuthReturn = t.Object(
  {
    state: t.String({ minLength: 1, maxLength: 200, description: "As it was sent along." }),
    code: text(10_000, "What is exchanged for tokens."),
    iss: text(2_000, "The authorization server."),
    error: text(200, "Why there is no code."),
    error_description: text(2_000, "The same in words."),
  },
  { additionalProperties: false },
);

export const OAuthBegun = t.Object({
  url: t.String({ description: "Where the person's browser is to go." }),
  expires_at: InstantOf("Until when the person has to be back."),
});

export const SignedInAnswer = t.Object({
  by: t.String({ description: "Who." }),
  at: InstantOf("When."),
  issuer: t.String({ description: "The authorization server." }),
  scope: nullable(t.String(), "What was granted, as far as it is known."),
  expires_at: nullable(Instant, "When the access token ends."),
  is_renewed: t.Boolean({ description: "Whether it is renewed by itself before." }),
});

export const presentSignedIn = (signedIn: SignedIn | null) =>
  signedIn && {
    ...signedIn,
    at: signedIn.at.toISOString(),
    expires_at: instantOrNull(signedIn.expires_at),
  };
