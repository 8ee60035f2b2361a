import { useQuery } from "@tanstack/react-query";
import { CodeBlock } from "./code-block.tsx";

/** An object as YAML, to read and to copy. The library is loaded with the first one. */
export function YamlText({ value, what }: { value: unknown; what: string }) {
  const { data: yaml } = useQuery({
    queryKey: ["code", "yaml"],
    queryFn: () => import("yaml"),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return yaml ? <CodeBlock text={yaml.stringify(value, { lineWidth: 100 })} what={what} /> : null;
}
