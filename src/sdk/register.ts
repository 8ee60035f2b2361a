import { HeddleError } from "../errors.ts";
import type { RegisteredTool, WithToolSchema } from "./backend.ts";
import type {
  Arguments,
  JsonObject,
  OpenAiToolSchema,
  ParameterSchema,
  ToolFunction,
  ToolOptions,
} from "./types.ts";

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const NO_PARAMETERS = { type: "object", properties: {} };

export interface Register {
  /**
   * Makes a function a tool of agents. Returns that function with its schema as `_tool_schema`. Takes Heddle's own
   * shape, whose TypeBox `parameters` type the arguments, or OpenAI's shape `{ type: "function", function: { name,
   * description, parameters } }`. Throws "validation" if the name or the schema is unusable.
   */
  <Parameters extends ParameterSchema, Fn extends ToolFunction<Arguments<Parameters>>>(
    options: ToolOptions<Parameters> & { parameters: Parameters },
    fn: Fn,
  ): Fn & WithToolSchema;
  <Fn extends ToolFunction>(
    options: OpenAiToolSchema | (ToolOptions & { parameters?: undefined }),
    fn: Fn,
  ): Fn & WithToolSchema;
}

export function createRegister(onTool: (tool: RegisteredTool) => void): Register {
  return ((options: OpenAiToolSchema | ToolOptions, fn: ToolFunction<never>) => {
    const tool = toolOf(options, fn);
    onTool(tool);
    const { name, description, parameters } = tool;
    const schema: OpenAiToolSchema = { type: "function", function: { name, description, parameters } };
    return Object.assign(fn, { _tool_schema: schema });
  }) as Register;
}

function toolOf(options: OpenAiToolSchema | ToolOptions, run: ToolFunction<never>): RegisteredTool {
  if (typeof options !== "object" || options === null)
    throw invalid("The first argument of register() must be an object with the tool's name and description.");
  const inner = "function" in options ? options.function : options;
  const name = inner?.name;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw invalid(`A tool's name must be 1 to 64 of a-z A-Z 0-9 _ -; got ${JSON.stringify(name)}.`);
  }
  if (typeof run !== "function")
    throw invalid(`Tool ${name}: the second argument of register() must be a function.`);
  const description = inner.description ?? "";
  if (typeof description !== "string") throw invalid(`Tool ${name}: description must be a text.`);
  const parameters = (inner.parameters ?? NO_PARAMETERS) as JsonObject;
  if (typeof parameters !== "object" || parameters.type !== "object") {
    throw invalid(`Tool ${name}: parameters must be the schema of an object.`);
  }
  const timeoutSeconds = "timeoutSeconds" in options ? options.timeoutSeconds : undefined;
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0)) {
    throw invalid(`Tool ${name}: timeoutSeconds must be a number above 0.`);
  }
  return { name, description, parameters, timeoutSeconds, run };
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
