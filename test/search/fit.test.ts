// Whether a text answers a question: by the words that it lacks.

import { expect, test } from "bun:test";
import { fitOf } from "../../src/search/fit.ts";
import { wordSense } from "./fixture.ts";

const sense = await wordSense();
const fit = (question: string, text: string, { coverage = 0.7, common = [] as string[] } = {}) =>
  fitOf(question, text, { sense, common: new Set(common), coverage });

test.each([
  ["What did Ada paint the bicycle?", "By the way, Ada painted the bicycle red."],
  ["How much did Ada pay for the bicycle?", "Ada bought a bicycle in Graz for 340 euros."],
  ["Does Ada have an automobile?", "Ada's car is in the garage."],
  ["Is Ada married?", "Ada's husband is called Bruno."],
  ["Adas Fahrräder", "Ada hat ein Fahrrad."],
  ["serial number KX-4711", "Its serial number is KX-4711."],
  ["Please remember what was said earlier about the bicycle", "The bicycle is in Graz."],
  ["東京のホテル", "東京タワーの近くのホテルを予約しました。"],
  ["", "Anything."],
])("%s ← %s", (question, text) => {
  expect(fit(question, text)).toEqual({ weak: false, missing: [] });
});

test.each([
  ["What did Ada paint the bicycle?", "Ada bought a bicycle in Graz for 340 euros.", ["paint"]],
  ["Where was Ada born in 1984?", "Ada was born in 1985.", ["1984"]],
  ["What is the serial number of Ada's boat?", "Ada lent the boat to Bruno.", ["serial", "number"]],
])("%s is not answered by %s", (question, text, missing) => {
  expect(fit(question, text)).toEqual({ weak: true, missing });
});

test("a word that most texts have is not asked for, and words alone that are alike are no answer", () => {
  const [question, text] = ["Does the server of Ada have a battery?", "Ada's battery is flat."];
  expect(fit(question, text)).toEqual({ weak: true, missing: ["server"] });
  expect(fit(question, text, { common: ["server"] })).toEqual({ weak: false, missing: [] });
  const [price, told] = [
    "How much did Ada pay for the bicycle?",
    "Ada bought a bicycle in Graz for 340 euros.",
  ];
  expect(fit(price, told, { coverage: 0.2 })).toEqual({ weak: true, missing: [] });
});

test("a long question and a long text cost time that grows with their length", () => {
  const words = (count: number, name: string) =>
    Array.from({ length: count }, (_, at) => `${name}${at}`).join(" ");
  expect(fit(words(50_000, "wonder"), words(50_000, "answer")).missing.length).toBeLessThanOrEqual(48);
});
