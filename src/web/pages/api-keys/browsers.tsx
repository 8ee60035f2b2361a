import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useRoute } from "wouter";
import { api } from "../../api/client.ts";
import { staticRows } from "../../api/static-rows.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { browserWords } from "./browser-words.ts";
import { type Browser, browsers, refreshKeys } from "./queries.ts";
import { ScopeList } from "./scope-list.tsx";

const COLUMNS = [
  { label: "From", width: "130px" },
  { label: "Last seen", width: "110px" },
];

/** Every browser that is signed in, one's own included. */
export function BrowserList({ mayWrite, home }: { mayWrite: boolean; home: string }) {
  const [, params] = useRoute("/api-keys/browsers/:id");
  const found = useQuery(browsers);
  const selected = found.data?.find(({ id }) => id === params?.id);
  return (
    <Split
      name="browsers"
      main={
        <DataList
          what="browser"
          rows={staticRows(found)}
          keyOf={({ id }) => id}
          hrefOf={({ id }) => `${home}/${id}`}
          row={rowOf}
          columns={COLUMNS}
          selected={params?.id}
          empty={
            <Empty icon="Globe" title="No browser is signed in">
              <code>heddle login-link</code> makes a link that signs a browser in.
            </Empty>
          }
        />
      }
      detail={
        params &&
        found.data && (
          <BrowserDetail key={params.id} browser={selected} mayWrite={mayWrite} closeHref={home} />
        )
      }
    />
  );
}

const rowOf = (browser: Browser): RowParts => ({
  lead: <Icon name="Globe" size={15} />,
  title: browserWords(browser.user_agent),
  sub: `As ${browser.name}, ${browser.method === "link" ? "by a link" : "with a key"}`,
  cells: [browser.address, <Time key="seen" at={browser.last_seen_at} />],
  end: browser.current && <Badge tone="good">This one</Badge>,
});

interface BrowserDetailProps {
  browser: Browser | undefined;
  mayWrite: boolean;
  closeHref: string;
}

function BrowserDetail({ browser, mayWrite, closeHref }: BrowserDetailProps) {
  const [isEnding, setEnding] = useState(false);
  if (!browser) {
    return (
      <Detail title="Signed-in browser" closeHref={closeHref}>
        <Empty icon="Globe" title="It is not signed in any more" />
      </Detail>
    );
  }
  const { id, current, name } = browser;
  return (
    <Detail
      title={browserWords(browser.user_agent)}
      closeHref={closeHref}
      facts={current && <Badge tone="good">This one</Badge>}
      actions={
        mayWrite && (
          <Button size="xs" variant="default" onClick={() => setEnding(true)}>
            Sign it out …
          </Button>
        )
      }
    >
      <Section title="About it">
        <Facts
          facts={[
            [
              "Acts as",
              browser.api_key_id === null ? (
                name
              ) : (
                <Link key="key" href={`/api-keys/${browser.api_key_id}`}>
                  the key {name}
                </Link>
              ),
            ],
            ["Signed in", <Time key="created" at={browser.created_at} as="absolute" />],
            ["By", browser.method === "link" ? "A sign-in link" : "An API key"],
            ["From", browser.address],
            ["At", <code key="origin">{browser.origin}</code>],
            ["Last seen", <Time key="seen" at={browser.last_seen_at} />],
            ["Ends without use", <Time key="idle" at={browser.idle_expires_at} as="absolute" />],
            ["Ends at the latest", <Time key="ends" at={browser.expires_at} as="absolute" />],
            ["User agent", browser.user_agent || "Nothing"],
          ]}
        />
      </Section>
      <Section title="What it may do">
        <ScopeList scopes={browser.scopes} />
      </Section>
      {isEnding && (
        <ConfirmDestructive
          action="Sign it out"
          title="Sign this browser out?"
          onClose={() => setEnding(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/sign-ins/{id}", { params: { path: { id } } });
            notifyDone("It was signed out.");
            await refreshKeys();
          }}
        >
          <p>
            {current
              ? "This is the browser that you are using: you will have to sign in again."
              : "It can see and do nothing from then on, and what it has open ends at once."}
          </p>
        </ConfirmDestructive>
      )}
    </Detail>
  );
}
