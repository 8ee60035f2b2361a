// Who may do what: the API keys of people and programs, and the browsers that are signed in.

import { Button, SegmentedControl } from "@mantine/core";
import { Link, useLocation, useRoute } from "wouter";
import { api, take } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import { useRows } from "../../api/use-rows.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import classes from "./api-keys.module.css";
import { BrowserList } from "./browsers.tsx";
import { KeyDetail } from "./key-detail.tsx";
import { KeyState } from "./key-state.tsx";
import { NewKey } from "./new-key.tsx";
import type { ApiKey } from "./queries.ts";
import { SignInLink } from "./sign-in-link.tsx";

const HOME = "/api-keys";
const BROWSERS = "/api-keys/browsers";
const FILTERS = ["show"] as const;
const ADDING = ["add", "like"] as const;
const COLUMNS = [
  { label: "May do", width: "130px" },
  { label: "Last used", width: "110px" },
  { label: "Ends", width: "110px" },
];
const VIEWS = [
  { value: HOME, label: "Keys" },
  { value: BROWSERS, label: "Signed-in browsers" },
];

export function View() {
  const [path, navigate] = useLocation();
  const isOfBrowsers = path === BROWSERS || path.startsWith(`${BROWSERS}/`);
  const mayWrite = useSession(({ me }) => covers(me?.scopes ?? [], "api_keys:write"));
  const filters = useFilters(FILTERS);
  return (
    <PageFrame
      title="API keys"
      about={
        isOfBrowsers
          ? "Browsers that are signed in. Signing one out closes everything that it has open."
          : "Keys with which people and programs use the server. Each may do what its scopes say."
      }
      fill
      actions={
        mayWrite &&
        (isOfBrowsers ? (
          <SignInLink />
        ) : (
          <Button
            component={Link}
            href={`${HOME}?add=1`}
            size="xs"
            leftSection={<Icon name="Plus" size={14} />}
          >
            Create a key
          </Button>
        ))
      }
      bar={
        <div className={classes.bar}>
          <SegmentedControl
            size="xs"
            aria-label="What is listed"
            data={VIEWS}
            value={isOfBrowsers ? BROWSERS : HOME}
            onChange={(value) => navigate(value)}
          />
          {!isOfBrowsers && (
            <FilterBar
              filters={filters}
              choices={[
                {
                  name: "show",
                  label: "Keys that work",
                  options: [{ value: "all", label: "Also revoked and expired ones" }],
                },
              ]}
            />
          )}
        </div>
      }
    >
      {isOfBrowsers ? <BrowserList mayWrite={mayWrite} home={BROWSERS} /> : <KeyList mayWrite={mayWrite} />}
    </PageFrame>
  );
}

function KeyList({ mayWrite }: { mayWrite: boolean }) {
  const [, params] = useRoute("/api-keys/:id");
  const [, navigate] = useLocation();
  const filters = useFilters(FILTERS);
  const adding = useFilters(ADDING).values;
  const search = filters.values.show ? `?show=${filters.values.show}` : "";
  const rows = useRows<ApiKey>({
    key: ["api-keys", filters.values],
    live: [],
    read: async (page) => {
      const query = {
        ...(filters.values.show !== "all" && { live: true }),
        ...page,
      };
      const { api_keys, next_cursor } = await take(api.GET("/api/v1/api-keys", { params: { query } }));
      return { items: api_keys, next: next_cursor };
    },
  });
  const home = `${HOME}${search}`;
  return (
    <Split
      name="api-keys"
      main={
        <DataList
          what="key"
          rows={rows}
          keyOf={({ id }) => id}
          hrefOf={({ id }) => `${HOME}/${id}${search}`}
          row={rowOf}
          columns={COLUMNS}
          selected={params?.id}
          empty={
            <Empty
              icon="Key"
              title="There is no key"
              action={
                mayWrite && (
                  <Button component={Link} href={`${HOME}?add=1`} size="xs">
                    Create a key
                  </Button>
                )
              }
            >
              A program needs one to use the API. Browsers can sign in with a link instead.
            </Empty>
          }
        />
      }
      detail={
        adding.add !== undefined && !params ? (
          <Detail isNew title="A new key" closeHref={home}>
            <NewKey key={adding.like} like={adding.like} onClose={() => navigate(home)} />
          </Detail>
        ) : (
          params && <KeyDetail key={params.id} id={params.id} mayWrite={mayWrite} closeHref={home} />
        )
      }
    />
  );
}

const rowOf = (key: ApiKey): RowParts => ({
  lead: <Icon name="Key" size={15} />,
  title: key.name,
  sub: key.owner === null ? `${key.prefix} …` : `${key.prefix} … of ${key.owner.replace(":", " ")}`,
  cells: [
    key.scopes.includes("admin") ? "Everything" : plural(key.scopes.length, "scope"),
    <Time key="used" at={key.last_used_at} none="Never" />,
    <Time key="ends" at={key.expires_at} none="Never" />,
  ],
  end: <KeyState value={key} />,
});
