import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startFakeHome } from "../../fakes/homeassistant.ts";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

const SECRET = "what-the-looms-sign-with";

export function integrationsTests(ui: () => Ui): void {
  test("integrations: the gallery is in groups, and its search and filter are in the address", async () => {
    await using opened = await ui().openPage("/admin/integrations");
    const { page } = opened;
    await page.getByRole("heading", { name: /Does not load/ }).waitFor();
    await page.getByText("tools/broken.ts:4").waitFor();
    const search = page.getByLabel("Search by name");
    // Whoever pauses after the blank goes on with the second word.
    await search.pressSequentially("mission ");
    await page.waitForURL(/[?]q=mission$/);
    await search.pressSequentially("control");
    await page.waitForURL(/[?]q=mission[+]control$/);
    expect(await search.inputValue()).toBe("mission control");
    await search.fill("loom");
    await page.waitForURL(/[?]q=loom$/);
    await page.getByRole("link", { name: "Loom", exact: true }).click();
    await page.getByRole("heading", { name: "Loom", level: 1 }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("integrations: the gallery says how the connection of one is, and since when", async () => {
    const report = (body: object) => ui().api("PUT", "/api/v1/integrations/loom/connections/main", body);
    await report({ status: "reauth_required", detail: "It is revoked." });
    await using opened = await ui().openPage("/admin/integrations?q=loom");
    const { page, faults } = opened;
    const card = page.getByRole("article").first();
    await card.getByText("Credentials refused").waitFor();
    await report({ status: "connected" });
    // Read again by itself.
    await card.getByText("Connected", { exact: true }).waitFor();
    expect(faults).toEqual([]);
  });

  test("integrations: a person signs Heddle in at a service, comes back to the integration, and signs out", async () => {
    const home = startFakeHome();
    const set = (url: string | null) =>
      ui().api("PUT", "/api/v1/admin/integrations/homeassistant/settings", {
        settings: { HOMEASSISTANT_URL: url },
      });
    await set(home.url);
    await using opened = await ui().openPage("/admin/integrations/homeassistant/set-up");
    const { page } = opened;
    await page.getByRole("button", { name: "Sign in at Home Assistant" }).waitFor();
    await page.getByText("/admin/integrations/oauth/callback").waitFor();
    expect(await opened.accessibility()).toEqual([]);
    // The service says yes at once, and sends the browser back.
    await page.getByRole("button", { name: "Sign in at Home Assistant" }).click();
    await page.getByRole("heading", { name: "Home Assistant", level: 1 }).waitFor();
    await page.getByText("Signed in", { exact: true }).waitFor();
    await page.getByText("to Home Assistant 2026.11.1").waitFor();
    expect(new URL(page.url()).search).toBe("");
    expect(await opened.accessibility()).toEqual([]);

    await page.goto(`${ui().url}/admin/integrations/oauth/callback?state=guessed&code=stolen`);
    await page.getByText("begin it again").waitFor();
    expect(page.url()).not.toContain("stolen");
    await opened.go("/admin/integrations/homeassistant");
    await page.getByRole("button", { name: "Sign out …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Nobody is signed in").waitFor();
    // The way to the service, and what the browser itself says of the answer that refuses the guess.
    const expected = [`another host: ${home.url}/auth/authorize`, "409"];
    expect(opened.faults.filter((fault) => !expected.some((text) => fault.includes(text)))).toEqual([]);
    await set(null);
    home.stop();
  });

  test("integrations: a set-up begins with what is pasted at the service, or with what that lacks", async () => {
    await using opened = await ui().openPage("/admin/integrations/slack/set-up");
    const { page } = opened;
    await page
      .getByLabel("The app's manifest", { exact: true })
      .getByText("socket_mode_enabled: true")
      .waitFor();
    await page.getByText("Set BASE_URL to the https address of this server").waitFor();
    const link = page.getByRole("link", { name: "Paste it at api.slack.com" });
    expect(await link.last().getAttribute("href")).toStartWith("https://api.slack.com/apps");
    expect(await opened.accessibility()).toEqual([]);
    await page.getByRole("button", { name: "Go on to the settings" }).click();
    await page.getByLabel("SLACK_BOT_TOKEN", { exact: true }).waitFor();
  });

  test("integrations: a set-up goes on by itself until a signed webhook has arrived, and resumes", async () => {
    await using opened = await ui().openPage("/admin/integrations/telegram/set-up");
    const { page } = opened;
    await page.getByLabel("TELEGRAM_BOT_TOKEN", { exact: true }).waitFor();
    // Heddle asks Telegram by itself, as long as the secret of its webhook is left out.
    expect(await page.getByText("Webhook URL").count()).toBe(0);
    await opened.go("/admin/integrations/loom/set-up");
    await page.getByLabel("LOOM_SECRET", { exact: true }).fill(SECRET);
    await page.getByRole("button", { name: "Save 1 change" }).click();
    // The first step that is not done opens.
    await page.getByText("/integrations/loom/webhook").first().waitFor();
    await page.getByRole("button", { name: "I have entered it" }).click();
    await page.getByText("Waiting for your first event").waitFor();
    await page.goto(`${ui().url}/admin/integrations/loom/set-up`);
    await page.getByText("Waiting for your first event").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    const body = JSON.stringify({ loom: "seven", thread: 12 });
    const signature = createHmac("sha256", SECRET).update(body).digest("hex");
    const answer = await fetch(`${ui().url}/integrations/loom/webhook`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-loom-signature": `sha256=${signature}` },
      body,
    });
    expect([answer.status, await answer.text()]).toEqual([200, `{"ok":true}`]);
    await page.getByText("It arrived").waitFor();
    await page.getByLabel("received sample").getByText("seven").waitFor();
    await page.getByRole("link", { name: "Watch its run" }).waitFor();
    await page.getByRole("link", { name: "Open it in the inbox" }).click();
    await page.getByRole("heading", { name: /POST loom/ }).waitFor();
    expect(await page.content()).not.toContain(SECRET);
    expect(opened.faults).toEqual([]);
  });

  test("integrations: a quarantined one says where, and is live again once its file is mended", async () => {
    const folder = join(ui().home, "workspace", "integrations", "torn");
    const file = join(folder, "tools", "torn.ts");
    const tool = `import { register } from "heddle/sdk";\nregister({ name: "torn_tool", description: "Is torn." }, () => "mended"`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, tool);
    try {
      await using opened = await ui().openPage("/");
      const { page } = opened;
      const repair = page.getByRole("listitem").filter({ hasText: "Torn does not load" });
      await repair.getByRole("link", { name: "See the error" }).click();
      await page.getByRole("heading", { name: "Torn", level: 1 }).waitFor();
      // It is mended where one sees why.
      await page.getByRole("link", { name: "Edit tools/torn.ts" }).click();
      const text = page.getByRole("textbox", { name: "The file tools/torn.ts" });
      expect(await text.inputValue()).toBe(tool);
      await page.getByRole("button", { name: "Line 2" }).waitFor();
      await text.fill(`${tool};`);
      await page.getByRole("button", { name: "Save and load" }).click();
      await page.getByText("tools/torn.ts is saved.").waitFor();
      await page.getByText(/^Expected "\)" but found/).waitFor();
      await text.fill(`${tool});\n`);
      expect(await opened.accessibility()).toEqual([]);
      await page.getByRole("button", { name: "Save and load" }).click();
      await page.getByText("Ready", { exact: true }).first().waitFor();
      expect(readFileSync(file, "utf8")).toBe(`${tool});\n`);
      await page.getByRole("link", { name: "Overview" }).first().click();
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      await repair.waitFor({ state: "detached" });
      expect(opened.faults).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("integrations: somebody who asks is allowed with the code, blocked and forgotten, from the repair on", async () => {
    const { api } = ui();
    const asking = { integration_id: "loom", external_id: "weaver-77", name: "Grace" };
    const { code } = await api("POST", "/api/v1/people/check", asking);
    await using opened = await ui().openPage("/");
    const { page } = opened;
    const repair = page.getByRole("listitem").filter({ hasText: "to talk to Loom" });
    await repair.getByRole("link", { name: "Decide" }).click();
    const person = page
      .getByRole("list", { name: "People" })
      .getByRole("listitem")
      .filter({ hasText: "weaver-77" });
    await person.getByText("Asks").waitFor();
    expect(await page.content()).not.toContain(code);
    await page.getByLabel("Pairing code").fill("2222-2222");
    await page.getByRole("button", { name: "Allow", exact: true }).first().click();
    await page.getByRole("alert").getByText("Nobody has this code now").waitFor();
    await page.getByLabel("Pairing code").fill(code.toLowerCase());
    await page.keyboard.press("Enter");
    await person.getByText("Allowed").waitFor();
    await person.getByRole("button", { name: "Block Grace" }).click();
    await person.getByText("Blocked").waitFor();
    await person.getByRole("button", { name: "Forget Grace" }).click();
    await page.getByText("counts as a stranger's from then on").waitFor();
    await page.getByRole("button", { name: "Forget the person" }).click();
    await person.waitFor({ state: "detached" });
    // Somebody who asks now appears without a reload.
    await api("POST", "/api/v1/people/check", asking);
    await person.getByText("Asks").waitFor();
    const { people } = await api("GET", "/api/v1/people?integration=loom");
    const { id } = people.find(({ external_id }: { external_id: string }) => external_id === "weaver-77");
    await api("DELETE", `/api/v1/people/${id}`);
    // The browser itself notes that the wrong code was answered with 404.
    expect(opened.faults).toEqual([expect.stringContaining("the server responded with a status of 404")]);
  });

  test("integrations: the connection is tested where the settings are", async () => {
    await using opened = await ui().openPage("/admin/integrations/loom?tab=settings");
    await opened.page.getByRole("button", { name: "Test connection" }).click();
    await opened.page.getByText("Four looms answer.").waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("integrations: what is tested at once after saving is what was saved", async () => {
    await using opened = await ui().openPage("/admin/integrations/loom?tab=settings");
    const { page } = opened;
    const steps: string[] = [];
    await page.route("**/loom/settings", async (route) => {
      if (route.request().method() !== "PUT") return route.fallback();
      await Bun.sleep(700);
      const response = await route.fetch();
      steps.push("saved");
      await route.fulfill({ response });
    });
    await page.route("**/loom/test-connection", (route) => {
      steps.push("tested");
      return route.fallback();
    });
    await page.getByLabel("LOOM_SHED", { exact: true }).fill("south");
    await page.getByRole("button", { name: "Save 1 change" }).click();
    await page.getByRole("button", { name: "Test connection" }).click();
    await page.getByText("Four looms answer.").waitFor();
    expect(steps).toEqual(["saved", "tested"]);
    await ui().api("DELETE", "/api/v1/admin/integrations/loom/settings/LOOM_SHED");
    expect(opened.faults).toEqual([]);
  });

  test("integrations: the output of a process is followed, paused and filtered; it stops and starts", async () => {
    await using opened = await ui().openPage("/admin/integrations/loom?tab=process");
    const { page } = opened;
    const output = page.getByLabel("Output of the process");
    await output.getByText("Telegram").first().waitFor();
    // However one scrolls up, as with a finger, it is paused.
    await until(() => output.evaluate((box) => box.scrollHeight - box.clientHeight > 100));
    await output.evaluate((box) => {
      box.scrollTop -= 60;
    });
    await page.getByRole("button", { name: /Follow, \d+ new line/ }).waitFor();
    await page.getByLabel("Only lines with this text").fill("does not answer");
    await output.getByText("Loom 7 does not answer").first().waitFor();
    await page.getByRole("button", { name: "Stop …" }).click();
    await page.getByRole("button", { name: "Stop it" }).click();
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.getByRole("button", { name: "Restart" }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("integrations: tabs are in the address; disabling says what it touches", async () => {
    await using opened = await ui().openPage("/admin/integrations/example?tab=settings");
    const { page } = opened;
    await page.getByText("It declares no settings").waitFor();
    await page.getByRole("tab", { name: "README" }).click();
    await page.waitForURL(/[?]tab=readme$/);
    await page.getByRole("button", { name: "Disable …" }).click();
    await page.getByText("webhooks are refused").waitFor();
    await page.getByRole("button", { name: "Disable Example" }).click();
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByRole("button", { name: "Reload" }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("integrations: what a bot wrote is shown as a diff and runs once it is approved; its tool is tried", async () => {
    await using opened = await ui().openPage("/admin/integrations/scribe?tab=approval");
    const { page } = opened;
    await page.getByText('+register({ name: "scribe_note"').waitFor();
    await page.getByRole("button", { name: "Approve these changes" }).click();
    await page.getByRole("tab", { name: "Tools" }).click();
    await page.getByText("Try it").click();
    await page.getByRole("button", { name: "Call scribe_note" }).click();
    await page.getByText("It worked").waitFor();
    await page.getByLabel("result").getByText("The shop opens at ten.").waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("integrations: a tool is tried with a number that is typed key by key, and with switches as they are shown", async () => {
    const folder = join(ui().home, "workspace", "integrations", "scales");
    mkdirSync(join(folder, "tools"), { recursive: true });
    writeFileSync(
      join(folder, "tools", "scales_weigh.ts"),
      `import { register, t } from "heddle/sdk";
const parameters = t.Object({ grams: t.Number(), exact: t.Boolean(), rounded: t.Optional(t.Boolean({ default: true })) });
register({ name: "scales_weigh", description: "Weighs.", parameters }, async (given) => JSON.stringify(given));
`,
    );
    try {
      await using opened = await ui().openPage("/admin/integrations/scales?tab=tools");
      const { page } = opened;
      await page.getByText("Try it").click();
      const grams = page.getByRole("textbox", { name: "grams" });
      await grams.pressSequentially("1.05");
      expect(await grams.inputValue()).toBe("1.05");
      expect(await page.getByRole("switch", { name: "rounded" }).isChecked()).toBe(true);
      // What is typed as JSON survives a look at the form.
      await page.getByText("JSON", { exact: true }).click();
      await page.getByRole("textbox", { name: "Arguments" }).fill('{"grams": 2.5, "exact": false}');
      await page.getByText("Form", { exact: true }).click();
      expect(await grams.inputValue()).toBe("2.5");
      await page.getByRole("button", { name: "Call scales_weigh" }).click();
      await page.getByText("It worked").waitFor();
      await page.getByLabel("result").getByText("2.5").waitFor();
      expect(opened.faults).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("first steps: from no model to a run that one watches, and back after leaving", async () => {
    await using opened = await ui().openPage("/welcome");
    const { page } = opened;
    await page.getByRole("button", { name: /Stay offline/ }).click();
    await page.getByRole("button", { name: /^GitHub/ }).click();
    await page.getByRole("button", { name: /Send a first event/ }).click();
    await page.getByRole("button", { name: "Send a signed test event" }).click();
    await page.getByText("It arrived").first().waitFor();
    await page.goto(`${ui().url}/welcome?step=run`);
    await page.getByText("See every step of it").waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("integrations: the diagnostics say how one is, and no secret", async () => {
    const secret = "canary-of-the-diagnostics-0123456789";
    await ui().api("PUT", "/api/v1/admin/integrations/loom/settings", { settings: { LOOM_SECRET: secret } });
    await fetch(`${ui().url}/integrations/loom/webhook`, {
      method: "POST",
      headers: { "x-loom-signature": secret },
      body: secret,
    });
    await using opened = await ui().openPage("/admin/integrations/loom");
    const [download] = await Promise.all([
      opened.page.waitForEvent("download"),
      opened.page.getByRole("button", { name: "Diagnostics" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^heddle-loom-.*\.json$/);
    const text = readFileSync(await download.path(), "utf8");
    const { integration, settings, process, webhooks } = JSON.parse(text);
    expect([integration.id, process.output.length > 0, webhooks[0].verdict]).toEqual([
      "loom",
      true,
      "rejected",
    ]);
    expect(settings).toContainEqual(expect.objectContaining({ key: "LOOM_SECRET", is_set: true }));
    expect(text).not.toContain(secret);
    expect(opened.faults).toEqual([]);
  });

  test("integrations: ninety days of a process are bars, and the last incident is told in words", async () => {
    await using opened = await ui().openPage("/admin/integrations/loom");
    const { page } = opened;
    // Those of the integration itself.
    await page.getByRole("img", { name: /^It was live 100 % of the time|^Nothing is known yet/ }).waitFor();
    // The home of the tests is younger than a day.
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const good = { up_seconds: 86_000, down_seconds: 0, crashes: 0, last_error: null };
    const bad = { up_seconds: 43_000, down_seconds: 43_000, crashes: 2, last_error: "It ended with code 3." };
    const days = [
      { day: day(0), ...good },
      { day: day(4), ...bad },
    ];
    await page.route("**/process/days", (route) => route.fulfill({ json: { days, next_cursor: null } }));
    await page.getByRole("tab", { name: "Process" }).click();
    const strip = page.getByRole("img", {
      name: /^It ran 75 % of the time that it should have, with 2 crashes/,
    });
    await strip.waitFor();
    expect(await strip.getAttribute("aria-label")).toContain("it crashed 2 times. It ended with code 3.");
    const tones = await strip
      .locator("span")
      .evaluateAll((bars) => bars.map((bar) => bar.dataset.tone ?? null));
    expect([tones.length, tones.at(-1), tones.at(-5), tones.at(-2)]).toEqual([90, "good", "warn", null]);
    expect(opened.faults).toEqual([]);
  });
}
