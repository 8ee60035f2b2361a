/**
 * Repairs what JSON forbids and servers send: control characters inside strings, and numbers that are none, which Python prints as NaN
 * and Infinity. JSON stays as it is. Each character is looked at once.
 */
export function repairedJson(json: string): string {
  let [isQuoted, isEscaped] = [false, false];
  return json.replace(/["\\\p{Cc}]|[^"\\\p{Cc}]+/gu, (part) => {
    if (isEscaped) {
      isEscaped = false;
      return part;
    }
    if (part === '"') isQuoted = !isQuoted;
    else if (part === "\\") isEscaped = true;
    else if (!isQuoted) return part.replace(NO_NUMBER, "null");
    else if (part < " ") return JSON.stringify(part).slice(1, -1);
    return part;
  });
}

const NO_NUMBER = /-?\b(?:NaN|Infinity)\b/g;
