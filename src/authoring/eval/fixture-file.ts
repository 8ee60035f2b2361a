// A fixture's file: what a run is given, what its tools answer, and what is expected of it.

import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Static, Type as t } from "@sinclair/typebox";
import { readYaml } from "../../content/yaml-text.ts";
import { HeddleError } from "../../errors.ts";
import { compileOwnSchema } from "../../schema/json-schema.ts";

const Strict = { additionalProperties: false };
const Texts = t.Union([t.String(), t.Array(t.String())]);
const Json = t.Record(t.String(), t.Unknown());

const Expect = t.Object(
  {
    status: t.Optional(t.Union([t.Literal("complete"), t.Literal("failed")])),
    /** Each of them must be called. */
    tools: t.Optional(t.Array(t.String())),
    /** None of them may be called. */
    no_tools: t.Optional(t.Array(t.String())),
    /** Each must be made, with these arguments among others. */
    calls: t.Optional(t.Array(t.Object({ tool: t.String(), arguments: t.Optional(Json) }, Strict))),
    text: t.Optional(
      t.Object(
        {
          contains: t.Optional(Texts),
          excludes: t.Optional(Texts),
          /** `*` stands for any text. */
          matches: t.Optional(Texts),
        },
        Strict,
      ),
    ),
    /** What the answer must have as JSON, among other things. */
    json: t.Optional(t.Unknown()),
    max_cost_usd: t.Optional(t.Number({ minimum: 0 })),
    max_tokens: t.Optional(t.Number({ minimum: 0 })),
    max_model_calls: t.Optional(t.Integer({ minimum: 1 })),
  },
  Strict,
);

const Schema = t.Object(
  {
    name: t.Optional(t.String({ minLength: 1 })),
    bot: t.String({ minLength: 1 }),
    message: t.Object(
      {
        content: t.String({ minLength: 1 }),
        source: t.Optional(t.String()),
        from_person: t.Optional(t.Boolean()),
      },
      Strict,
    ),
    options: t.Optional(Json),
    history: t.Optional(t.Array(t.Object({ message: t.String(), answer: t.String() }, Strict))),
    /** What the session had found with search_tools: its model is shown them. */
    found_tools: t.Optional(t.Array(t.String())),
    tools: t.Optional(
      t.Array(
        t.Object(
          {
            name: t.String(),
            /** How bots name it, if not by its name: "mcp:<server>/<tool>". */
            reference: t.Optional(t.String()),
            description: t.String(),
            parameters: Json,
          },
          Strict,
        ),
      ),
    ),
    recorded: t.Optional(
      t.Array(t.Object({ tool: t.String(), arguments: t.Unknown(), result: t.String() }, Strict)),
    ),
    observed: t.Optional(t.Unknown()),
    expect: Expect,
  },
  Strict,
);

export type Expectations = Static<typeof Expect>;
export type Fixture = Static<typeof Schema> & { name: string; file: string };

const validate = compileOwnSchema(Schema);

/** Reads a file, or all files of a folder by name. Throws a HeddleError "config" that names the file and the line. */
export async function readFixtures(path: string): Promise<Fixture[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new HeddleError("config", `There is no file or folder ${path}.`);
  const files = found.isDirectory() ? await filesIn(path) : [path];
  if (files.length === 0) {
    throw new HeddleError(
      "config",
      `${path} has no fixture (*.yaml). Make one of a run: heddle fixture <task or inbox id> --dir ${path}`,
    );
  }
  return Promise.all(files.map(async (file) => readFixture(await readFile(file, "utf8"), file)));
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /\.ya?ml$/.test(name) && !/\.script\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

function readFixture(text: string, file: string): Fixture {
  const yaml = readYaml(text);
  const refuse = (reason: string, line?: number) =>
    new HeddleError("config", `${file}${line === undefined ? "" : `:${line}`}: ${reason}`);
  if (!yaml.ok) throw refuse(yaml.problem.reason, yaml.problem.line);
  const [first] = validate(yaml.value);
  if (first) throw refuse(`${first.field || "The file"} ${first.message}`, yaml.lineOf(first.field));
  const fixture = yaml.value as Static<typeof Schema>;
  return { ...fixture, name: fixture.name ?? basename(file).replace(/\.ya?ml$/, ""), file };
}
