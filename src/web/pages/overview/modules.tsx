import { useQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import { ModuleCard } from "../../parts/module-card.tsx";
import { Section } from "../../parts/page-frame.tsx";
import classes from "./overview.module.css";

/** The panels that integrations declare in their manifests, each with what its router answers. */
export function Modules() {
  const { data = [] } = useQuery({
    queryKey: ["integrations", "modules"],
    queryFn: async () => (await take(api.GET("/api/v1/admin/integrations/dashboard-modules"))).modules,
  });
  if (data.length === 0) return null;
  return (
    <Section title="From integrations">
      <div className={classes.cards}>
        {data.map((module) => (
          <ModuleCard key={`${module.integration_id} ${module.id}`} module={module} />
        ))}
      </div>
    </Section>
  );
}
