// What stays on the screen while pages change: sidebar, palette, shortcuts, live state.

import { Drawer } from "@mantine/core";
import { Suspense, useEffect, useRef, useState } from "react";
import { Redirect, useLocation } from "wouter";
import { ApiFailure } from "../api/failure.ts";
import { useConnection, useLiveConnection } from "../api/live.ts";
import { pageAt, usePages } from "../pages.tsx";
import { ApiError } from "../parts/api-error.tsx";
import { ErrorBoundary } from "../parts/error-boundary.tsx";
import { useUi } from "../ui-store.ts";
import { AskBeforeLeaving } from "./ask-before-leaving.tsx";
import { IntegrationPage } from "./integration-page.tsx";
import { keepFocus } from "./keep-focus.ts";
import { Palette } from "./palette.tsx";
import classes from "./shell.module.css";
import { ShortcutsHelp } from "./shortcuts-help.tsx";
import { Sidebar } from "./sidebar.tsx";
import { SidebarSections } from "./sidebar-sections.tsx";
import { SignInAgain } from "./sign-in-again.tsx";
import { TopBar } from "./top-bar.tsx";
import { useShortcuts } from "./use-shortcuts.ts";

export function Shell() {
  useLiveConnection();
  useEffect(keepFocus, []);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isChoosing, setChoosing] = useState(false);
  const [path] = useLocation();
  const isRail = useUi((state) => state.isRail);
  useShortcuts({ onHelp: () => setHelpOpen(true) });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu
  useEffect(() => setMenuOpen(false), [path]);
  return (
    <div className={classes.shell} data-rail={isRail || undefined}>
      <a className={classes.skip} href="#main">
        Skip to the content
      </a>
      <aside className={classes.side}>
        <Sidebar isRail={isRail} onHelp={() => setHelpOpen(true)} onSections={() => setChoosing(true)} />
      </aside>
      <TopBar onMenu={() => setMenuOpen(true)} />
      <Drawer
        opened={isMenuOpen}
        onClose={() => setMenuOpen(false)}
        size={264}
        withCloseButton={false}
        padding={0}
        attributes={{ content: { "aria-label": "Menu" } }}
      >
        <Sidebar isRail={false} onHelp={() => setHelpOpen(true)} onSections={() => setChoosing(true)} />
      </Drawer>
      <main id="main" className={classes.main} tabIndex={-1}>
        <ErrorBoundary key={path.split("/")[1]}>
          <Suspense fallback={<Waiting />}>
            <CurrentPage path={path} />
          </Suspense>
        </ErrorBoundary>
      </main>
      <Palette />
      <AskBeforeLeaving />
      <SignInAgain />
      {isChoosing && <SidebarSections onClose={() => setChoosing(false)} />}
      {isHelpOpen && <ShortcutsHelp onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

/** While the code of a page is on its way, which it is for as long as the server is away. */
function Waiting() {
  const isCut = useConnection(({ state }) => state === "cut");
  // Between two attempts it is said as well.
  const wasCut = useRef(false);
  wasCut.current ||= isCut;
  if (wasCut.current) return <ApiError error={ApiFailure.unreachable()} />;
  return <div className={classes.waiting} role="status" aria-label="Loading the page" aria-busy="true" />;
}

function CurrentPage({ path }: { path: string }) {
  const pages = usePages();
  const page = pageAt(pages, path);
  const visited = useUi((state) => state.visited);
  useEffect(() => {
    if (page) visited(page.path, page.label);
  }, [page, visited]);
  if (page) return <page.View />;
  if (path === "/" && pages.length > 0) return <Redirect to={pages[0]?.path ?? "/"} replace />;
  return <IntegrationPage path={path} />;
}
