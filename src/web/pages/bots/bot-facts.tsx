import { CodeBlock } from "../../parts/code-block.tsx";
import { type Fact, Facts } from "../../parts/facts.tsx";
import { Names } from "../../parts/names.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { modesOf, skillId } from "../../parts/skill-modes.ts";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { Warnings } from "../../parts/warnings.tsx";
import classes from "./bots.module.css";
import type { Bot } from "./queries.ts";

const toSkill = (id: string) => `/skills/${id}`;
const toCarapace = (id: string) => `/carapaces/${id}`;

/** What the bot is made of, with what its carapaces add. */
export function BotFacts({ bot }: { bot: Bot }) {
  const { system_prompt, resolved } = bot;
  return (
    <>
      <Warnings of={resolved.warnings} label="What is missing" />
      <Section title="Model">
        <Panel>
          <Facts
            facts={[
              ["Model", bot.model === null ? "The server's default" : <code key="model">{bot.model}</code>],
              ["If that fails", <Names key="fallback" of={bot.fallback_models} none="No other model" />],
              [
                "Most model calls of a run",
                bot.max_iterations === null ? "The server decides" : plural(bot.max_iterations, "call"),
              ],
            ]}
          />
        </Panel>
      </Section>
      <Section title="System prompt">
        {system_prompt === "" ? (
          <p className="faint">It has none of its own.</p>
        ) : (
          <CodeBlock text={system_prompt} what="system prompt" wrap />
        )}
      </Section>
      <Section title="What it may do and knows">
        <Panel>
          <Facts facts={capabilities(bot)} />
        </Panel>
      </Section>
      <Section title="Where it comes from">
        <Panel>
          <Origin bot={bot} />
        </Panel>
      </Section>
    </>
  );
}

function capabilities(bot: Bot): (Fact | false)[] {
  const { tools, skills, carapaces, delegate_bots, resolved } = bot;
  const ownSkills = skills.map(skillId);
  const addedTools = resolved.tools.filter((name) => !tools.includes(name));
  const addedSkills = [...resolved.skills, ...resolved.on_demand_skills].filter(
    (id) => !ownSkills.includes(id),
  );
  const noteOf = (id: string) => (resolved.skills.includes(id) ? "pinned" : undefined);
  return [
    ["Tools", <Names key="tools" of={tools} />],
    ["Shown to the model", shownTools(bot)],
    ["Skills", <Names key="skills" of={ownSkills} hrefOf={toSkill} noteOf={modesOf(skills)} />],
    ["Carapaces", <Names key="carapaces" of={carapaces} hrefOf={toCarapace} />],
    delegate_bots.length > 0 && ["Delegates to", <Names key="delegates" of={delegate_bots} />],
    addedTools.length > 0 && ["Tools of carapaces", <Names key="more tools" of={addedTools} />],
    addedSkills.length > 0 && [
      "Skills of carapaces",
      <Names key="more skills" of={addedSkills} hrefOf={toSkill} noteOf={noteOf} />,
    ],
  ];
}

const shownTools = ({ tool_retrieval, max_tools }: Bot): string =>
  tool_retrieval
    ? `All, up to ${max_tools ?? 40}; with more, the model searches for what it needs`
    : "All, however many there are";

function Origin({ bot: { source, file, created_at, updated_at } }: { bot: Bot }) {
  return (
    <>
      <Facts
        facts={[
          [
            "Added",
            <span key="added">
              <Time at={created_at} /> {source === "file" ? "from a file" : "over the API or here"}
            </span>,
          ],
          ["Changed", <Time key="changed" at={updated_at} />],
          file !== null && [
            "File",
            <span key="file">
              <code>{file.file}</code> {file.source === "home" ? "in the home folder" : "of Heddle's own"}
            </span>,
          ],
          file !== null &&
            file.fields_changed.length > 0 && [
              "Differs from the file",
              <Names key="fields" of={file.fields_changed} />,
            ],
        ]}
      />
      {source === "file" && (
        <p className={classes.note}>
          A bot is read from its file once. From then on it is changed here or over the API, and the file has
          no effect.
        </p>
      )}
    </>
  );
}
