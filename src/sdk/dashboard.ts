// The schema of a dashboard module's answer to `GET /mc/<module>/data`. The SDK imports only the type.

import { type Static, Type } from "@sinclair/typebox";

const strict = { additionalProperties: false };
const text = (description: string) => Type.String({ description });
const title = Type.Optional(text("Heading of the section."));
const cell = Type.Unsafe<string | number | boolean | null>({ type: ["string", "number", "boolean", "null"] });

const SECTIONS = [
  Type.Object(
    {
      type: Type.Literal("stat_row", { description: "Numbers side by side." }),
      title,
      stats: Type.Array(
        Type.Object(
          {
            label: text("What the number counts."),
            value: Type.Unsafe<string | number>({ type: ["string", "number"], description: "The number." }),
          },
          strict,
        ),
        { description: "The numbers, from left to right." },
      ),
    },
    { ...strict, description: "Numbers side by side." },
  ),
  Type.Object(
    {
      type: Type.Literal("table", { description: "A table." }),
      title,
      headers: Type.Array(Type.String(), { description: "Titles of the columns." }),
      rows: Type.Array(Type.Array(cell), {
        description: "Rows, each with as many cells as there are headers.",
      }),
    },
    { ...strict, description: "A table." },
  ),
  Type.Object(
    {
      type: Type.Literal("markdown", { description: "Text." }),
      title,
      content: text("Markdown."),
    },
    { ...strict, description: "Text." },
  ),
  Type.Object(
    {
      type: Type.Literal("chart", { description: "A chart." }),
      title,
      kind: Type.Unsafe<"line" | "bar" | "area" | "pie">({
        type: "string",
        enum: ["line", "bar", "area", "pie"],
        description: "How the data is drawn.",
      }),
      x: Type.Array(Type.String(), { description: "Labels of the points or slices." }),
      series: Type.Array(
        Type.Object(
          {
            label: text("Name of the series."),
            data: Type.Array(Type.Number(), { description: "As many numbers as there are labels in `x`." }),
          },
          strict,
        ),
        { description: "The series; each is a line, a set of bars, or the slices." },
      ),
    },
    { ...strict, description: "A chart." },
  ),
] as const;

export const DashboardData = Type.Object(
  {
    title: text("Heading of the card."),
    sections: Type.Array(
      Type.Unsafe<Static<(typeof SECTIONS)[number]>>({
        type: "object",
        properties: {
          type: { type: "string", enum: SECTIONS.map(({ properties }) => properties.type.const) },
        },
        required: ["type"],
        discriminator: { propertyName: "type" },
        oneOf: SECTIONS,
      }),
      { description: "The sections, from top to bottom." },
    ),
  },
  { ...strict, description: "The content of a dashboard module." },
);

export type DashboardData = Static<typeof DashboardData>;
