// What bots, channels and messages bring into a run, and what of it is missing.

import { activationIn } from "../capabilities/activated.ts";
import { createCapabilities } from "../capabilities/effective-set.ts";
import { createFileWarnings } from "../capabilities/file-warnings.ts";
import { createMissingNames, type MissingNames } from "../capabilities/missing-names.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { createSkillCopies } from "../search/skill-copies.ts";
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
  const skillCopies = createSkillCopies({
    ...content.copying,
    list: skills.list,
    isGone(id) {
      const [, integration] = /^integrations\/([^/]+)\//.exec(id) ?? [];
      // An integration that does not run now may have its skills again soon.
      if (integration !== undefined) return (registry.get(integration)?.status ?? "live") === "live";
      return content.coreContent.isWhole();
    },
  });
  const copySkills = () => {
    if (!haveLoaded) return;
    skillCopies
      .sync()
      .catch((error) =>
        log
          .getChild("search")
          .warn("The skills could not be indexed: {error}", { error: errorMessage(error) }),
      );
  };
  onLoad(copySkills);
  registry.onChange(copySkills);
  void registry.whenReady.then(() => {
    haveLoaded = true;
    warn();
    copySkills();
  });
  // Intake does not wait for integrations that are still loading; the run does, and has warnings of its own.
  const missingOnceLoaded: MissingNames = (named) => (haveLoaded ? missingNames(named) : []);
  return {
    botFiles,
    capabilitiesOf,
    missingNames,
    missingOnceLoaded,
    fittingSkills: skillCopies.find,
    copiesOfSkills: skillCopies.copiesOf,
  };
}
