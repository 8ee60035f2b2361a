// What a dashboard module's `GET /mc/<module>/data` answers. The SDK imports only the type.

import { type Static, Type } from "@sinclair/typebox";

const strict = { additionalProperties: false };
const title = Type.Optional(Type.String());
const cell = Type.Unsafe<string | number | boolean | null>({ type: ["string", "number", "boolean", "null"] });

const SECTIONS = [
  Type.Object(
    {
      type: Type.Literal("stat_row"),
      title,
      stats: Type.Array(
        Type.Object(
          { label: Type.String(), value: Type.Unsafe<string | number>({ type: ["string", "number"] }) },
          strict,
        ),
      ),
    },
    { ...strict, description: "Numbers side by side." },
  ),
  Type.Object(
    {
      type: Type.Literal("table"),
      title,
      headers: Type.Array(Type.String()),
      rows: Type.Array(Type.Array(cell), { description: "Each with as many cells as there are headers." }),
    },
    { ...strict, description: "A table." },
  ),
  Type.Object(
    { type: Type.Literal("markdown"), title, content: Type.String() },
    { ...strict, description: "Text." },
  ),
  Type.Object(
    {
      type: Type.Literal("chart"),
      title,
      kind: Type.Unsafe<"line" | "bar" | "area" | "pie">({
        type: "string",
        enum: ["line", "bar", "area", "pie"],
      }),
      x: Type.Array(Type.String(), { description: "Labels of the points, or of the slices." }),
      series: Type.Array(Type.Object({ label: Type.String(), data: Type.Array(Type.Number()) }, strict), {
        description: "Each with as many numbers as there are labels.",
      }),
    },
    { ...strict, description: "A chart." },
  ),
] as const;

export const DashboardData = Type.Object(
  {
    title: Type.String(),
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
      { description: "From top to bottom." },
    ),
  },
  { ...strict, description: "What a dashboard module shows." },
);

export type DashboardData = Static<typeof DashboardData>;
