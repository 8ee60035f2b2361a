import { HeddleError } from "../errors.ts";
import { shown } from "./arguments.ts";
import type { RegisteredTool, SdkSinks, WithToolSchema } from "./backend.ts";
import { misspellings } from "./misspelt.ts";
import type {
  Arguments,
  JsonObject,
  OpenAiToolSchema,
  ParameterSchema,
  ToolAnnotations,
  ToolDetails,
  ToolFunction,
  ToolOptions,
} from "./types.ts";

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
/** The fields of a tool in Heddle's own shape and of `function` in OpenAI's, and those beside either. */
const FUNCTION = ["name", "description", "parameters"];
const DETAILS = ["timeoutSeconds", "annotations", "reconcile"];
const NO_PARAMETERS = { type: "object", properties: {} };

export interface Register {
  /**
   * Makes a function a tool of agents. Returns that function with its schema as `_tool_schema`. Takes Heddle's own
   * shape, whose TypeBox `parameters` type the arguments, or OpenAI's shape `{ type: "function", function: { name,
   * description, parameters } }`; beside either, `timeoutSeconds`, `annotations` and `reconcile`. Throws "validation" if one of
   * them is unusable.
   */
  <Parameters extends ParameterSchema, Fn extends ToolFunction<Arguments<Parameters>>>(
    options: ToolOptions<Parameters> & WithParameters<Parameters>,
    fn: Fn,
  ): Fn & WithToolSchema;
  <Fn extends ToolFunction>(
    options: (OpenAiToolSchema & ToolDetails) | (ToolOptions & WithoutParameters),
    fn: Fn,
  ): Fn & WithToolSchema;
}

interface WithoutParameters {
  /** Without a schema, the tool takes no arguments. */
  parameters?: undefined;
}

interface WithParameters<Parameters> {
  /** The schema of the arguments, such as `t.Object({ id: t.String() })`. It also types what the function gets. */
  parameters: Parameters;
}

export function createRegister({
  registerTool,
  misspelt,
}: Pick<SdkSinks, "registerTool" | "misspelt">): Register {
  return ((options: (OpenAiToolSchema & ToolDetails) | ToolOptions, fn: ToolFunction<never>) => {
    const tool = toolOf(options, fn);
    registerTool(tool);
    const known = "function" in options ? ["type", "function", ...DETAILS] : [...FUNCTION, ...DETAILS];
    misspelt(misspellings(`Tool ${tool.name}`, options, known));
    if ("function" in options) misspelt(misspellings(`Tool ${tool.name}`, options.function, FUNCTION));
    const { name, description, parameters } = tool;
    const schema: OpenAiToolSchema = { type: "function", function: { name, description, parameters } };
    return Object.assign(fn, { _tool_schema: schema });
  }) as Register;
}

function toolOf(
  options: (OpenAiToolSchema & ToolDetails) | ToolOptions,
  run: ToolFunction<never>,
): RegisteredTool {
  if (typeof options !== "object" || options === null)
    throw invalid("The first argument of register() must be an object with the tool's name and description.");
  const inner = "function" in options ? options.function : options;
  const name = inner?.name;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw invalid(`A tool's name must be 1 to 64 of a-z A-Z 0-9 _ -; got ${shown(name)}.`);
  }
  if (typeof run !== "function")
    throw invalid(`Tool ${name}: the second argument of register() must be a function.`);
  const description = inner.description ?? "";
  if (typeof description !== "string") throw invalid(`Tool ${name}: description must be a text.`);
  const parameters = (inner.parameters ?? NO_PARAMETERS) as JsonObject;
  if (typeof parameters !== "object" || parameters.type !== "object") {
    throw invalid(
      `Tool ${name}: parameters must be the schema of an object, such as t.Object({ id: t.String() }); got ${shown(parameters)}.`,
    );
  }
  const { timeoutSeconds, reconcile } = options;
  if (timeoutSeconds !== undefined && !(typeof timeoutSeconds === "number" && timeoutSeconds > 0)) {
    throw invalid(`Tool ${name}: timeoutSeconds must be a number above 0; got ${shown(timeoutSeconds)}.`);
  }
  if (reconcile !== undefined && typeof reconcile !== "function") {
    throw invalid(`Tool ${name}: reconcile must be a function.`);
  }
  const annotations = annotationsOf(name, options.annotations);
  return { name, description, parameters, timeoutSeconds, annotations, reconcile, run };
}

const ANNOTATIONS: readonly string[] = [
  "readOnly",
  "idempotent",
  "destructive",
  "egress",
] satisfies (keyof ToolAnnotations)[];

/** Checked strictly: a misspelt "readonly" would otherwise mean nothing. */
function annotationsOf(tool: string, given: ToolAnnotations | undefined): ToolAnnotations {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null)
    throw invalid(`Tool ${tool}: annotations must be an object.`);
  for (const [key, value] of Object.entries(given)) {
    if (!ANNOTATIONS.includes(key)) {
      throw invalid(`Tool ${tool}: annotations may have ${ANNOTATIONS.join(", ")}; got ${shown(key)}.`);
    }
    if (value !== undefined && typeof value !== "boolean") {
      throw invalid(`Tool ${tool}: annotations.${key} must be true or false; got ${shown(value)}.`);
    }
  }
  return { ...given };
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
