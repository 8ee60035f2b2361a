// What was opened is closed in reverse order, also when a later part cannot start.

/** Last opened, first closed. */
export type Closers = (() => Promise<unknown> | unknown)[];

/** Opens something out of parts that leave their closers; the answer's `close` closes all of them. */
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
