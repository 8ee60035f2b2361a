// The integration in this process, against the fake Bot API and a fake of the server.

import { afterAll, afterEach, beforeEach } from "bun:test";
import "../../integrations/telegram/dispatcher.ts";
import "../../integrations/telegram/hooks.ts";
import "../../integrations/telegram/listeners.ts";
import { type FakeHeddle, fakeHeddle, registered, startListener, useSettings } from "heddle/sdk/testing";
import type { SdkServices } from "../../src/sdk/backend.ts";
import { createFakeTelegram, type FakeTelegram, PERSON } from "../fakes/telegram.ts";

export interface Fixture {
  telegram: FakeTelegram;
  heddle: FakeHeddle;
  /** Starts the listener, which is ended after the test. */
  listen(): Promise<unknown>;
  /** Runs the listener until it fails. */
  failure(): Promise<unknown>;
}

let account = 7;

/** Each test has a Bot API and an account of its own; Anna is allowed. */
export function telegramFixture(services: Partial<SdkServices> = {}): Fixture {
  const heddle = fakeHeddle(services);
  const running: ReturnType<typeof startListener>[] = [];
  const fixture = { heddle } as Fixture;
  beforeEach(() => {
    fixture.telegram = createFakeTelegram({ token: `${account++}:secret` });
    useSettings({
      TELEGRAM_BOT_TOKEN: fixture.telegram.token,
      TELEGRAM_API_URL: fixture.telegram.url,
      TELEGRAM_POLL_SECONDS: "2",
      TELEGRAM_WEBHOOK_SECRET: undefined,
    });
    heddle.people.push({ id: `${PERSON}`, name: "Anna", place: null, status: "allowed" });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop().catch(() => {})));
    await fixture.telegram.close();
    heddle.clear();
  });
  afterAll(() => heddle.restore());
  fixture.listen = async () => {
    const listener = startListener("updates");
    running.push(listener);
    await listener.reported;
  };
  fixture.failure = async () => {
    const listener = registered().listeners.find(({ name }) => name === "updates");
    const { signal } = new AbortController();
    const quiet = () => {};
    const ctx = {
      signal,
      since: null,
      silenceSeconds: 60,
      attempt: 1,
      connected: quiet,
      degraded: quiet,
      alive: quiet,
    };
    return listener?.run(ctx).catch((error: unknown) => error);
  };
  return fixture;
}
