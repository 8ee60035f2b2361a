// Requests the data of a dashboard module as the UI would, and reports the problems of the answer.

import type { Logger } from "../../log.ts";
import { type FieldProblem, fieldProblems } from "../../schema/field-problems.ts";
import { compileOwnSchema, plainSchema } from "../../schema/json-schema.ts";
import { DashboardData } from "../../sdk/dashboard.ts";
import { within } from "../../within.ts";
import type { IntegrationRouter } from "./router.ts";

const ANSWER_MS = 10_000;
const LONGEST = 1_000_000;

/** Resolves to no problems when the UI can show the answer. Never rejects. */
export async function checkModule(
  router: IntegrationRouter,
  module: string,
  { log, timeoutMs = ANSWER_MS }: { log: Logger; timeoutMs?: number },
): Promise<FieldProblem[]> {
  const path = `/mc/${module}/data`;
  const whole = (message: string): FieldProblem[] => [{ path: "", message: `GET ${path} ${message}` }];
  const late = new Error(`did not answer within ${timeoutMs / 1000} s`);
  try {
    const answer = await within(timeoutMs, ask(router, path), { error: () => late });
    if (answer.status !== 200) return whole(`answered ${answer.status}`);
    if (answer.text.length > LONGEST) return whole(`answered more than ${LONGEST} characters`);
    return checkText(answer.text);
  } catch (error) {
    if (error === late) return whole(late.message);
    if (error instanceof Error && "code" in error && error.code === "NOT_FOUND") {
      return whole("must be a route of the integration");
    }
    // An integration's error may contain anything, so only the log gets it.
    log.warning("GET {path} of a dashboard module failed: {error}", { path, error });
    return whole("threw; the log says what");
  }
}

/** A request as the gateway forwards it: without the caller's key. */
async function ask(router: IntegrationRouter, path: string): Promise<{ status: number; text: string }> {
  const response = await router.handle(new Request(`http://localhost${path}`));
  return { status: response.status, text: await response.text() };
}

function checkText(text: string): FieldProblem[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return [{ path: "", message: "is not JSON" }];
  }
  return checkDashboardData(data);
}

const validate = compileOwnSchema(DashboardData);

/** The problems of the data; none when the UI can show it. */
export function checkDashboardData(data: unknown): FieldProblem[] {
  const wrong = fieldProblems(validate(data));
  return wrong.length > 0 ? wrong : unequalLengths(data as DashboardData);
}

export const dashboardJsonSchema = (): object => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  ...plainSchema(DashboardData),
});

function unequalLengths({ sections }: DashboardData): FieldProblem[] {
  return sections.flatMap((section, index) => {
    const path = `sections[${index}]`;
    const wrong = (list: string, items: readonly unknown[][], wanted: number, of: string): FieldProblem[] =>
      items.flatMap((item, at) =>
        item.length === wanted
          ? []
          : [
              {
                path: `${path}.${list.replace("*", String(at))}`,
                message: `must have ${wanted} items, one for each of ${of}`,
              },
            ],
      );
    switch (section.type) {
      case "table":
        return wrong("rows[*]", section.rows, section.headers.length, "headers");
      case "chart":
        return wrong(
          "series[*].data",
          section.series.map(({ data }) => data),
          section.x.length,
          "x",
        );
      default:
        return [];
    }
  });
}
