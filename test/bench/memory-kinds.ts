// How facts are told in the conversations of memory.ts, and how they are asked for later: in other words, as people do, and in a few
// words, as models do.

export interface Kind {
  tell: string;
  ask: string;
  /** The same for a search field. */
  words: string;
  values: string[];
}

export const PEOPLE =
  "Ada Bruno Clara Dmitri Elif Farid Greta Hiro Ines Jonas Katja Luis Mira Nils Olga Pavel Quinn Rosa Stefan Tariq".split(
    " ",
  );
export const PLACES = "Graz Linz Vienna Bergen Porto Ghent Turin Malmö Lyon Brno".split(" ");

/** The limits of search/fit.ts were chosen with these. */
export const TUNED: Kind[] = [
  {
    tell: "By the way, {who} painted the {thing} {value} last weekend.",
    ask: "What did {who} paint the {thing}?",
    words: "{who} {thing} colour",
    values: "red blue green black white orange violet".split(" "),
  },
  {
    tell: "{who} bought a new {thing} in {place} for {value} euros.",
    ask: "How much did {who} pay for the {thing}?",
    words: "{who} {thing} price",
    values: "120 340 560 780 990 1450 2300".split(" "),
  },
  {
    tell: "The {thing} of {who} broke down again; the mechanic says it is the {value}.",
    ask: "What is wrong with the {thing} that {who} has?",
    words: "{who} {thing} defect",
    values: "bearing fuse battery gasket hinge valve sensor".split(" "),
  },
  {
    tell: "{who} lent the {thing} to {value} until spring.",
    ask: "Who has {who}'s {thing}?",
    words: "{who} {thing} borrowed",
    values: PEOPLE,
  },
  {
    tell: "We agreed that {who} keeps the {thing} in {value} from now on.",
    ask: "Where does {who} keep the {thing}?",
    words: "{who} {thing} location",
    values: PLACES,
  },
  {
    tell: "{who}'s {thing} has the serial number {value}.",
    ask: "What is the serial number of the {thing} of {who}?",
    words: "{who} {thing} serial number",
    values: "KX-4711 ZB-220 QP-9931 RT-17 LM-5008 VC-64".split(" "),
  },
  {
    tell: "{who} has sold the {thing} to a neighbour for only {value} euros.",
    ask: "At what price did {who} sell the {thing}?",
    words: "{who} {thing} sale price",
    values: "15 40 75 110 260 300".split(" "),
  },
  {
    tell: "Every {value} {who} cleans the {thing} from top to bottom.",
    ask: "On which day of the week is {who}'s {thing} cleaned?",
    words: "{who} {thing} cleaning day",
    values: "Monday Tuesday Wednesday Friday Sunday".split(" "),
  },
  {
    tell: "The warranty of {who}'s {thing} expires in {value}.",
    ask: "How long is the {thing} of {who} still under warranty?",
    words: "{who} {thing} warranty end",
    values: "March April July October December".split(" "),
  },
  {
    tell: "{who} inherited the {thing} from {value}, who died last year.",
    ask: "From whom did {who} get the {thing}?",
    words: "{who} {thing} inheritance",
    values: "grandfather grandmother uncle aunt godmother".split(" "),
  },
  {
    tell: "{who} fell over the {thing} and hurt the {value} badly.",
    ask: "Which injury did {who} have from the accident with the {thing}?",
    words: "{who} {thing} accident injury",
    values: "knee shoulder ankle wrist elbow".split(" "),
  },
  {
    tell: "{who} took the {thing} back to the shop because it was too {value}.",
    ask: "Why did {who} return the {thing}?",
    words: "{who} {thing} reason for return",
    values: "loud heavy small slow fragile".split(" "),
  },
];

/** Written afterwards, and no limit was changed for these: what to expect of other conversations. */
export const HELD_OUT: Kind[] = [
  {
    tell: "{who} got the {thing} as a birthday present from {value}.",
    ask: "Who gave {who} the {thing}?",
    words: "{who} {thing} gift giver",
    values: PEOPLE,
  },
  {
    tell: "The {thing} that {who} rents costs {value} euros a month.",
    ask: "What is the monthly rent for {who}'s {thing}?",
    words: "{who} {thing} rent",
    values: "12 18 25 39 52".split(" "),
  },
  {
    tell: "{who} left the {thing} on the train to {value} and never got it back.",
    ask: "Where did {who} lose the {thing}?",
    words: "{who} {thing} lost",
    values: PLACES,
  },
  {
    tell: "{who}'s {thing} weighs {value} kilos.",
    ask: "How heavy is the {thing} of {who}?",
    words: "{who} {thing} weight",
    values: "2 3 7 11 14 23".split(" "),
  },
  {
    tell: "{who} made the {thing} out of {value} in the garage.",
    ask: "Which material is {who}'s {thing} made of?",
    words: "{who} {thing} material",
    values: "oak steel plastic bamboo copper".split(" "),
  },
  {
    tell: "The password for {who}'s {thing} is {value}.",
    ask: "How does {who} unlock the {thing}?",
    words: "{who} {thing} password",
    values: "sunrise blueberry marmot lighthouse".split(" "),
  },
];

/** Written without a look at the rules, and measured once: nothing was changed for these. */
export const FRESH: Kind[] = [
  {
    tell: "{who} insured the {thing} with {value} last spring.",
    ask: "Which insurer covers {who}'s {thing}?",
    words: "{who} {thing} insurance company",
    values: "Allianz Axa Generali Zurich Uniqa".split(" "),
  },
  {
    tell: "The doctor told {who} to stop using the {thing} because of {value}.",
    ask: "For what medical reason must {who} avoid the {thing}?",
    words: "{who} {thing} health reason",
    values: "asthma backache migraine vertigo eczema".split(" "),
  },
  {
    tell: "{who} learned to use the {thing} from {value}.",
    ask: "Who taught {who} how the {thing} works?",
    words: "{who} {thing} teacher",
    values: PEOPLE,
  },
  {
    tell: "A {value} lives inside {who}'s {thing} now.",
    ask: "What animal has settled in the {thing} of {who}?",
    words: "{who} {thing} animal",
    values: "hedgehog squirrel wasp mouse swallow".split(" "),
  },
  {
    tell: "{who} ordered a spare part for the {thing}; it arrives in {value} weeks.",
    ask: "When will the replacement part for {who}'s {thing} come?",
    words: "{who} {thing} spare part delivery",
    values: "two three four six eight".split(" "),
  },
  {
    tell: "{who} named the {thing} {value}.",
    ask: "What does {who} call the {thing}?",
    words: "{who} {thing} nickname",
    values: "Bertha Goliath Pixie Rocinante Sputnik".split(" "),
  },
  {
    tell: "{who} won the {thing} in a raffle at the {value}.",
    ask: "At which event did {who} win the {thing}?",
    words: "{who} {thing} raffle event",
    values: "fair church library market gala".split(" "),
  },
  {
    tell: "{who}'s {thing} is {value} years old.",
    ask: "How old is the {thing} that belongs to {who}?",
    words: "{who} {thing} age",
    values: "3 7 12 25 40".split(" "),
  },
];
