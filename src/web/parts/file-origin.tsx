import { Link } from "wouter";
import { CopyButton } from "./copy-button.tsx";

interface FileOriginProps {
  source: "builtin" | "home" | "integration";
  integration_id: string | null;
  /** Relative to where it comes from: "skills/on-call.md". */
  file: string;
}

/** Where a text of content comes from, in one or two words. */
export const originWords = ({ source, integration_id }: Omit<FileOriginProps, "file">): string =>
  source === "integration"
    ? (integration_id ?? "An integration")
    : { builtin: "Heddle", home: "Home folder" }[source];

/** The file that a text comes from, and how it is changed there. */
export function FileOrigin({ source, integration_id, file }: FileOriginProps) {
  const path = (
    <>
      <code>{file}</code> <CopyButton text={file} what="file" />
    </>
  );
  switch (source) {
    case "home":
      return <>{path} in the home folder. A change of it, here or there, takes effect within a moment.</>;
    case "builtin":
      return <>{path} comes with Heddle. A file with the same name in the home folder replaces it.</>;
    case "integration":
      return (
        <>
          {path} in the folder of <Link href={`/admin/integrations/${integration_id}`}>{integration_id}</Link>
          . It is there as long as that integration runs, and changes when that is loaded again.
        </>
      );
  }
}
