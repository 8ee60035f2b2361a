import { expect, test } from "bun:test";
import { guardedMcp, startAuthorizationServer } from "../../fakes/authorization-server.ts";
import { BOOK, modernServer } from "../../mcp/example-servers.ts";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

export function mcpServersTests(ui: () => Ui): void {
  test("MCP servers: one is added, shows its tools and state, is tested and deleted, and its header is never shown", async () => {
    await using example = await modernServer();
    await using opened = await ui().openPage("/admin/mcp-servers?add=1");
    const { page } = opened;
    await page.getByRole("textbox", { name: "Id" }).fill("loom");
    await page.getByRole("textbox", { name: "Name" }).fill("The loom");
    await page.getByRole("textbox", { name: "Address" }).fill(example.url);
    await page.getByRole("textbox", { name: "Headers" }).fill("X-Key: a-secret-of-the-loom");
    await page.getByRole("button", { name: "Add the server" }).click();
    await page.getByRole("heading", { name: "The loom" }).waitFor();
    await page.getByRole("status").getByText("private, loopback").waitFor();

    await page.getByRole("button", { name: "Change" }).click();
    await page.getByRole("switch", { name: "Allow a private address" }).check({ force: true });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("mcp:loom/add").waitFor();
    await page.getByText("2026-07-28").waitFor();
    expect(example.headers.at(-1)?.["x-key"]).toBe("a-secret-of-the-loom");
    await page.getByRole("button", { name: "Test it" }).click();
    await page.getByText("Answered in").waitFor();
    expect(await page.content()).not.toContain("a-secret-of");
    expect(await opened.accessibility()).toEqual([]);

    // What is stored and not shown can be removed, and a limit can be emptied to write another.
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByRole("checkbox", { name: "Remove what is stored: X-Key" }).check();
    const limit = page.getByRole("textbox", { name: "Longest call" });
    await limit.focus();
    await page.keyboard.press("End");
    for (const key of ["Backspace", "Backspace", "9", "5"]) await page.keyboard.press(key);
    expect(await limit.inputValue()).toBe("95");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Test it" }).waitFor();
    expect(await ui().api("GET", "/api/v1/admin/mcp-servers/loom")).toMatchObject({
      ...{ headers: {}, timeout_seconds: 95 },
    });

    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete the server" }).click();
    await page.getByText("No MCP server yet").waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("MCP servers: a person signs Heddle in at one, comes back to it, and signs out", async () => {
    await using auth = await startAuthorizationServer();
    await using server = await guardedMcp(auth);
    await using opened = await ui().openPage("/admin/mcp-servers?add=1");
    const { page } = opened;
    await page.getByRole("textbox", { name: "Id" }).fill("notes");
    await page.getByRole("textbox", { name: "Address" }).fill(server.url);
    await page.getByRole("switch", { name: "Allow a private address" }).check({ force: true });
    await page.getByRole("button", { name: "Add the server" }).click();
    await page.getByRole("status").getByText("requires a person to sign in").waitFor();
    expect(await opened.accessibility()).toEqual([]);
    // The authorization server says yes at once, and sends the browser back.
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("mcp:notes/add").waitFor();
    await page.getByText(auth.issuer).waitFor();
    expect(new URL(page.url()).search).toBe("");
    expect(await opened.accessibility()).toEqual([]);

    await page.goto(new URL("/admin/mcp-servers?state=guessed&code=stolen", page.url()).href);
    await page.getByText("begin it again").waitFor();
    expect(page.url()).not.toContain("stolen");
    await page.getByRole("button", { name: "Close details" }).click();
    await page.getByText("notes", { exact: true }).first().click();
    await page.getByRole("button", { name: "Sign out …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("status").getByText("requires a person to sign in").waitFor();
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete the server" }).click();
    await page.getByText("No MCP server yet").waitFor();
  });

  test("MCP servers: a client that was registered by hand is given, kept, and never shown", async () => {
    await using auth = await startAuthorizationServer();
    await using server = await guardedMcp(auth);
    const { api } = ui();
    await using opened = await ui().openPage("/admin/mcp-servers?add=1");
    const { page } = opened;
    await page.getByRole("textbox", { name: "Id" }).fill("ledger");
    await page.getByRole("textbox", { name: "Address" }).fill(server.url);
    await page.getByRole("switch", { name: /registered by hand/ }).check({ force: true });
    await page.getByText("By itself", { exact: true }).click();
    await page.getByRole("textbox", { name: "Authorization server" }).fill(auth.issuer);
    await page.getByRole("textbox", { name: "Client id" }).fill("heddle-by-hand");
    await page.getByLabel("Client secret").fill("a-secret-of-the-client");
    expect(await opened.accessibility()).toEqual([]);
    await page.getByRole("button", { name: "Add the server" }).click();
    await page.getByText(`heddle-by-hand of ${auth.issuer}`).waitFor();
    const client = async () => (await api("GET", "/api/v1/admin/mcp-servers/ledger")).oauth;
    const kept = await client();
    expect(kept).toMatchObject({ grant: "client_credentials", client_secret: "********", scope: null });

    await page.getByRole("button", { name: "Change" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("The ledger");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "The ledger", exact: true }).waitFor();
    expect(await client()).toEqual(kept);
    // With another client goes another secret.
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByRole("textbox", { name: "Scope" }).fill("read");
    await page.getByRole("button", { name: "Save" }).click();
    expect(await page.getByLabel("Client secret").evaluate((input) => input.matches(":invalid"))).toBe(true);
    await page.getByLabel("Client secret").fill("another-secret-of-the-client");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Change" }).waitFor();
    expect(await client()).toMatchObject({ scope: "read" });
    expect(await page.content()).not.toContain("secret-of-the-client");
    await api("DELETE", "/api/v1/admin/mcp-servers/ledger");
  });

  test("MCP servers: what one asks in the middle of a call is answered under Approvals", async () => {
    await using example = await modernServer([BOOK]);
    const { api } = ui();
    const server = { id: "seats", transport: "http", url: example.url, allow_private: true };
    await api("POST", "/api/v1/admin/mcp-servers", server);
    await api("POST", "/api/v1/admin/mcp-servers/seats/test");
    await api("POST", "/api/v1/bots", { id: "usher", name: "Usher", tools: ["mcp:seats"] });
    const { session_id } = await api("POST", "/api/v1/sessions", {
      client_id: "test:usher",
      bot_id: "usher",
    });
    const { task_id } = await api("POST", `/api/v1/sessions/${session_id}/messages`, {
      content: "/book {}",
      run_agent: true,
    });
    await using opened = await ui().openPage("/approvals");
    const { page } = opened;
    await page.getByText("How many seats?").waitFor();
    expect(await opened.accessibility()).toEqual([]);
    await page.getByRole("textbox", { name: "Seats" }).fill("4");
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("How many seats?").waitFor({ state: "detached" });
    const ended = await until(
      () => api("GET", `/api/v1/tasks/${task_id}`),
      ({ status }) => status === "complete",
    );
    expect(ended.result).toContain("Booked 4.");
    await api("DELETE", "/api/v1/admin/mcp-servers/seats");
    await api("DELETE", "/api/v1/bots/usher");
  });
}
