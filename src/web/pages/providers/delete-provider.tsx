import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, type Schema } from "../../api/client.ts";
import { providers } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";
import { pageAt, usePages } from "../../pages.tsx";
import { ApiError, notifyDone } from "../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { plural } from "../../parts/units.tsx";
import classes from "./providers.module.css";
import { type Provider, referencesTo } from "./queries.ts";

interface DeleteProviderProps {
  provider: Provider;
  onClose(): void;
  onDeleted(): void;
}

/** Says who names its models, and who answers for them afterwards. */
export function DeleteProvider({ provider, onClose, onDeleted }: DeleteProviderProps) {
  const { id, name, is_default } = provider;
  const { data: references, error } = useQuery(referencesTo(id));
  const { data: all = [] } = useQuery(providers);
  const others = all.filter((one) => one.id !== id);
  const next = others.find((one) => one.is_default) ?? others[0];
  return (
    <ConfirmDestructive
      action="Delete the provider"
      title={`Delete ${name}?`}
      onClose={onClose}
      onConfirm={async () => {
        await api.DELETE("/api/v1/admin/providers/{id}", { params: { path: { id } } });
        // Its models and references cannot be read any more.
        await queryClient.invalidateQueries({ queryKey: providers.queryKey });
        notifyDone(`${name} was deleted.`);
        onDeleted();
      }}
    >
      <p>
        Its key and what was set of its models are deleted.{" "}
        {next
          ? `Models whose names begin with "${id}/" will be asked of ${is_default ? "another provider" : next.name}.`
          : "No provider will be left: a stand-in that quotes your documents will answer runs."}
      </p>
      {error && <ApiError error={error} />}
      {references && <References references={references} />}
    </ConfirmDestructive>
  );
}

function References({ references }: { references: Schema<"ProviderReferences"> }) {
  const { bots, channels, settings } = references;
  if (bots.length + channels.length + settings.length === 0) return <p>No bot and no channel names it.</p>;
  return (
    <>
      <p className={classes.named}>
        Its models are named by{" "}
        {[
          bots.length > 0 && plural(bots.length, "bot"),
          channels.length > 0 && plural(channels.length, "channel"),
          settings.length > 0 && plural(settings.length, "variable"),
        ]
          .filter(Boolean)
          .join(", ")}
        :
      </p>
      <ul className={classes.references}>
        {bots.map(({ id, name, models }) => (
          <li key={`bot ${id}`}>
            <Name href={`/bots/${id}`} name={name} />: <code>{models.join(", ")}</code>
          </li>
        ))}
        {channels.map(({ id, name, models }) => (
          <li key={`channel ${id}`}>
            <Name href={`/channels/${id}`} name={name} />: <code>{models.join(", ")}</code>
          </li>
        ))}
        {settings.map(({ name, models }) => (
          <li key={name}>
            <code>{name}</code>: <code>{models.join(", ")}</code>
          </li>
        ))}
      </ul>
    </>
  );
}

/** A link for those who may see the page. */
function Name({ href, name }: { href: string; name: string }) {
  return pageAt(usePages(), href) ? <Link href={href}>{name}</Link> : name;
}
