import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FormFrame } from "../../parts/form.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Cost, countText, Duration } from "../../parts/units.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import classes from "./providers.module.css";
import { type Provider, untakenText } from "./queries.ts";

/** Two short requests, one with a tool, and what came of them. */
export function ProviderTest({ provider }: { provider: Provider }) {
  const { id } = provider;
  const [model, setModel] = useState(provider.default_model ?? "");
  const test = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/admin/providers/{id}/test", {
          params: { path: { id } },
          body: model === "" ? {} : { model },
        }),
      ),
  });
  return (
    <>
      <FormFrame className={classes.test} error={test.error} onSubmit={() => test.mutate()}>
        <TextInput
          size="xs"
          aria-label="Model to test"
          placeholder="Model to test"
          error={wrongIn(test.error)("model")}
          value={model}
          onChange={({ currentTarget }) => setModel(currentTarget.value.trim())}
          className={classes.model}
        />
        <Button type="submit" size="xs" variant="default" loading={test.isPending}>
          Test it
        </Button>
        <span className="faint">Two short requests, one of them with a tool.</span>
      </FormFrame>
      {test.error && <ApiError error={test.error} />}
      {test.data && !test.isPending && <Result result={test.data} />}
    </>
  );
}

function Result({ result }: { result: Schema<"ProviderTest"> }) {
  const { ok, usage, error, hint } = result;
  return (
    <div className={classes.result} role="status">
      <p className={classes.verdict} data-good={ok || undefined}>
        <Icon name={ok ? "CheckCircle2" : "AlertTriangle"} size={16} />
        <span>
          {ok ? (
            <>
              {result.model} answered in <Duration ms={result.duration_ms} />.
            </>
          ) : (
            `${result.model} did not answer.`
          )}
        </span>
      </p>
      <Facts
        facts={[
          error !== null && ["What it said", error],
          hint !== null && ["What to do", hint],
          ok && ["Text", yesNo(result.text)],
          ok && ["In pieces", result.streaming === null ? "It came in one" : yesNo(result.streaming)],
          ok && ["Calls tools", result.tools === null ? "Not tried" : yesNo(result.tools)],
          ok && [
            "Tokens",
            usage === null
              ? "It does not report them"
              : `${countText(usage.prompt_tokens)} read, ${countText(usage.completion_tokens)} written`,
          ],
          ok && ["Cost", <Cost key="cost" usd={result.cost_usd} />],
          result.unsupported.length > 0 && ["Does not take", untakenText(result.unsupported)],
        ]}
      />
    </div>
  );
}

const yesNo = (value: boolean): string => (value ? "Yes" : "No");
