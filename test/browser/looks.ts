// Looks at addresses in both colours, wide and narrow, and tells what is wrong with each. With LOOKS_FOLDER it also writes
// a picture of each there, for somebody who wants to see all pages.

import { join } from "node:path";
import { until } from "../until.ts";
import type { Ui, UiPage } from "./ui.ts";

const LOOKS = [
  { colorScheme: "light", width: 1280, height: 800 },
  { colorScheme: "dark", width: 360, height: 740 },
] as const;

const PICTURES = process.env.LOOKS_FOLDER;

/** What is wrong with an address in one look; nothing, if all is well. */
export interface Look {
  look: string;
  findings: string[];
  faults: string[];
  /** Pixels by which the page is wider than the screen. */
  overflow: number;
}

export interface Looks extends AsyncDisposable {
  /** What is wrong at this path, whose address has the ids of what the seed has made. */
  at(path: string, address: string): Promise<Look[]>;
}

/** The tab in which all of them are looked at, and the page of the UI that it shows. */
interface Looker {
  tab: UiPage;
  view: string | undefined;
}

export function createLooks(ui: () => Ui): Looks {
  let looker: Looker | undefined;
  return {
    async at(path, address) {
      looker ??= { tab: await ui().openPage("/about"), view: undefined };
      return await lookAt(looker, { path, view: viewOf(path), url: `${ui().url}${address}` });
    },
    async [Symbol.asyncDispose]() {
      await looker?.tab[Symbol.asyncDispose]();
    },
  };
}

/** "/admin/integrations" of "/admin/integrations/loom?tab=tools". */
function viewOf(path: string): string {
  const [first = "", second = ""] = path.split(/[/?]/).slice(1);
  return first === "admin" ? `${first}/${second}` : first;
}

async function lookAt(looker: Looker, to: { path: string; view: string; url: string }): Promise<Look[]> {
  const { tab } = looker;
  const { page, faults } = tab;
  const looks: Look[] = [];
  for (const { colorScheme, ...size } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    if (looks.length === 0) await goTo(looker, to);
    await page.waitForSelector("h1");
    await until(() => page.evaluate("!document.querySelector('[aria-busy=true]')"));
    const look = `${to.path} ${colorScheme} ${size.width}`;
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `${look.replaceAll("/", "_")}.png`) });
    looks.push({
      look,
      // The sidebar is the same everywhere, and a large part of what there is to look at.
      findings: await tab.accessibility(to.path === "/" ? undefined : "nav[aria-label='Pages']"),
      faults: faults.splice(0),
      overflow:
        await page.evaluate(`Math.max(...[document.documentElement, ...document.querySelectorAll("main")]
        .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))`),
    });
  }
  return looks;
}

/** The first address of each page is loaded, the others are gone to within the page, as a person does. */
async function goTo(looker: Looker, { view, url }: { view: string; url: string }): Promise<void> {
  const { page, faults } = looker.tab;
  if (looker.view === view) {
    await page.evaluate(`new Promise((done) => {
      history.pushState(null, "", ${JSON.stringify(url)});
      requestAnimationFrame(() => requestAnimationFrame(done));
    })`);
    return;
  }
  await page.goto("about:blank");
  faults.length = 0;
  await page.goto(url);
  looker.view = view;
}
