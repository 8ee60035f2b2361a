import { Link } from "wouter";
import { Icon } from "../../parts/icon.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import classes from "./gallery.module.css";
import { type Integration, missingSettings, pageOf, setUpOf } from "./queries.ts";

/** One integration of the gallery. All of it leads to the integration's page; a button leads to its set-up. */
export function GalleryCard({ integration }: { integration: Integration }) {
  const { id, name, version, icon, status, is_live, connection } = integration;
  const needsSettings = status === "partial" || status === "not_configured";
  return (
    <article className={classes.card} data-status={status}>
      <header className={classes.head}>
        <span className={classes.icon}>
          <Icon name={icon} size={20} />
        </span>
        <Link href={pageOf(id)} className={classes.name} title={name}>
          {name}
        </Link>
        <Status value={status} />
        <span className={classes.version}>
          {id}
          {version !== null && ` · version ${version}`}
        </span>
      </header>
      <Words integration={integration} />
      {status === "quarantined" && is_live && (
        <p className={classes.note}>Its last good version keeps answering.</p>
      )}
      <footer className={classes.foot}>
        <span className={classes.facts}>
          {connection && is_live ? (
            <span className={classes.connection} title={connection.detail ?? undefined}>
              <Status value={connection.status} /> <span>since</span> <Time at={connection.since} />
            </span>
          ) : integration.last_webhook_at ? (
            <>
              Last webhook <Time at={integration.last_webhook_at} />
            </>
          ) : integration.webhook ? (
            "No webhook yet"
          ) : (
            is_live && brought(integration)
          )}
        </span>
        {needsSettings && (
          <Link href={setUpOf(id)} className={classes.action}>
            Set up <Icon name="ArrowRight" size={13} />
          </Link>
        )}
        {is_live && integration.webhook?.endpoints && (
          <Link href={`${pageOf(id)}?tab=endpoints`} className={classes.action}>
            Endpoints <Icon name="ArrowRight" size={13} />
          </Link>
        )}
        {status === "pending_approval" && (
          <Link href={`${pageOf(id)}?tab=approval`} className={classes.action}>
            See the changes <Icon name="ArrowRight" size={13} />
          </Link>
        )}
      </footer>
    </article>
  );
}

/** What is wrong, or else what it is for. */
function Words({ integration }: { integration: Integration }) {
  const { error, status, description, deps_installed } = integration;
  if (error !== null) {
    return (
      <p className={classes.error}>
        {error.file !== null && (
          <code>
            {error.file}
            {error.line !== null && `:${error.line}`}
          </code>
        )}{" "}
        {error.reason}
      </p>
    );
  }
  const missing = missingSettings(integration);
  if (status !== "disabled" && missing.length > 0) {
    return (
      <p className={classes.words}>
        {plural(missing.length, "required setting has no value", "required settings have no value")}:{" "}
        <span className={classes.keys}>{missing.join(", ")}</span>
      </p>
    );
  }
  if (status === "partial" && !deps_installed)
    return <p className={classes.words}>An npm package is not installed.</p>;
  return <p className={classes.words}>{description ?? "It has no README.md that describes it."}</p>;
}

function brought({ tools, skills, has_process }: Integration): string {
  const parts = [
    tools.length > 0 && plural(tools.length, "tool"),
    skills.length > 0 && plural(skills.length, "skill"),
    has_process && "a background process",
  ].filter(Boolean);
  return parts.length === 0 ? "Routes only" : parts.join(", ");
}
