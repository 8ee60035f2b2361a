// Unknown names in files of carapaces and bots are logged once, with file and line.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { createToolRegistry } from "../../src/agent/tools/registry.ts";
import { createFileWarnings } from "../../src/capabilities/file-warnings.ts";
import type { NewBot } from "../../src/content/bots/bots.ts";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { openCoreContent } from "../../src/content/core-content.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";
import { createLog } from "../../src/log.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { skill } from "./fixture.ts";

test("an unknown name causes one warning with file and line until it exists", async () => {
  await using folder = await temporaryFolder();
  await folder.write({
    "home/carapaces/reviewer.yaml":
      "name: Reviewer\nskills:\n  - triage\n  - id: gone\nlocal_tools: [read_mail]\nincludes:\n  - basis\nrequires:\n  tools:\n    - send_*\ndelegates:\n  - { type: bot, id: helper }\n  - { type: bot, id: critic }\n",
    "home/bots/helper.yaml":
      'name: Helper\ntools:\n  - read_mail\ncarapaces: [reviewer, nobody]\ndelegate_bots: ["*", helper, poet]\n',
  });
  const lines: string[] = [];
  const log = await createLog({
    level: "debug",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  const [skills, carapaces, tools] = [createSkills(), createCarapaces(), createToolRegistry()];
  skills.replaceOwner("github", [skill("integrations/github/triage"), skill("triage")]);
  let bots: NewBot[] = [];
  const content = await openCoreContent({
    folders: [{ dir: join(folder.path, "home"), origin: { kind: "home" } }],
    sinks: {
      skills,
      carapaces,
      templates: createTemplates(),
      bots: {
        seed: async (files) => {
          bots = files;
          return [];
        },
      },
    },
    log,
  });
  const check = createFileWarnings({
    skills,
    carapaces,
    tools,
    botFiles: content.botFiles,
    bots: { list: async () => bots as never },
    log,
  });
  const told = () =>
    lines.splice(0).flatMap((line) => {
      const { place, warning } = JSON.parse(line).properties;
      // A queue that an earlier file of this process has left behind may write to the same log.
      return place === undefined ? [] : [`${place.replace(`${folder.path}/home/`, "")}: ${warning}`];
    });
  await check();
  expect(told()).toEqual([
    'carapaces/reviewer.yaml:4: There is no skill "gone".',
    'carapaces/reviewer.yaml:5: There is no tool "read_mail".',
    `carapaces/reviewer.yaml:10: No tool's name fits "send_*".`,
    'carapaces/reviewer.yaml:7: There is no carapace "basis".',
    'carapaces/reviewer.yaml:13: There is no bot "critic".',
    'bots/helper.yaml:3: There is no tool "read_mail".',
    'bots/helper.yaml:4: There is no carapace "nobody".',
    'bots/helper.yaml:5: There is no bot "poet".',
  ]);
  await check();
  expect(told()).toEqual([]);

  // The bot was changed over the API, so its file no longer matters. The tool was added and is removed again.
  bots = bots.map((bot) => ({ ...bot, carapaces: ["reviewer"] }));
  tools.add("mail", {
    name: "read_mail",
    description: "",
    parameters: { type: "object" },
    run: async () => "",
  });
  await check();
  tools.removeOwner("mail");
  await check();
  expect(told()).toEqual([
    'carapaces/reviewer.yaml:5: There is no tool "read_mail".',
    'bots/helper.yaml:3: There is no tool "read_mail".',
  ]);
  content.close();
});
