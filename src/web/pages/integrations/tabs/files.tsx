// The files of an integration in the workspace: what does not load is mended here, and is loaded as soon as it is saved.

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { notifyDone } from "../../../parts/api-error.tsx";
import { Awaited } from "../../../parts/awaited.tsx";
import { FileEditor } from "../../../parts/file-editor.tsx";
import { Panel } from "../../../parts/page-frame.tsx";
import {
  fileAt,
  fileHref,
  filesOf,
  type IntegrationDetail,
  pageOf,
  readIntegrationFile,
  refreshIntegrations,
  writeIntegrationFile,
} from "../queries.ts";
import classes from "./files.module.css";

export function Files({ integration }: { integration: IntegrationDetail }) {
  const { id, error: problem } = integration;
  const [params] = useSearchParams();
  const { data, error, refetch } = useQuery(filesOf(id));
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  const wrong = problem?.file ?? undefined;
  // What is wrong comes first, otherwise what all integrations have.
  const shown = params.get("file") ?? wrong ?? data.find((path) => path.endsWith(".ts")) ?? data[0];
  return (
    <div className={classes.columns}>
      <nav aria-label="Files">
        <ul className={classes.files}>
          {data.map((path) => (
            <li key={path}>
              <Link
                href={fileHref(id, path)}
                className={classes.file}
                aria-current={path === shown ? "page" : undefined}
                data-wrong={path === wrong || undefined}
              >
                {path}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {shown !== undefined && <OneFile key={shown} integration={integration} path={shown} />}
    </div>
  );
}

function OneFile({
  integration: { id, error: problem },
  path,
}: {
  integration: IntegrationDetail;
  path: string;
}) {
  const [, navigate] = useLocation();
  const [saved, setSaved] = useState(0);
  const { data, error, refetch } = useQuery(fileAt(id, path));
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  const isWrong = problem?.file === path;
  return (
    <Panel>
      <FileEditor
        // What was saved is now the file's text. What others change meanwhile does not touch what is being typed.
        key={saved}
        label={`The file ${path}`}
        submit="Save and load"
        text={data.text}
        version={data.version}
        {...(isWrong && { known: { text: problem.reason, line: problem.line ?? undefined } })}
        read={() => readIntegrationFile(id, path)}
        write={(body) => writeIntegrationFile(id, { path, ...body })}
        onSaved={async () => {
          await refreshIntegrations();
          setSaved(saved + 1);
          notifyDone(`${path} is saved.`);
        }}
        onCancel={() => navigate(pageOf(id))}
      />
    </Panel>
  );
}
