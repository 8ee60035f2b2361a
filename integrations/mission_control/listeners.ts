import { poll } from "heddle/sdk";
import { lookAfter } from "./run-plan.ts";

poll({ name: "plans", everySeconds: 15, run: lookAfter });
