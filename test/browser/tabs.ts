// Tabs that are signed in and used by one test after the other. In a new context a page costs a process and the compilation of all its
// code, most of what it costs at all; in a tab that had the app before, the browser finds both.

import type { Browser, BrowserContext, Page } from "playwright-core";

/** How large the screen is, and which colours its owner prefers. */
export interface Screen {
  width: number;
  height: number;
  scheme: "light" | "dark";
}

export interface Tab {
  page: Page;
  /** What the page has said to its console, violations of its policy, and requests that failed. All are faults. */
  faults: string[];
  close(): Promise<void>;
}

export interface TabsOptions {
  browser: Browser;
  /** The address of the server. */
  url: string;
  signIn(): Promise<{ name: string; value: string; url: string }>;
}

export interface Tabs {
  /** Opens the path in a tab that nobody uses. Nothing is kept there from before. */
  open(path: string, screen: Screen): Promise<Tab>;
  /** Opens it as a browser does that has never been here. */
  openFresh(path: string, screen: Screen, options: { signedIn: boolean }): Promise<Tab>;
}

export function createTabs({ browser, url, signIn }: TabsOptions): Tabs {
  const free: { page: Page; faults: string[] }[] = [];
  let shared: Promise<BrowserContext> | undefined;
  const contextOf = async ({ width, height, scheme }: Screen, signedIn: boolean): Promise<BrowserContext> => {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: "reduce",
      timezoneId: "Europe/Berlin",
      locale: "en-GB",
    });
    if (signedIn) await context.addCookies([await signIn()]);
    return context;
  };
  const newTab = async (context: BrowserContext) => {
    const page = await context.newPage();
    return { page, faults: faultsOf(page) };
  };
  return {
    async open(path, screen) {
      shared ??= contextOf(screen, true);
      const tab = free.pop() ?? (await newTab(await shared));
      const { page, faults } = tab;
      await page.setViewportSize({ width: screen.width, height: screen.height });
      await page.emulateMedia({ colorScheme: screen.scheme });
      if (page.url() !== "about:blank") await page.evaluate("localStorage.clear(); sessionStorage.clear()");
      // What the last page says while it is left is not this one's.
      page.once("framenavigated", () => {
        faults.length = 0;
      });
      await page.goto(`${url}${path}`);
      const close = async () => {
        await page.unrouteAll({ behavior: "ignoreErrors" });
        // A test that failed may have left it elsewhere.
        if (page.url().startsWith(url)) free.push(tab);
        else await page.close();
      };
      return { ...tab, close };
    },
    async openFresh(path, screen, { signedIn }) {
      const context = await contextOf(screen, signedIn);
      const tab = await newTab(context);
      await tab.page.goto(`${url}${path}`);
      return { ...tab, close: () => context.close() };
    },
  };
}

function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const { host, protocol } = new URL(request.url());
    if (/^https?:$/.test(protocol) && host !== new URL(page.url()).host && page.url() !== "about:blank") {
      faults.push(`another host: ${request.url()}`);
    }
  });
  return faults;
}
