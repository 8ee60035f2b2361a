// The schema of an integration's manifest, which setup.ts exports as SETUP. The SDK imports only the type, so that
// authors' tests need no package; Heddle checks manifests against the schema (integrations/manifest.ts).

import { type Static, Type } from "@sinclair/typebox";
import { Binding } from "./manifest-binding.ts";
import { icon, list, oneOf, optional, path, strict, text } from "./manifest-fields.ts";
import type { WebhookVerifier } from "./signatures/descriptor.ts";
import type { FieldSchema, SchemeKind } from "./signatures/scheme.ts";
import { SCHEMES } from "./signatures/schemes.ts";

const EnvVar = strict(
  {
    key: Type.String({
      pattern: "^[A-Za-z][A-Za-z0-9_]*$",
      description:
        'Its name, in the environment too: "ACME_TOKEN". It begins with a letter, and has letters, digits and _.',
    }),
    required: Type.Optional(
      Type.Boolean({ description: "Whether the integration needs it to work. Default: false." }),
    ),
    secret: Type.Optional(
      Type.Boolean({
        description:
          "Whether it is stored encrypted and never shown. Default: true, unless it has a default or its key is plainly harmless, such as ACME_URL; keys such as ACME_TOKEN are secret even then.",
      }),
    ),
    description: optional("What the setting is, for people."),
    default: optional("The value if it is set nowhere, as a text. Default: it has none."),
  },
  "A setting. Its value is the stored one, otherwise the environment's, otherwise the default.",
);

const secret = text("The key of the setting that holds the secret, which is a secret setting by that.");

/** One schema per scheme; the field `scheme` selects it. */
const VERIFIERS = Object.entries<ManifestPart>(SCHEMES).map(
  ([scheme, { description, options, required }]) => {
    const fields = Object.entries<FieldSchema>(options).map(([name, schema]) => {
      const field = Type.Unsafe<string>({ ...schema });
      return [name, required.includes(name) ? field : Type.Optional(field)] as const;
    });
    return strict(
      { scheme: oneOf([scheme], "How the sender proves itself."), secret, ...Object.fromEntries(fields) },
      description,
    );
  },
);

/** The parts of a scheme that the manifest's schema needs. */
type ManifestPart = Pick<SchemeKind<unknown, never>, "description" | "options"> & {
  required: readonly string[];
};

const Verifier = Type.Unsafe<WebhookVerifier & { secret: string }>({
  description:
    "How the sender signs, for heddle receive and for people. The verification itself is done by the router's code.",
  type: "object",
  properties: {
    scheme: oneOf(Object.keys(SCHEMES), "How the sender proves itself."),
  },
  required: ["scheme"],
  discriminator: { propertyName: "scheme" },
  oneOf: VERIFIERS,
});

const Webhook = strict(
  {
    path: path(
      'Where it is received: "/webhook" below the integration, or the same from the server\'s root, "/integrations/<id>/webhook".',
    ),
    description: optional("What it receives, for people."),
    verifier: Type.Optional(Verifier),
    endpoints: Type.Optional(
      strict(
        {
          path: path(
            "Where they are listed and created, with the routes and fields of the built-in webhook integration.",
          ),
          presets_path: path("Where the presets for well-known senders are."),
        },
        "Endpoints that people create, each with an address of its own. The admin UI has a page for them.",
      ),
    ),
  },
  "The webhook to enter at the outside service. A POST to its path needs no API key.",
);

const SidebarSection = strict(
  {
    id: text("A unique id, by which the UI remembers whether the section is hidden."),
    title: optional("Header of the section. Default: the id in capitals."),
    icon: icon("Plug"),
    items: Type.Array(
      strict(
        { label: text("What the sidebar shows."), href: path("Route of the page."), icon: icon("Plug") },
        "A link of the section.",
      ),
      { description: "The links, from top to bottom." },
    ),
    readiness_endpoint: Type.Optional(
      path(
        "A path from the server's root, whose answer to GET says whether the feature is ready; the sidebar shows it.",
      ),
    ),
    readiness_field: optional(
      'The field of its JSON answer that says so: true, a number above 0, or a word such as "ready" or "ok". Default: every answer with a status of 2xx does.',
    ),
  },
  "A section of the main sidebar.",
);

const DashboardModule = strict(
  {
    id: Type.String({
      pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$",
      description:
        "Unique in the integration. The router answers GET /mc/<id>/data with the title and sections of DashboardData.",
    }),
    label: text("Title of the card."),
    icon: icon("Zap"),
    description: optional("What the card shows."),
  },
  "A panel of the dashboard.",
);

const Activation = strict(
  {
    carapaces: list(text("Id of a carapace."), "Carapaces for channels that activate the integration."),
    requires_workspace: Type.Optional(
      Type.Boolean({ description: "Whether the channel needs a workspace. Default: false." }),
    ),
    description: optional("What activation does, for people."),
    compatible_templates: list(
      text("Tag of a template."),
      "Tags of compatible templates; the first one is suggested.",
    ),
    includes: list(text("Id of an integration."), "Integrations whose carapaces are activated too."),
  },
  "What a channel gets that activates the integration.",
);

const WebUi = strict(
  {
    static_dir: text(
      "Folder of built files, relative to the integration's; served at /integrations/<id>/ui.",
    ),
    dev_port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: "The port of the author's development server, which the API passes on to tools.",
      }),
    ),
  },
  "The integration's own web pages.",
);

const ToPaste = strict(
  {
    title: text('What it is: "Manifest of the app".'),
    path: path(
      "A path below /integrations/<id>, with a query if need be; the router answers GET with the text.",
      "^/[^#\\s]*$",
    ),
    description: optional("What to do with it, for people."),
    url: optional("The address of the page at the service where it is pasted."),
  },
  "A text that people paste at the service.",
);

export const SetupManifest = strict(
  {
    version: optional(
      'The integration\'s version, for people and for templates that need a certain one: "1.2.0".',
    ),
    icon: icon("Plug"),
    instructions_url: optional("The address of the page on which people read how to set the integration up."),
    to_paste: list(
      ToPaste,
      "Texts that people paste at the service before they enter the settings; the admin UI shows them with a button that copies each.",
    ),
    env_vars: list(EnvVar, "Its settings, in addition to those of defineConfig; a setting may be in both."),
    dependencies: list(
      strict(
        {
          package: Type.String({
            pattern: "^(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*$",
            description: "Name in the npm registry.",
          }),
        },
        "An npm package.",
      ),
      "npm packages that it needs in addition to those of its package.json. The API says whether they are installed.",
    ),
    api_permissions: Type.Optional(
      Type.Unsafe<string | string[]>({
        type: ["string", "array"],
        items: { type: "string" },
        description:
          "What the integration's API key, and the key of its process, may do: a preset's name, or scopes such as tasks:read. Default for the process: sessions:write, documents:write and tasks:read.",
      }),
    ),
    webhook: Type.Optional(Webhook),
    max_body_bytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 26_214_400,
        description: "The maximum bytes of a body on the public routes. Default: 1,048,576 (1 MiB).",
      }),
    ),
    public_paths: list(
      Type.String({
        pattern: "^((GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) )?/[^?#\\s]*$",
        description: "A method and a path below /integrations/<id>; a path alone is public for every method.",
      }),
      'Routes that need no API key: "POST /hook/:id". A segment ":name" matches any one segment that no other route spells out; paths below a route are not public.',
    ),
    admin_paths: list(
      path("A path below /integrations/<id>."),
      "Paths that need a key with the scope admin, including everything below them.",
    ),
    route_scope: optional(
      'The resource of the scopes that the private routes need: with "usage", GET needs usage:read, other methods usage:write. Default: integrations.',
    ),
    sidebar_section: Type.Optional(SidebarSection),
    dashboard_modules: list(DashboardModule, "Panels of the dashboard."),
    activation: Type.Optional(Activation),
    binding: Type.Optional(Binding),
    web_ui: Type.Optional(WebUi),
  },
  "The manifest of an integration, which setup.ts exports as SETUP.",
);

/** Lists are readonly, so that a manifest can be `as const`. */
export type SetupManifest = DeepReadonly<Static<typeof SetupManifest>>;

type DeepReadonly<Value> = Value extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value;
