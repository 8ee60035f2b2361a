import "./missed.ts";
