// "heddle/sdk" for an integration inside the server: the same functions, bound to that integration.

import { Elysia, t } from "elysia";
import { incomingVerifierHost } from "../../inbox/incoming.ts";
import type { SdkBackend } from "../../sdk/backend.ts";
import { createSdk } from "../../sdk/create.ts";
import { createEnvironmentBackend } from "../../sdk/environment.ts";
import { createVerifiers } from "../../sdk/signatures/verifiers.ts";

export const createHostSdk = (backend: SdkBackend) => ({
  ...createSdk(backend, createVerifiers(incomingVerifierHost)),
  Elysia,
  t,
});

/** The names that `import { … } from "heddle/sdk"` can use. */
export const SDK_NAMES = Object.keys(createHostSdk(createEnvironmentBackend({})));
