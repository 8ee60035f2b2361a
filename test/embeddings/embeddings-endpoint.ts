// An embeddings endpoint that refuses what real ones refuse: OpenAI (empty texts, too many of them, too many tokens), and
// servers for small models (fewer texts). Texts about the same thing have the same vector.

export interface EmbeddingsEndpoint {
  url: string;
  /** Each request's texts. */
  asked: string[][];
  /** What the next requests are answered with instead; undefined: as usual. */
  answers: ((texts: string[]) => Response | undefined | Promise<undefined>)[];
  headers: Headers[];
  stop(): Promise<void>;
}

const TOPICS = [
  ["car", "automobile", "vehicle"],
  ["dog", "hound", "puppy"],
  ["bread", "loaf", "bakery"],
];

interface Limits {
  texts?: number;
  characters?: number;
  dimensions?: number;
  /** Texts with this word are refused. */
  forbidden?: string;
}

export function startEmbeddingsEndpoint({
  texts: most = 2048,
  characters = 4000,
  dimensions = 16,
  forbidden = "\0",
}: Limits = {}): EmbeddingsEndpoint {
  const refuse = (status: number, message: string, headers = {}) =>
    Response.json({ error: { message, type: "invalid_request_error", code: null } }, { status, headers });
  const asked: string[][] = [];
  const headers: Headers[] = [];
  const answers: EmbeddingsEndpoint["answers"] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      if (new URL(request.url).pathname !== "/v1/embeddings") return refuse(404, "no such path");
      const {
        input,
        model,
        dimensions: wanted = dimensions,
      } = (await request.json()) as {
        input: string[];
        model: string;
        dimensions?: number;
      };
      asked.push(input);
      headers.push(request.headers);
      const other = await answers.shift()?.(input);
      if (other) return other;
      if (model !== "fake") return refuse(404, `The model ${model} does not exist`);
      if (input.length > most)
        return refuse(413, `batch size ${input.length} > maximum allowed batch size ${most}`);
      if (input.some((text) => text === "")) return refuse(400, "'input' cannot be an empty string");
      if (input.some((text) => text.length > characters)) {
        return refuse(400, "This model's maximum context length is 1000 tokens");
      }
      if (input.some((text) => text.includes(forbidden))) return refuse(400, "'$.input' is invalid");
      const data = input.map((text, index) => ({
        object: "embedding",
        index,
        embedding: vectorOf(text, wanted),
      }));
      // Nobody promises an order.
      return Response.json({
        object: "list",
        model,
        data: data.reverse(),
        usage: { prompt_tokens: 1, total_tokens: 1 },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    asked,
    headers,
    answers,
    stop: () => server.stop(true),
  };
}

function vectorOf(text: string, dimensions: number): number[] {
  const vector = Array.from({ length: dimensions }, (_, at) => 0.01 * Math.sin(text.length * (at + 1)));
  TOPICS.forEach((words, topic) => {
    if (words.some((word) => text.toLowerCase().includes(word))) vector[topic] = 1;
  });
  return vector;
}
