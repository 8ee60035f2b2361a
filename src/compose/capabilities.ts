// What bots, channels and messages bring into a run, and what of it is missing.

import { activationIn } from "../capabilities/activated.ts";
import { createCapabilities } from "../capabilities/effective-set.ts";
import { createFileWarnings } from "../capabilities/file-warnings.ts";
import { createMissingNames, type MissingNames } from "../capabilities/missing-names.ts";
import type { Logger } from "../log.ts";
import type { Content } from "./content.ts";
import type { IntegrationParts } from "./integrations.ts";
import type { Models } from "./models.ts";

export type CapabilityParts = ReturnType<typeof createCapabilityParts>;

export function createCapabilityParts(
  content: Content,
  { registry }: IntegrationParts,
  { providers }: Models,
  log: Logger,
) {
  const { skills, carapaces, templates, tools } = content;
  const capabilitiesOf = createCapabilities({
    skills,
    carapaces,
    templates,
    activationOf: (id) => activationIn(registry.get(id)?.setup),
  });
  const missingNames = createMissingNames({
    capabilitiesOf,
    carapaces,
    tools,
    doubtInModel: providers.doubtIn,
  });
  const { botFiles, onLoad } = content.coreContent;
  const warnOfFiles = createFileWarnings({ ...content, botFiles, log: log.getChild("content") });
  let haveLoaded = false;
  const warn = () => {
    if (!haveLoaded) return;
    warnOfFiles().catch((error) => log.warning("Names in files could not be checked: {error}", { error }));
  };
  onLoad(warn);
  registry.onChange(warn);
  void registry.whenReady.then(() => {
    haveLoaded = true;
    warn();
  });
  // Intake does not wait for integrations that are still loading; the run does, and has warnings of its own.
  const missingOnceLoaded: MissingNames = (named) => (haveLoaded ? missingNames(named) : []);
  return { capabilitiesOf, missingNames, missingOnceLoaded };
}
