// `${NAME}` in a file of the operator is a variable of the server's environment.

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Fills in the variables of every text; adds those without a value to `missing`. */
export function filled(
  value: unknown,
  environment: (name: string) => string | undefined,
  missing: string[],
): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(one, environment, missing));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, filled(inner, environment, missing)]),
    );
  }
  if (typeof value !== "string") return value;
  return value.replace(VARIABLE, (_, name: string) => {
    const found = environment(name);
    if (found === undefined) missing.push(name);
    return found ?? "";
  });
}
