import { useQuery } from "@tanstack/react-query";
import { Facts } from "../../parts/facts.tsx";
import { scopes as known } from "./queries.ts";

const ACTIONS: Record<string, string> = {
  read: "Read",
  write: "Read and change",
  use: "Use",
  "*": "Everything",
};

/** Scopes in words, each with its own name for those who know it. */
export function ScopeList({ scopes }: { scopes: readonly string[] }) {
  const { data } = useQuery(known);
  if (scopes.includes("admin")) return <p>Everything, including keys and settings.</p>;
  if (scopes.length === 0) return <p>Nothing.</p>;
  const byResource = Map.groupBy(scopes.toSorted(), (scope) => scope.split(":")[0] ?? "");
  return (
    <Facts
      facts={[...byResource].map(([name, own]) => [
        data?.resources.find((one) => one.name === name)?.description ?? name,
        <span key={name}>
          {own.map((scope) => ACTIONS[scope.split(":")[1] ?? ""] ?? scope).join(", ")}{" "}
          <code className="faint">{own.join(", ")}</code>
        </span>,
      ])}
    />
  );
}
