import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, type Schema } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { covers, useSession } from "../../api/session.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { CodeBlock, Json } from "../../parts/code-block.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Time } from "../../parts/time.tsx";
import { countText, plural } from "../../parts/units.tsx";
import { FoundPassage } from "./found.tsx";
import { document, type Found } from "./queries.ts";

type WholeDocument = Schema<"WholeDocument">;

interface DocumentDetailProps {
  id: string;
  /** What the search above found in it, if there is one. */
  hit: Found | undefined;
  closeHref: string;
}

/** One document with its text. */
export function DocumentDetail({ id, hit, closeHref }: DocumentDetailProps) {
  const { data, error, refetch } = useQuery(document(id));
  if (!data) {
    return (
      <Detail title="Document" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return (
    <Detail
      title={data.title ?? "Without a title"}
      closeHref={closeHref}
      facts={
        <>
          <Time at={data.created_at} />
          <span>{plural(data.passages, "passage")}</span>
        </>
      }
      actions={<Delete document={data} closeHref={closeHref} />}
    >
      {hit && <FoundPassage hit={hit} />}
      <About document={data} />
      <Section title="Text">
        <CodeBlock text={data.content} what="text" wrap />
      </Section>
      {Object.keys(data.metadata).length > 0 && (
        <Section title="Metadata">
          <Json value={data.metadata} what="metadata" />
        </Section>
      )}
    </Detail>
  );
}

function About({ document: one }: { document: WholeDocument }) {
  const { id, integration_id, session_id, content, passages, created_at } = one;
  return (
    <Section title="What it is">
      <Facts
        facts={[
          [
            "Belongs to",
            integration_id === null ? (
              "No integration"
            ) : (
              <Link key="integration" href={`/admin/integrations/${integration_id}`}>
                {integration_id}
              </Link>
            ),
          ],
          [
            "Found by",
            session_id === null ? (
              "Every bot that may search documents"
            ) : (
              <Link key="session" href={`/chat/${session_id}`}>
                Bots in one conversation
              </Link>
            ),
          ],
          [
            "Length",
            `${countText(content.length)} characters, split into ${plural(passages, "passage")} for the search`,
          ],
          ["Added", <Time key="added" at={created_at} as="absolute" />],
          [
            "Id",
            <span key="id">
              <code>{id}</code> <CopyButton text={id} what="id" />
            </span>,
          ],
        ]}
      />
    </Section>
  );
}

function Delete({ document: one, closeHref }: { document: WholeDocument; closeHref: string }) {
  const [, navigate] = useLocation();
  const [isAsking, setAsking] = useState(false);
  const mayDelete = useSession(({ me }) => covers(me?.scopes ?? [], "documents:write"));
  if (!mayDelete) return null;
  const { id, title, passages, integration_id, session_id } = one;
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="Trash2" size={14} />}
        onClick={() => setAsking(true)}
      >
        Delete …
      </Button>
      {isAsking && (
        <ConfirmDestructive
          action="Delete the document"
          title={`Delete ${title ?? "this document"}?`}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/documents/{id}", { params: { path: { id } } });
            navigate(closeHref);
            // What has been deleted must not be read again.
            queryClient.removeQueries({ queryKey: document(id).queryKey });
            await queryClient.resetQueries({ queryKey: ["documents"] });
            notifyDone("The document was deleted.");
          }}
        >
          <p>
            Its text and {plural(passages, "passage")} are deleted, and no bot finds it any more
            {session_id !== null && " in the conversation that it was for"}. What bots have said from it
            stays.
            {integration_id !== null && ` It was stored by ${integration_id}, which may store it again.`} This
            cannot be undone.
          </p>
        </ConfirmDestructive>
      )}
    </>
  );
}
