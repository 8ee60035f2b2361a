/** A longer text is worked out each time: strangers name models, and models their calls, as long as they like. */
const LONGEST_KEY = 300;

/** Remembers what a function of a text has returned, of at most `most` texts. It must return the same for the same text. */
export function memo<Value>(most: number, make: (key: string) => Value): (key: string) => Value {
  const made = new Map<string, Value>();
  return (key) => {
    if (key.length > LONGEST_KEY) return make(key);
    if (!made.has(key)) {
      if (made.size >= most) made.clear();
      made.set(key, make(key));
    }
    return made.get(key) as Value;
  };
}
