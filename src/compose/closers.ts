// Closes opened parts in reverse order, also when a later part fails to start.

/** Functions that close opened parts; the last one is called first. */
export type Closers = (() => Promise<unknown> | unknown)[];

/** Opens something made of parts, each of which adds its closer. The result's `close` closes all of them. */
export async function openWithClosers<Opened>(
  open: (closers: Closers) => Promise<Opened>,
): Promise<Opened & { close(): Promise<void> }> {
  const closers: Closers = [];
  const close = async () => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    return { ...(await open(closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}
