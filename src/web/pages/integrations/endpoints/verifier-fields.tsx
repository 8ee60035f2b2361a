import { Select, TextInput } from "@mantine/core";
import type { Wrong } from "../../../parts/wrong-field.ts";
import { SCHEMES } from "../schemes.ts";
import type { Verifier } from "./queries.ts";

/** Schemes that people choose from, each with what must be said about it. */
const FIELDS: Record<string, readonly (keyof Verifier)[]> = {
  hmac: ["header", "algorithm", "encoding", "prefix", "id"],
  token: ["header", "id"],
  bearer: ["id"],
  github: [],
  gitlab: [],
  slack: [],
  standard: [],
  stripe: [],
};

const TEXTS = {
  header: { label: "Header", description: "In which the sender puts the signature or the token" },
  prefix: { label: "Prefix", description: "What precedes the signature, such as sha256=" },
  id: {
    label: "Header with the event's id",
    description: "By which an event that is sent twice is recognised. Optional",
  },
};

interface Props {
  verifier: Verifier;
  onChange(verifier: Verifier): void;
  wrong: Wrong;
}

/** How the sender proves itself. */
export function VerifierFields({ verifier, onChange, wrong }: Props) {
  const shown = FIELDS[verifier.scheme] ?? [];
  const set = (field: keyof Verifier, value: string) => onChange({ ...verifier, [field]: value });
  const error = (field: keyof Verifier) => wrong(`verifier.${field}`);
  // What belongs to no field that is shown is said of the whole.
  const isOfAField = [...shown].some((field) => error(field) !== undefined);
  return (
    <>
      <Select
        label="How the sender proves itself"
        data={Object.keys(FIELDS).map((scheme) => ({ value: scheme, label: SCHEMES[scheme] ?? scheme }))}
        allowDeselect={false}
        value={verifier.scheme}
        error={isOfAField ? undefined : wrong("verifier")}
        onChange={(scheme) => scheme !== null && onChange({ scheme })}
      />
      {(["header", "prefix", "id"] as const)
        .filter((field) => shown.includes(field))
        .map((field) => (
          <TextInput
            key={field}
            {...TEXTS[field]}
            required={field === "header"}
            error={error(field)}
            value={verifier[field] ?? ""}
            onChange={({ currentTarget }) => set(field, currentTarget.value.trim())}
          />
        ))}
      {shown.includes("algorithm") && (
        <Select
          label="Hash"
          data={[
            { value: "sha256", label: "SHA-256" },
            { value: "sha512", label: "SHA-512" },
            { value: "sha1", label: "SHA-1" },
          ]}
          allowDeselect={false}
          error={error("algorithm")}
          value={verifier.algorithm ?? "sha256"}
          onChange={(value) => set("algorithm", value ?? "sha256")}
        />
      )}
      {shown.includes("encoding") && (
        <Select
          label="The signature is written as"
          data={[
            { value: "hex", label: "Hexadecimal digits" },
            { value: "base64", label: "Base64" },
          ]}
          allowDeselect={false}
          error={error("encoding")}
          value={verifier.encoding ?? "hex"}
          onChange={(value) => set("encoding", value ?? "hex")}
        />
      )}
    </>
  );
}
