import { Link } from "wouter";
import { Icon } from "../../parts/icon.tsx";
import { Status } from "../../parts/status.tsx";
import { type Integration, pageOf } from "../integrations/queries.ts";
import classes from "./welcome.module.css";

interface ChooseIntegrationProps {
  integrations: readonly Integration[];
  chosen: string | null;
  onChoose(id: string): void;
}

/** Those that receive webhooks, because the next steps are about an event. */
export function ChooseIntegration({ integrations, chosen, onChoose }: ChooseIntegrationProps) {
  const offered = integrations.filter(({ webhook, enabled }) => webhook !== null && enabled);
  if (offered.length === 0) {
    return (
      <p className="faint">
        No integration that is there receives webhooks. Put the folder of one into{" "}
        <code>workspace/integrations</code> of Heddle's home folder; it appears here by itself.
      </p>
    );
  }
  return (
    <>
      <div className={classes.choices}>
        {offered.map((integration) =>
          // Its addresses are made one by one, each with a test event of its own.
          integration.webhook?.endpoints ? (
            <Link
              key={integration.id}
              className={classes.choice}
              href={`${pageOf(integration.id)}?tab=endpoints&add=`}
            >
              <About integration={integration} />
            </Link>
          ) : (
            <button
              key={integration.id}
              type="button"
              className={classes.choice}
              aria-pressed={integration.id === chosen}
              onClick={() => onChoose(integration.id)}
            >
              <About integration={integration} />
            </button>
          ),
        )}
      </div>
      {integrations.length > offered.length && (
        <p className={classes.others}>
          These receive webhooks. The others, such as those that keep a connection to a service, are set up
          under <Link href="/admin/integrations">Integrations</Link>.
        </p>
      )}
    </>
  );
}

function About({ integration: { name, icon, description, status } }: { integration: Integration }) {
  return (
    <>
      <span className={classes.icon}>
        <Icon name={icon} size={20} />
      </span>
      <span className={classes.words}>
        <span className={classes.name}>{name}</span>
        {description !== null && <span className={classes.description}>{description}</span>}
      </span>
      <Status value={status} />
    </>
  );
}
