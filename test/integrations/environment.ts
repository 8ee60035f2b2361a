import { getLogger } from "@logtape/logtape";
import { loadConfig } from "../../src/config/config.ts";
import { createEnvironmentNames } from "../../src/integrations/settings/environment-names.ts";

/** The environment of a server that was started with these variables. */
export const readerOf = (
  environment: Record<string, string | undefined>,
  ids: () => readonly string[] = () => [],
) =>
  createEnvironmentNames({
    environment,
    isOwnVariable: loadConfig({ home: "/nonexistent" }, {}).isOwnVariable,
    ids,
    log: getLogger("test"),
  });
