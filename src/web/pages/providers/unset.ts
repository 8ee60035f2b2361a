import type { components } from "../../api/openapi.gen.ts";

/** The value of a field that was removed from the text of a provider. Its name and its protocol are always there. */
export const UNSET = {
  ...{ base_url: null, default_model: null, models: {}, unsupported: {} },
} satisfies components["schemas"]["ProviderChange"];
