// "heddle/sdk" as an integration inside the server gets it: the same functions, bound to that integration.

import { Elysia, t } from "elysia";
import type { SdkBackend } from "../sdk/backend.ts";
import { createSdk } from "../sdk/create.ts";
import { createEnvironmentBackend } from "../sdk/environment.ts";

export const createHostSdk = (backend: SdkBackend) => ({ ...createSdk(backend), Elysia, t });

/** What `import { … } from "heddle/sdk"` may name. */
export const SDK_NAMES = Object.keys(createHostSdk(createEnvironmentBackend({})));
