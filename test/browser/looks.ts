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
  /** Pixels by which the window scrolls, whose parts scroll instead. */
  scrolls: number;
}

export interface Looks {
  /** What is wrong at this path, whose address has the ids of what the seed has made. */
  at(path: string, address: string): Promise<Look[]>;
}

export function createLooks(ui: () => Ui): Looks {
  let opened: Promise<UiPage> | undefined;
  return {
    async at(path, address) {
      opened ??= ui().openPage("/about");
      return await lookAt(await opened, path, address);
    },
  };
}

/** One tab sees all of them, and goes from each to the next within the page, as a person does. */
async function lookAt(tab: UiPage, path: string, address: string): Promise<Look[]> {
  const { page, faults } = tab;
  const looks: Look[] = [];
  for (const { colorScheme, ...size } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    if (looks.length === 0) await tab.go(address);
    await page.waitForSelector("h1");
    await until(() => page.evaluate("!document.querySelector('[aria-busy=true]')"));
    const look = `${path} ${colorScheme} ${size.width}`;
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `${look.replaceAll("/", "_")}.png`) });
    looks.push({
      look,
      // The sidebar is the same everywhere, and a large part of what there is to look at.
      findings: await tab.accessibility(path === "/" ? undefined : "nav[aria-label='Pages']"),
      faults: faults.splice(0),
      overflow:
        await page.evaluate(`Math.max(...[document.documentElement, ...document.querySelectorAll("main")]
        .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))`),
      scrolls: await page.evaluate(
        "document.documentElement.scrollHeight - document.documentElement.clientHeight",
      ),
    });
  }
  return looks;
}
