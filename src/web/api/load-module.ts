// Code that is loaded when it is needed. The server may be restarting just then, or have other files after an upgrade.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** A page that still cannot be loaded after a reload is broken, and says so. */
const RELOAD_AGAIN_MS = 60_000;
const RELOADED_AT = "heddle.reloadedAt";

/**
 * Tries until the server answers. If it answers that the module is not there, its files have changed. A page is then reloaded, unless
 * it has just been; for a part of a page it is not, because that would lose what somebody has typed there.
 */
export async function loadModule<Module>(
  load: () => Promise<Module>,
  { isPage = false } = {},
): Promise<Module> {
  let refused = 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    try {
      return await load();
    } catch (cause) {
      if (await answers()) refused += 1;
      if (refused > 1 && !(isPage && reload())) throw cause;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, waitMs);
    await promise;
  }
}

const answers = (): Promise<boolean> =>
  fetch("/health").then(
    ({ ok }) => ok,
    () => false,
  );

function reload(): boolean {
  const before = Number(sessionStorage.getItem(RELOADED_AT) ?? 0);
  if (Date.now() - before < RELOAD_AGAIN_MS) return false;
  sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  location.reload();
  return true;
}
